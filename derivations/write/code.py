"""Source code of an expression in NumPy, PyTorch or JAX, over arrays that are named as their symbols.

A formula of one step takes vectors of shape ``(n,)``, numbers of shape ``()`` and matrices; it is for one sample. A sum
over time takes what changes over time stacked, ``(T, n)``. The library, ``sigmoid`` and ``softmax`` are the only other
names.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Add, Expr, Integer, MatAdd, MatMul, MatrixSymbol, Mul, OneMatrix, Pow, Transpose, fraction
from sympy import Symbol as Scalar
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language.expressions import (
    ONE,
    Apply,
    Elementwise,
    TimeSum,
    is_negative,
    is_numbered,
    is_product,
    key_of,
    symbols_in,
)
from derivations.language.primitives import row
from derivations.language.row import MATRIX, PRODUCT, SUM, TIGHT
from derivations.write.layout import level

# A sum over time of what is made of these is written over the stacked arrays at once.
STACKED = (MatrixSymbol, OneMatrix, MatAdd, HadamardProduct, HadamardPower, Elementwise)


@dataclass(frozen=True)
class Library:
    """How a library spells what is no primitive.

    Attributes:
        column: which of a primitive's columns it reads.
        outer, einsum, total: its functions of these names.
        axis: what it calls the axis of a sum.
    """

    column: str
    outer: str
    einsum: str
    axis: str


NUMPY = Library("numpy", "np.outer", "np.einsum", "axis")
TORCH = Library("torch", "torch.outer", "torch.einsum", "dim")
JAX = Library("jax", "jnp.outer", "jnp.einsum", "axis")


def numpy(node: MatrixExpr | Expr) -> str:
    """The NumPy source of an expression.

    Raises:
        TypeError: a kind of node that has no source here.
    """
    return Code(NUMPY).of(node)


def torch(node: MatrixExpr | Expr) -> str:
    """The PyTorch source of an expression; errors as for ``numpy``."""
    return Code(TORCH).of(node)


def jax(node: MatrixExpr | Expr) -> str:
    """The JAX source of an expression; errors as for ``numpy``."""
    return Code(JAX).of(node)


class Code:
    """Writes expressions for one library."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def of(self, node: MatrixExpr | Expr) -> str:
        """The source of an expression."""
        if isinstance(node, TimeSum):
            return self._over_time(node.body)
        return _Writer(self._library).source(node)

    def _over_time(self, body: MatrixExpr) -> str:
        stacked = _Writer(self._library, stacked=True)
        if isinstance(body, MatAdd):
            return " + ".join(self._over_time(term) for term in body.args)
        if is_negative(body):
            return f"-({self._over_time(body.args[1])})"
        if (
            is_product(body)
            and isinstance(body.args[1], Transpose)
            and _stacks(body.args[0])
            and _stacks(body.args[1].arg)
        ):
            left, right = body.args
            pair = f"{stacked.source(left)}, {stacked.source(right.arg)}"
            return f'{self._library.einsum}("ti,tj->ij", {pair})'
        if _stacks(body):
            inner = stacked.source(body)
            fenced = inner if isinstance(body, MatrixSymbol) else f"({inner})"
            return f"{fenced}.sum({self._library.axis}=0)"
        moving = next(str(n.name) for n in symbols_in(body) if key_of(n).anchor)
        return f"sum({_Writer(self._library, indexed=True).source(body)} for t in range(len({moving})))"


def _stacks(node: MatrixExpr) -> bool:
    """Whether the vectors of all steps, stacked, may stand in place of those of one."""
    if isinstance(node, MatrixSymbol):
        return node.shape[1] == ONE and node.shape[0] != ONE and bool(key_of(node).anchor)
    if is_product(node):
        return (
            isinstance(node.args[0], MatrixSymbol | Transpose)
            and _constant(node.args[0])
            and _stacks(node.args[1])
        )
    if is_numbered(node):
        return _stacks(node.args[1])
    if isinstance(node, Apply):
        return node.function == "quotient" and all(map(_stacks, node.operands))
    parts = [a for a in node.args if isinstance(a, MatrixExpr) and not isinstance(a, OneMatrix)]
    return isinstance(node, STACKED) and all(map(_stacks, parts))


def _constant(node: MatrixExpr) -> bool:
    return all(not key_of(n).anchor for n in symbols_in(node))


