"""Evaluates an expression entry by entry, over anything that adds and multiplies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import MatAdd, MatMul, MatrixSymbol, OneMatrix, Transpose
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.nodes import Elementwise

Entry = Any  # a SymPy expression, or a polynomial of python-flint, which has no type stubs
Matrix = list[list[Entry]]
Lookup = Callable[[MatrixSymbol], Matrix]
Activate = Callable[[Elementwise, Matrix], Matrix]


def evaluate(node: MatrixExpr, look: Lookup, activate: Activate) -> Matrix:
    """The rows of the expression, with ``look`` giving a symbol's and ``activate`` an activation's.

    Raises:
        TypeError: a kind of node that has no entries.
    """

    def of(part: MatrixExpr) -> Matrix:
        return evaluate(part, look, activate)

    match node:
        case MatrixSymbol():
            return look(node)
        case MatAdd():
            return _zip([of(a) for a in node.args if not isinstance(a, OneMatrix)], sum, _ones(node))
        case HadamardProduct():
            return _zip([of(a) for a in node.args], _product)
        case HadamardPower():
            power = int(node.args[1])
            return [[a**power for a in row] for row in of(node.base)]
        case Transpose():
            return [list(column) for column in zip(*of(node.arg), strict=True)]
        case MatMul() if not isinstance(node.args[0], MatrixExpr):
            factor = int(node.args[0])
            return [[factor * a for a in row] for row in of(node.args[1])]
        case MatMul():
            left, right = (of(a) for a in node.args)
            columns = list(zip(*right, strict=True))
            return [
                [sum(a * b for a, b in zip(row, column, strict=True)) for column in columns] for row in left
            ]
        case Elementwise():
            return activate(node, of(node.argument))
        case _:
            raise TypeError(f"no entries for {type(node).__name__}: {node}")


def _ones(node: MatAdd) -> int:
    return sum(isinstance(a, OneMatrix) for a in node.args)


def _zip(terms: list[Matrix], combine: Callable[[list[Entry]], Entry], start: int = 0) -> Matrix:
    entries = [[list(cell) for cell in zip(*rows, strict=True)] for rows in zip(*terms, strict=True)]
    return [[combine(cell) + start for cell in row] for row in entries]


def _product(factors: list[Entry]) -> Entry:
    first, *rest = factors
    for factor in rest:
        first = first * factor
    return first
