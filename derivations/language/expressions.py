"""The expressions that equations are made of: SymPy's matrix nodes, built in the author's order, shapes checked.

SymPy's constructors keep the order of their arguments (its operators do not) but check no shapes; the
builders here are the only place where nodes are made, and refuse shapes that do not fit.
Vectors are columns: shape ``(n, 1)``; a scalar is ``(1, 1)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from sympy import Expr, Integer, MatAdd, MatMul, MatrixSymbol, OneMatrix, Transpose, Tuple
from sympy.core.symbol import Str
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

Shape = tuple[Expr, ...]
# value: the quantity itself. cotangent: ∂L/∂v, all that reaches it. loss: what the loss puts on it directly.
# arriving: the part of the cotangent that the step after it sends back. contribution: of one step, to a parameter.
Part = Literal["value", "cotangent", "loss", "arriving", "contribution"]
Anchor = Literal["", "t", "1"]

ONE, MINUS_ONE = Integer(1), Integer(-1)


class ShapeError(ValueError):
    """Shapes that do not fit; the message names the operands and their shapes."""


@dataclass(frozen=True)
class Key:
    """What an atom is of: the declared quantity, which part of it, at which step. Nothing is read off a name.

    Attributes:
        base: the name under which the quantity, input, state or parameter is declared.
        part: the value, or a cotangent of one of several kinds.
        anchor: ``t`` for the running step, ``1`` for the first, empty for what does not change over time.
        offset: by how many steps it is off the anchor: −1 for the state of the step before.
    """

    base: str
    part: Part = "value"
    anchor: Anchor = ""
    offset: int = 0

    def at_first_step(self) -> Key:
        """The same in an expression that is taken at t = 1."""
        return replace(self, anchor="1") if self.anchor else self


class Atom(MatrixSymbol):
    """A named array in an expression; what it is of is its ``key``, part of its identity; its name is for reading."""

    def __new__(cls, name: str | Str, rows: Expr, columns: Expr, *key: object) -> Atom:
        base, part, anchor, offset = key if key else (name, "value", "", 0)
        fields = [f if isinstance(f, Str) else Str(str(f)) for f in (base, part, anchor)]
        made = MatrixSymbol.__new__(cls, name, rows, columns)
        made._args = (*made._args[:3], *fields, Integer(offset))
        return made  # type: ignore[no-any-return]

    @property
    def key(self) -> Key:
        base, part, anchor, offset = self.args[3:]
        return Key(base.name, part.name, anchor.name, int(offset))

    def with_key(self, name: str, key: Key) -> Atom:
        """Another atom of the same shape."""
        return atom(name, tuple(self.shape), key)


def atom(name: str, shape: Shape, key: Key | None = None) -> Atom:
    """An atom; one without a key stands for itself and does not change over time."""
    key = key or Key(name)
    return Atom(name, *shape, key.base, key.part, key.anchor, key.offset)


def key_of(node: MatrixSymbol) -> Key:
    """What a symbol is of; a plain one of SymPy's stands for itself."""
    return node.key if isinstance(node, Atom) else Key(str(node.name))


class Elementwise(MatrixExpr):
    """A function of one argument applied to each entry, e.g. ``Elementwise("tanh", c)``.

    SymPy's own ``applyfunc`` wraps the function in a lambda with a dummy, which prints badly and hashes differently
    from run to run; the name of the function is all that the derivation needs. ``tanh'`` is the derivative of ``tanh``.
    """

    def __new__(cls, function: str | Str, argument: MatrixExpr) -> Elementwise:
        name = function if isinstance(function, Str) else Str(function)
        return super().__new__(cls, name, argument)  # type: ignore[no-any-return]

    @property
    def function(self) -> str:
        return str(self.args[0].name)

    @property
    def argument(self) -> MatrixExpr:
        return self.args[1]

    @property
    def shape(self) -> Shape:
        return tuple(self.argument.shape)


class Apply(MatrixExpr):
    """Any other primitive by its name, its operands, and where the operands do not tell it, the shape of its value."""

    def __new__(cls, function: str | Str, shape: Iterable[Expr | int], *operands: MatrixExpr) -> Apply:
        name = function if isinstance(function, Str) else Str(function)
        return super().__new__(cls, name, Tuple(*shape), *operands)  # type: ignore[no-any-return]

    @property
    def function(self) -> str:
        return str(self.args[0].name)

    @property
    def operands(self) -> tuple[MatrixExpr, ...]:
        return tuple(self.args[2:])

    @property
    def shape(self) -> Shape:
        return tuple(self.args[1])


class TimeSum(MatrixExpr):
    """The sum of an expression over the time steps t = 1 … T."""

    def __new__(cls, body: MatrixExpr) -> TimeSum:
        return super().__new__(cls, body)  # type: ignore[no-any-return]

    @property
    def body(self) -> MatrixExpr:
        return self.args[0]

    @property
    def shape(self) -> Shape:
        return tuple(self.body.shape)


class AtStep(MatrixExpr):
    """An expression at the first or the last step alone, ``when`` being ``1`` or ``T``; only mutants have one."""

    def __new__(cls, body: MatrixExpr, when: str | Str) -> AtStep:
        return super().__new__(cls, body, when if isinstance(when, Str) else Str(when))  # type: ignore[no-any-return]

    @property
    def body(self) -> MatrixExpr:
        return self.args[0]

    @property
    def when(self) -> str:
        return str(self.args[1].name)

    @property
    def shape(self) -> Shape:
        return tuple(self.body.shape)


