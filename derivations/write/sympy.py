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
    Lambda,
    MatAdd,
    MatMul,
    MatrixSymbol,
    Mul,
    Sum,
    Transpose,
    exp,
    tanh,
)
from sympy import Symbol as Scalar
from sympy.core.symbol import Str
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.printing.repr import ReprPrinter

from derivations.language.expressions import Elementwise, TimeSum, is_negative

_z = Scalar("z")
FUNCTIONS = {"sigmoid": Lambda(_z, 1 / (1 + exp(-_z))), "tanh": Lambda(_z, tanh(_z))}
TIME, STEPS = Scalar("t", integer=True), Scalar("T", integer=True, positive=True)
ROW, COLUMN = Scalar("j", integer=True), Scalar("k", integer=True)


class _Printer(ReprPrinter):
    """``srepr`` in what ``from sympy import *`` brings: strings for ``Str``, a method for elementwise functions."""

    def _print_Str(self, name: Str) -> str:
        return repr(name.name)

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
        return Eq(left, plain(right), evaluate=False)
    return Eq(Scalar(left.name), right.doit(), evaluate=False)


def source(left: MatrixExpr | Expr, right: MatrixExpr | Expr) -> str:
    """The statement as text that ``from sympy import *`` reads back."""
    return str(_Printer({"order": "none"}).doprint(equation(left, right)))


def plain(node: MatrixExpr) -> MatrixExpr:
    """The same expression without this package's classes."""
    if isinstance(node, Elementwise):
        return ElementwiseApplyFunction(FUNCTIONS[node.function], plain(node.argument))
    if isinstance(node, MatrixSymbol) or not node.args:
        return node
    return node.func(*(plain(a) if isinstance(a, MatrixExpr) else a for a in node.args))


def _entry(node: MatrixExpr, place: tuple[Expr, ...]) -> Expr:
    """An entry of what is summed over time: vectors of the step, their products and outer products, sums of these."""
    match node:
        case MatAdd():
            return Add(*(_entry(a, place) for a in node.args))
        case MatMul() if is_negative(node):
            return -_entry(node.args[1], place)
        case MatrixSymbol():
            return IndexedBase(node.name)[(TIME, *place)]
        case HadamardProduct():
            return Mul(*(_entry(a, place) for a in node.args))
        case HadamardPower():
            return _entry(node.base, place) ** node.args[1]
        case MatMul() if isinstance(node.args[1], Transpose):
            return _entry(node.args[0], place[:1]) * _entry(node.args[1].arg, place[1:])
        case _:
            raise TypeError(f"no entry over time for {type(node).__name__}: {node}")
