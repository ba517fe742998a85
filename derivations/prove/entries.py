"""Evaluates an expression entry by entry, over anything that adds and multiplies."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from operator import mul
from typing import Any

from sympy import MatAdd, MatMul, MatrixSymbol, OneMatrix, Transpose
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language.expressions import Elementwise

Entry = Any  # a SymPy expression, or a polynomial of python-flint, which has no type stubs
Matrix = list[list[Entry]]
Lookup = Callable[[MatrixSymbol], Matrix]


class Everywhere(list[list[Entry]]):
    """A matrix with one and the same entry everywhere, of whatever size it meets."""


Activate = Callable[[Elementwise, Matrix], Matrix]


def evaluate(
    node: MatrixExpr, look: Lookup, activate: Activate, multiply: Callable[[Entry, Entry], Entry] = mul
) -> Matrix:
    """The rows of the expression, with ``look`` giving a symbol's and ``activate`` an activation's.

    Raises:
        TypeError: a kind of node that has no entries.
    """

    def of(part: MatrixExpr) -> Matrix:
        return evaluate(part, look, activate, multiply)

    match node:
        case MatrixSymbol():
            return look(node)
        case OneMatrix():
            return Everywhere([[1]])
        case MatAdd():
            return _zip([of(a) for a in node.args], sum)
        case HadamardProduct():
            return _zip([of(a) for a in node.args], partial(reduce, multiply))
        case HadamardPower():
            power = int(node.args[1])
            return [[a**power for a in row] for row in of(node.base)]
        case Transpose():
            return [list(column) for column in zip(*of(node.arg), strict=True)]
        case MatMul() if not isinstance(node.args[0], MatrixExpr):
            factor, matrix = int(node.args[0]), of(node.args[1])
            return type(matrix)([[factor * a for a in row] for row in matrix])
        case MatMul():
            left, right = (of(a) for a in node.args)
            columns = list(zip(*right, strict=True))
            return [[sum(map(multiply, row, column)) for column in columns] for row in left]
        case Elementwise():
            return activate(node, of(node.argument))
        case _:
            raise TypeError(f"no entries for {type(node).__name__}: {node}")


def _zip(terms: list[Matrix], combine: Callable[[list[Entry]], Entry]) -> Matrix:
    sized = [m for m in terms if not isinstance(m, Everywhere)] or terms
    rows, columns = len(sized[0]), len(sized[0][0])
    filled = [[[m[0][0]] * columns] * rows if isinstance(m, Everywhere) else m for m in terms]
    entries = [zip(*cells, strict=True) for cells in zip(*filled, strict=True)]
    return [[combine(list(cell)) for cell in row] for row in entries]