def parts(node: MatrixExpr) -> list[MatrixExpr]:
    """The expressions that a node is made of; a number that it is multiplied by is none."""
    if isinstance(node, MatrixSymbol):
        return []
    return [a for a in node.args if isinstance(a, MatrixExpr)]


def show_shape(node: MatrixExpr) -> str:
    """``H×1`` for a column of H entries."""
    return "×".join(str(n) for n in node.shape)


def show(node: MatrixExpr) -> str:
    """A short plain-text form for error messages."""
    match node:
        case MatrixSymbol():
            return str(node.name)
        case Elementwise():
            return f"{node.function}({show(node.argument)})"
        case Apply():
            return f"{node.function}({', '.join(map(show, node.operands))})"
        case MatAdd():
            return " + ".join(show(a) for a in node.args)
        case HadamardProduct():
            return " ⊙ ".join(_inner(a) for a in node.args)
        case MatMul():
            return " ".join(_inner(a) if isinstance(a, MatrixExpr) else str(a) for a in node.args)
        case OneMatrix():
            return "1"
        case Transpose():
            return f"{show(node.arg)}ᵀ"
        case _:
            return str(node)


def _inner(node: MatrixExpr) -> str:
    written = show(node)
    return f"({written})" if isinstance(node, MatAdd | HadamardProduct) else written


def same_shape(what: str, terms: tuple[MatrixExpr, ...]) -> Shape:
    """The one shape of all terms.

    Raises:
        ShapeError: two shapes differ.
    """
    first = terms[0]
    for term in terms[1:]:
        if tuple(term.shape) != tuple(first.shape):
            raise ShapeError(
                f"{what} {show(first)} ({show_shape(first)}) and {show(term)} ({show_shape(term)}): shapes differ"
            )
    return tuple(first.shape)


def add(*terms: MatrixExpr) -> MatrixExpr:
    """The sum in the given order; a sum among the terms is taken apart.

    Raises:
        ShapeError: the terms' shapes differ.
    """
    flat = tuple(t for term in terms for t in (term.args if isinstance(term, MatAdd) else (term,)))
    same_shape("sum of", flat)
    return flat[0] if len(flat) == 1 else MatAdd(*flat)


def hadamard(*factors: MatrixExpr) -> MatrixExpr:
    """The elementwise product in the given order; nested products stay nested until a rewrite opens them.

    Raises:
        ShapeError: the factors' shapes differ.
    """
    same_shape("elementwise product of", factors)
    return factors[0] if len(factors) == 1 else HadamardProduct(*factors)


def matmul(left: MatrixExpr, right: MatrixExpr) -> MatrixExpr:
    """The matrix product of two factors.

    Raises:
        ShapeError: the columns of ``left`` are not the rows of ``right``.
    """
    if left.shape[1] != right.shape[0]:
        raise ShapeError(
            f"product {show(left)} {show(right)}: {show_shape(left)} times {show_shape(right)}, "
            f"expected {left.shape[1]} rows on the right, got {right.shape[0]}"
        )
    return MatMul(left, right)


def times(number: Expr | int, node: MatrixExpr) -> MatrixExpr:
    """A number, a fraction or a size times an expression; −1 is the negative, 1 the expression itself."""
    coefficient = number if isinstance(number, Expr) else Integer(number)
    if coefficient == MINUS_ONE:
        return negate(node)
    return node if coefficient == ONE else MatMul(coefficient, node)


def negate(node: MatrixExpr) -> MatrixExpr:
    """The negative; that of a negative is what was negated."""
    return node.args[1] if is_negative(node) else MatMul(MINUS_ONE, node)


def is_negative(node: MatrixExpr) -> bool:
    return isinstance(node, MatMul) and node.args[0] == MINUS_ONE


def is_numbered(node: MatrixExpr) -> bool:
    """Whether the node is a number times an expression, the negative among them."""
    return isinstance(node, MatMul) and not isinstance(node.args[0], MatrixExpr)


def is_product(node: MatrixExpr) -> bool:
    """Whether the node is the product of two matrices, not of a number and a matrix."""
    return isinstance(node, MatMul) and not is_numbered(node)


def ones_like(node: MatrixExpr) -> MatrixExpr:
    return OneMatrix(*node.shape)


def square(node: MatrixExpr) -> MatrixExpr:
    return HadamardPower(node, Integer(2))


def transpose(node: MatrixExpr) -> MatrixExpr:
    """The transpose; that of a transpose is what was transposed."""
    return node.arg if isinstance(node, Transpose) else Transpose(node)


def outer(column: MatrixExpr, other: MatrixExpr) -> MatrixExpr:
    """The outer product: a column times the transpose of another."""
    return matmul(column, transpose(other))


def symbols_in(node: MatrixExpr) -> Iterator[MatrixSymbol]:
    """Every occurrence of a symbol, left to right, repeated where it repeats."""
    if isinstance(node, MatrixSymbol):
        yield node
        return
    for arg in parts(node):
        yield from symbols_in(arg)
