"""Evaluates an expression entry by entry, over anything that adds and multiplies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, reduce
from operator import mul
from typing import Any

from sympy import Expr, MatAdd, MatMul, MatrixSymbol, OneMatrix, Transpose
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language.expressions import Apply, Elementwise, is_numbered
from derivations.prove.primitives import PARTIALS, RECIPROCAL

Entry = Any  # a SymPy expression, or a polynomial of python-flint, which has no type stubs
Matrix = list[list[Entry]]


@dataclass(frozen=True)
class Arithmetic:
    """What an evaluation is over.

    Attributes:
        look: the entries of a symbol.
        call: the value of a function by its name, of entries.
        size: the whole number that a dimension is.
        number: a number before an expression, its sizes put in.
        close: gives a factor that multiplies entry by entry a name of its own, or leaves it.
        multiply: how two entries are multiplied.
    """

    look: Callable[[MatrixSymbol], Matrix]
    call: Callable[..., Entry]
    size: Callable[[Expr], int]
    number: Callable[[Expr], Entry] = int
    close: Callable[[MatrixExpr, Matrix], Matrix] = lambda node, entries: entries
    multiply: Callable[[Entry, Entry], Entry] = mul


def evaluate(node: MatrixExpr, by: Arithmetic) -> Matrix:
    """The rows of the expression.

    Raises:
        TypeError: a kind of node that has no entries.
    """

    def of(part: MatrixExpr) -> Matrix:
        return evaluate(part, by)

    match node:
        case MatrixSymbol():
            return by.look(node)
        case OneMatrix():
            return [[1] * by.size(node.shape[1]) for _ in range(by.size(node.shape[0]))]
        case MatAdd():
            return _zip([of(a) for a in node.args], sum)
        case HadamardProduct():
            return _zip([by.close(a, of(a)) for a in node.args], partial(reduce, by.multiply))
        case HadamardPower():
            return _each(of(node.base), lambda a: a ** int(node.args[1]))
        case Transpose():
            return [list(column) for column in zip(*of(node.arg), strict=True)]
        case MatMul() if is_numbered(node):
            factor = by.number(node.args[0])
            return _each(of(node.args[1]), lambda a: factor * a)
        case MatMul():
            left, right = (of(a) for a in node.args)
            columns = list(zip(*right, strict=True))
            return [[sum(map(by.multiply, row, column)) for column in columns] for row in left]
        case Elementwise():
            return _function(node, of(node.argument), by)
        case Apply():
            return _applied(node, [of(a) for a in node.operands], by)
        case _:
            raise TypeError(f"no entries for {type(node).__name__}: {node}")


def _function(node: Elementwise, argument: Matrix, by: Arithmetic) -> Matrix:
    """A function of each entry; a derivative by its own table."""
    name = node.function
    if name.endswith("'"):
        function = name.removesuffix("'")
        return _each(argument, lambda a: PARTIALS[function](by.call, by.call(function, a), a)[0])
    return _each(argument, lambda a: by.call(name, a))


def _applied(node: Apply, operands: list[Matrix], by: Arithmetic) -> Matrix:
    first, *rest = operands
    match node.function:
        case "quotient":
            return _zip(
                [first, _each(rest[0], lambda b: by.call(RECIPROCAL, b))], partial(reduce, by.multiply)
            )
        case "scale":
            return _each(rest[0], lambda a: by.multiply(first[0][0], a))
        case "rows":
            return [[by.multiply(v, a) for a in row] for (v,), row in zip(first, rest[0], strict=True)]
        case "total":
            return [[sum(a for row in first for a in row)]]
        case "spread":
            return [[first[0][0]] * by.size(node.shape[1]) for _ in range(by.size(node.shape[0]))]
        case "softmax":
            powers = _each(first, lambda a: by.call("exp", a))
            one_over = by.call(RECIPROCAL, sum(a for row in powers for a in row))
            return _each(powers, lambda a: by.multiply(a, one_over))
        case function if function in PARTIALS:
            return _zip(operands, lambda entries: by.call(function, *entries))
        case _:
            raise TypeError(f"no entries for {node.function}: {node}")


def _each(matrix: Matrix, change: Callable[[Entry], Entry]) -> Matrix:
    return [[change(a) for a in row] for row in matrix]


def _zip(terms: list[Matrix], combine: Callable[[list[Entry]], Entry]) -> Matrix:
    entries = [zip(*cells, strict=True) for cells in zip(*terms, strict=True)]
    return [[combine(list(cell)) for cell in row] for row in entries]
