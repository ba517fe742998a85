"""SymPy source (``srepr``) in SymPy's own classes, so that it can be read back without this package.

Matrix equations keep the author's order. A sum over time, for which matrix symbols have no index, is written entry by
entry with indexed symbols.
"""

from __future__ import annotations

from sympy import (
    Add,
    Eq,
    Expr,
    IndexedBase,
    Integer,
    MatAdd,
    MatMul,
    MatrixSymbol,
    Mul,
    OneMatrix,
    Sum,
    Transpose,
)
from sympy import Symbol as Scalar
from sympy.core.symbol import Str
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr
from sympy.printing.repr import ReprPrinter

from derivations.language.expressions import Apply, Elementwise, TimeSum, is_numbered, key_of
from derivations.language.primitives import row
from derivations.language.structure import plain_spread

TIME, STEPS = Scalar("t", integer=True), Scalar("T", integer=True, positive=True)
ROW, COLUMN = Scalar("j", integer=True), Scalar("k", integer=True)


class _Printer(ReprPrinter):
    """``srepr`` in what ``from sympy import *`` brings: strings for ``Str``, a method for elementwise functions."""

    def _print_Str(self, name: Str) -> str:
        return repr(name.name)

    def _print_MatrixElement(self, node: MatrixElement) -> str:
        return f"{self.doprint(node.parent)}[{self.doprint(node.i)}, {self.doprint(node.j)}]"

    def _print_ElementwiseApplyFunction(self, node: ElementwiseApplyFunction) -> str:
        return f"{self.doprint(node.expr)}.applyfunc({self.doprint(node.function)})"


def equation(left: MatrixExpr | Expr, right: MatrixExpr | Expr) -> Expr:
    """The statement as SymPy's ``Eq``.

    Raises:
        TypeError: a sum over time of something that is neither a vector nor a product of two.
    """
    if isinstance(right, TimeSum):
        place = (ROW,) if right.shape[1] == 1 else (ROW, COLUMN)
        body = Sum(_entry(right.body, place), (TIME, Integer(1), STEPS))
        return Eq(IndexedBase(left.name)[place], body, evaluate=False)
    if isinstance(right, MatrixExpr):
        return Eq(plain(left), plain(right), evaluate=False)
    return Eq(Scalar(left.name), right.doit(), evaluate=False)


def source(left: MatrixExpr | Expr, right: MatrixExpr | Expr) -> str:
    """The statement as text that ``from sympy import *`` reads back."""
    return str(_Printer({"order": "none"}).doprint(equation(left, right)))


def plain(node: MatrixExpr) -> MatrixExpr:
    """The same expression without this package's classes."""
    if isinstance(node, MatrixSymbol):
        return MatrixSymbol(node.name, *node.shape)
    if isinstance(node, Apply) and node.function == "spread":
        return plain_spread(plain(node.operands[0]), tuple(node.shape))
    if isinstance(node, Elementwise | Apply):
        operands = node.operands if isinstance(node, Apply) else (node.argument,)
        written = row(node).sympy
        if written is None:
            raise TypeError(f"nothing in SymPy for {row(node).name}: {node}")
        return written(*map(plain, operands))
    if not node.args:
        return node
    return node.func(*(plain(a) if isinstance(a, MatrixExpr) else a for a in node.args))


def _entry(node: MatrixExpr, place: tuple[Expr, ...]) -> Expr:
    """An entry of what is summed over time: vectors of the step, their products and outer products, sums of these."""
    match node:
        case MatAdd():
            return Add(*(_entry(a, place) for a in node.args))
        case MatrixExpr() if is_numbered(node):
            return node.args[0] * _entry(node.args[1], place)
        case MatrixSymbol():
            moving = (TIME,) if key_of(node).anchor else ()
            return IndexedBase(node.name)[(*moving, *place[: sum(n != 1 for n in node.shape)])]
        case OneMatrix():
            return Integer(1)
        case HadamardProduct():
            return Mul(*(_entry(a, place) for a in node.args))
        case HadamardPower():
            return _entry(node.base, place) ** node.args[1]
        case Elementwise():
            z = Scalar("z")
            function = row(node).sympy
            applied = function(MatrixSymbol("z", 1, 1)) if function else None
            if not isinstance(applied, ElementwiseApplyFunction):
                raise TypeError(f"no entry over time for {row(node).name}: {node}")
            return applied.function(z).subs(z, _entry(node.argument, place))
        case MatMul() if isinstance(node.args[1], Transpose) and node.args[0].shape[1] == 1:
            return _entry(node.args[0], place[:1]) * _entry(node.args[1].arg, place[1:])
        case MatMul() if node.args[0].shape[1] != 1:
            left, right = node.args
            k = Scalar(f"m{len(place)}", integer=True)
            inner = _entry(left, (*place[:1], k)) * _entry(right, (k, *place[1:]))
            return Sum(inner, (k, Integer(1), left.shape[1]))
        case Transpose():
            return _entry(node.arg, tuple(reversed(place)))
        case Apply() if node.function in ("scale", "rows"):
            first, second = node.operands
            return _entry(first, place[:1] if node.function == "rows" else ()) * _entry(second, place)
        case Apply() if node.function == "quotient":
            above, below = node.operands
            return _entry(above, place) / _entry(below, place)
        case Apply() if node.function == "spread":
            return _entry(node.operands[0], ())
        case _:
            raise TypeError(f"no entry over time for {type(node).__name__}: {node}")
