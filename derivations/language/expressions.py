"""The expressions that equations are made of: SymPy's matrix nodes, built in the author's order, shapes checked.

SymPy's constructors keep the order of their arguments (its operators do not) but check no shapes; the
builders here are the only place where nodes are made, and refuse shapes that do not fit.
Vectors are columns: shape ``(n, 1)``.
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, Integer, MatAdd, MatMul, MatrixSymbol, OneMatrix, Transpose
from sympy.core.symbol import Str
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

Shape = tuple[Expr, ...]

MINUS_ONE = Integer(-1)
BEFORE, AFTER = (
    "_before",
    "_after",
)  # ends the name of a symbol taken one step too early or too late: in mutants only


def step_of(name: str) -> tuple[str, int]:
    """A symbol's name without such an end, and by how many steps it is off."""
    for end, off in ((BEFORE, -1), (AFTER, 1)):
        if name.endswith(end):
            return name.removesuffix(end), off
    return name, 0


class ShapeError(ValueError):
    """Shapes that do not fit; the message names the operands and their shapes."""


class Elementwise(MatrixExpr):
    """An activation function applied to each entry, e.g. ``Elementwise("tanh", c)``.

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
    return f"({show(node)})" if isinstance(node, MatAdd | HadamardProduct) else show(node)


def _same_shape(what: str, terms: tuple[MatrixExpr, ...]) -> None:
    first = terms[0]
    for term in terms[1:]:
        if tuple(term.shape) != tuple(first.shape):
            raise ShapeError(
                f"{what} {show(first)} ({show_shape(first)}) and {show(term)} ({show_shape(term)}): shapes differ"
            )


def add(*terms: MatrixExpr) -> MatrixExpr:
    """The sum in the given order, nested sums opened.

    Raises:
        ShapeError: the terms' shapes differ.
    """
    flat = tuple(part for term in terms for part in (term.args if isinstance(term, MatAdd) else (term,)))
    _same_shape("sum of", flat)
    return flat[0] if len(flat) == 1 else MatAdd(*flat)


def hadamard(*factors: MatrixExpr) -> MatrixExpr:
    """The elementwise product in the given order; nested products stay nested until a rewrite opens them.

    Raises:
        ShapeError: the factors' shapes differ.
    """
    _same_shape("elementwise product of", factors)
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


def negate(node: MatrixExpr) -> MatrixExpr:
    """The negative; that of a negative is what was negated."""
    return node.args[1] if is_negative(node) else MatMul(MINUS_ONE, node)


def is_negative(node: MatrixExpr) -> bool:
    return isinstance(node, MatMul) and node.args[0] == MINUS_ONE


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
    for arg in node.args:
        if isinstance(arg, MatrixExpr):
            yield from symbols_in(arg)