def _level(part: MatrixExpr | Expr) -> int:
    """How loosely the code of an expression binds; a call binds tightly, whatever it computes."""
    if is_product(part) and (
        part.args[0].shape[1] == ONE or any(isinstance(a, OneMatrix) for a in part.args)
    ):
        return TIGHT
    return level(part)


class _Writer:
    """One expression: of one step; over arrays stacked in time; or of step ``t`` of such arrays."""

    def __init__(self, library: Library, stacked: bool = False, indexed: bool = False) -> None:
        self._library, self._stacked, self._indexed = library, stacked, indexed

    def source(self, node: MatrixExpr | Expr) -> str:
        """The source of an expression."""
        match node:
            case MatrixSymbol():
                return f"{node.name}[t]" if self._indexed and key_of(node).anchor else str(node.name)
            case OneMatrix():
                return "1"
            case MatrixExpr() if is_numbered(node):
                return self._number(node)
            case HadamardPower():
                return f"{self._inner(node.base, SUM, PRODUCT, MATRIX)}**{int(node.args[1])}"
            case MatAdd():
                first, *rest = node.args
                return self._inner(first) + "".join(
                    f" - {self._inner(a.args[1], SUM)}" if is_negative(a) else f" + {self._inner(a)}"
                    for a in rest
                )
            case MatMul():
                return self._product(node)
            case Transpose():
                return (
                    self.source(node.arg)
                    if ONE in node.shape
                    else f"{self._inner(node.arg, SUM, PRODUCT, MATRIX)}.T"
                )
            case HadamardProduct():
                return " * ".join(self._inner(a, SUM, MATRIX) for a in node.args)
            case Elementwise() | Apply():
                return self._primitive(node)
            case Add():
                return " + ".join(self.source(a) for a in node.args)
            case Mul():
                return " * ".join(
                    f"({self.source(a)})" if isinstance(a, Add) else self.source(a) for a in node.args
                )
            case Pow():
                base = self.source(node.base)
                return (
                    f"({base})**{int(node.exp)}"
                    if isinstance(node.base, Add | Mul)
                    else f"{base}**{int(node.exp)}"
                )
            case Integer() | Scalar():
                return str(node)
            case _:
                raise TypeError(f"no source for {type(node).__name__}: {node}")

    def _inner(self, part: MatrixExpr | Expr, *fenced: int) -> str:
        if isinstance(part, Apply) and part.function == "spread":  # broadcast by the library, and not seen
            return self._inner(part.operands[0], *fenced)
        written = self.source(part)
        return f"({written})" if _level(part) in fenced else written

    def _number(self, node: MatrixExpr) -> str:
        factor, body = node.args
        if factor == -1:
            return f"-{self._inner(body, SUM)}"
        above, below = fraction(factor)
        over = "" if below == 1 else f" / {below}"
        return f"{above}{over} * {self._inner(body, SUM)}"

    def _primitive(self, node: MatrixExpr) -> str:
        written = getattr(row(node), self._library.column)
        if not written:
            raise TypeError(f"no {self._library.column} source for {row(node).name}: {node}")
        operands = node.operands if isinstance(node, Apply) else (node.argument,)
        if written.endswith(")"):  # a call: its own parentheses are enough
            return str(written.format(*(self.source(a) for a in operands)))
        return str(written.format(*(self._inner(a, SUM, PRODUCT, MATRIX) for a in operands)))

    def _product(self, node: MatMul) -> str:
        """An outer product, an inner one, or a matrix times something; vectors have one axis, stacked ones two."""
        left, right = node.args
        if isinstance(left, OneMatrix) or isinstance(right, OneMatrix):
            return self._sum_along(left, right)
        if left.shape[1] == ONE:
            row_vector = right.arg if isinstance(right, Transpose) else right
            return f"{self._library.outer}({self.source(left)}, {self.source(row_vector)})"
        if not self._stacked:
            return f"{self._inner(left, SUM, PRODUCT)} @ {self._inner(right, SUM, PRODUCT)}"
        written = self._inner(right, SUM, PRODUCT)
        transposed = isinstance(left, Transpose)
        name = self.source(left.arg if transposed else left)
        return f"{written} @ {name}" if transposed else f"{written} @ {name}.T"

    def _sum_along(self, left: MatrixExpr, right: MatrixExpr) -> str:
        """A matrix times a column of ones adds its columns up; a row of ones adds its rows."""
        summed, axis = (left, 1) if isinstance(right, OneMatrix) else (right, 0)
        return f"{self._inner(summed, SUM, PRODUCT, MATRIX)}.sum({self._library.axis}={axis})"
