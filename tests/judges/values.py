"""Expressions as functions of arrays with any leading axes: one step (B, m, n) or a whole run (T, B, m, n) at once.

The writer in `derivations.write` gives source for one sample, and knows no mutant's symbols a step off. Here an
expression becomes nested functions, without text; a symbol is looked up by its name and by how many steps it is off.

Every value has two axes at its end, as its symbol has two sizes: a column is (n, 1), a number (1, 1). So a product is a
product whatever its factors are, and what has no samples, a parameter, meets what has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

import numpy as np
from sympy import Integer, MatAdd, MatMul, MatrixSymbol, OneMatrix, Symbol, Transpose
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language.expressions import (
    Apply,
    AtStep,
    Elementwise,
    Key,
    TimeSum,
    key_of,
    parts,
    symbols_in,
)
from tests.judges.functions import BORDERS, ENTRYWISE, OF_ARRAYS, Function

Read = Callable[[str, int], Any]
Value = Callable[[Read], Any]
Letters = Mapping[str, int]  # what the letters of sizes stand for


@dataclass(frozen=True)
class Statement:
    """``left = value(read)``, and the names that it reads (without their steps)."""

    left: str
    value: Value
    reads: frozenset[str]


@dataclass(frozen=True)
class Context:
    """What an expression is read in.

    Attributes:
        sizes: what the letters of sizes stand for.
        names: what is called how, by what it is of; what is not among them is one of these a step off.
    """

    sizes: Letters
    names: Mapping[Key, str] = field(default_factory=dict)

    def place(self, node: MatrixSymbol) -> tuple[str, int]:
        """The name under which the value of a symbol is looked up, and by how many steps it is off."""
        key = key_of(node)
        for off in (0, 1, -1):
            near = replace(key, offset=key.offset - off)
            if near in self.names:
                return self.names[near], off
        return str(node.name), 0


def statement(left: str, right: MatrixExpr, context: Context) -> Statement:
    """The statement of a formula, compiled.

    Raises:
        TypeError: a kind of node that has no value here.
    """
    reads = frozenset(context.place(s)[0] for s in symbols_in(right))
    return Statement(left, compiled(right, context), reads)


def lifted(values: Any, shape: tuple[Any, ...], sizes: Letters) -> Any:
    """An array as the programs have it, with the two axes of its symbol at its end: (…, n) to (…, n, 1)."""
    rows, columns = (number(n, sizes) for n in shape)
    values = np.asarray(values)
    front = values.shape[: values.ndim - sum(n != 1 for n in shape)]
    return values.reshape(*front, rows, columns)


def number(expression: Any, sizes: Letters) -> int:
    """What a size comes to."""
    return int(Integer(_scalar(expression, sizes)))


def _scalar(expression: Any, sizes: Letters) -> Any:
    """A number in an expression, the sizes in it being known: 2, 1/H."""
    if isinstance(expression, int):
        return Integer(expression)
    found = {s: sizes[s.name] for s in expression.free_symbols if isinstance(s, Symbol)}
    return expression.subs(found)


def compiled(node: MatrixExpr, context: Context) -> Value:
    """The value of an expression, (…, m, n).

    A sum over time takes every symbol as (T, B, m, n) and gives the sum over time and batch.

    Raises:
        TypeError: a kind of node that has no value here.
    """

    def of(part: MatrixExpr) -> Value:
        return compiled(part, context)

    match node:
        case MatrixSymbol():
            name, off = context.place(node)
            return lambda read: read(name, off)
        case OneMatrix():
            ones = np.ones([number(n, context.sizes) for n in node.shape])
            return lambda read: ones
        case TimeSum():
            body = of(node.body)
            return lambda read: body(read).sum(axis=(0, 1))
        case AtStep():
            body, at = of(node.body), {"1": 0, "T": -1}[node.when]
            return lambda read: body(read)[at].sum(axis=0)
        case HadamardPower():
            base, exponent = of(node.base), int(node.args[1])
            return lambda read: base(read) ** exponent
        case Elementwise() if node.function in ENTRYWISE:
            return _applied(ENTRYWISE[node.function], [of(node.argument)])
        case Apply() if node.function == "spread":
            like, scalar = np.ones([number(n, context.sizes) for n in node.shape]), of(node.operands[0])
            return lambda read: scalar(read) * like
        case Apply() if node.function in OF_ARRAYS:
            return _applied(OF_ARRAYS[node.function], [of(a) for a in node.operands])
        case MatAdd():
            return _folded(np.add, [of(a) for a in node.args])
        case HadamardProduct():
            return _folded(np.multiply, [of(a) for a in node.args])
        case Transpose():
            turned = of(node.arg)
            return lambda read: np.swapaxes(turned(read), -1, -2)
        case MatMul():
            return _product(node, context)
        case _:
            raise TypeError(f"no value for {type(node).__name__}: {node}")


def _applied(function: Function, arguments: list[Value]) -> Value:
    return lambda read: function(*(argument(read) for argument in arguments))


def _folded(operation: Callable[[Any, Any], Any], operands: list[Value]) -> Value:
    return lambda read: reduce(operation, [operand(read) for operand in operands])


def _product(node: MatMul, context: Context) -> Value:
    """Matrices one after the other, and in front of them numbers such as −1 or 1/H."""
    factor = 1.0
    for part in node.args:
        if not isinstance(part, MatrixExpr):
            factor *= float(_scalar(part, context.sizes))
    product = _folded(np.matmul, [compiled(part, context) for part in parts(node)])
    return product if factor == 1.0 else lambda read: factor * product(read)


def borders(node: MatrixExpr, context: Context) -> Iterator[Value]:
    """For every function in pieces in an expression, how far its arguments are from where the pieces meet."""
    for part in parts(node):
        yield from borders(part, context)
    if isinstance(node, Elementwise | Apply) and node.function in BORDERS:
        yield _applied(BORDERS[node.function], [compiled(a, context) for a in parts(node)])
