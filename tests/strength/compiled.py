"""Expressions as functions of arrays with any leading axes: one step (B, n) or a whole run (T, B, n) at once.

The writer in `derivations.write` gives source for one sample, and knows no mutant's symbols a step off. Here an
expression becomes nested functions, without text; a symbol is looked up by its name and by how many steps it is off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from sympy import MatAdd, MatMul, MatrixSymbol, OneMatrix, Transpose
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language.expressions import AtStep, Elementwise, TimeSum, is_negative, step_of, symbols_in
from tests.agreement.compiled import sigmoid

Read = Callable[[str, int], Any]
Value = Callable[[Read], Any]

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {"sigmoid": sigmoid, "tanh": np.tanh}


@dataclass(frozen=True)
class Statement:
    """``left = value(read)``, and the names that it reads (without their steps)."""

    left: str
    value: Value
    reads: frozenset[str]


def statement(left: str, right: MatrixExpr) -> Statement:
    """The statement of a formula, compiled.

    Raises:
        TypeError: a kind of node that has no value here.
    """
    return Statement(left, compiled(right), frozenset(step_of(s.name)[0] for s in symbols_in(right)))


def compiled(node: MatrixExpr) -> Value:
    """The value of an expression, its vectors on the last axis, its matrices on the last two.

    A sum over time takes every symbol as (T, B, n) and gives the sum over time and batch.

    Raises:
        TypeError: a kind of node that has no value here.
    """
    match node:
        case MatrixSymbol():
            name, off = step_of(node.name)
            return lambda read: read(name, off)
        case OneMatrix():
            return lambda read: 1.0
        case TimeSum():
            body = compiled(node.body)
            return lambda read: body(read).sum(axis=(0, 1))
        case AtStep():
            body, at = compiled(node.body), {"1": 0, "T": -1}[node.when]
            return lambda read: body(read)[at].sum(axis=0)
        case HadamardPower():
            base, exponent = compiled(node.base), int(node.args[1])
            return lambda read: base(read) ** exponent
        case Elementwise() if node.function in ACTIVATIONS:
            function, argument = ACTIVATIONS[node.function], compiled(node.argument)
            return lambda read: function(argument(read))
        case MatAdd():
            terms = [compiled(a) for a in node.args]
            return lambda read: reduce(np.add, [term(read) for term in terms])
        case HadamardProduct():
            factors = [compiled(a) for a in node.args]
            return lambda read: reduce(np.multiply, [factor(read) for factor in factors])
        case MatMul() if is_negative(node):
            negated = compiled(node.args[1])
            return lambda read: -negated(read)
        case MatMul() if len(node.args) == 2:
            return _product(*node.args)
        case _:
            raise TypeError(f"no value for {type(node).__name__}: {node}")


def _product(left: MatrixExpr, right: MatrixExpr) -> Value:
    """A column times a row, or a matrix times a column."""
    if isinstance(right, Transpose) and left.shape[1] == 1:
        column, row = compiled(left), compiled(right.arg)
        return lambda read: column(read)[..., :, None] * row(read)[..., None, :]
    vector = compiled(right)
    if isinstance(left, Transpose):
        matrix = compiled(left.arg)
        return lambda read: vector(read) @ matrix(read)
    matrix = compiled(left)
    return lambda read: vector(read) @ matrix(read).T
