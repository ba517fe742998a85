"""The whole calculus: what each primitive passes back to its arguments, one line each.

A rule takes the node and the cotangent d of its value and gives each argument's share; an activation's derivative
is stated through its output y, never through exponentials.
"""

from __future__ import annotations

from collections.abc import Callable

from sympy import MatAdd, MatMul, OneMatrix
from sympy.matrices.expressions.hadamard import HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language.expressions import (
    Elementwise,
    add,
    hadamard,
    is_negative,
    matmul,
    negate,
    ones_like,
    outer,
    square,
    transpose,
)

THROUGH_OUTPUT: dict[str, Callable[[MatrixExpr], MatrixExpr]] = {
    "sigmoid": lambda y: hadamard(y, add(ones_like(y), negate(y))),  # σ' = y (1 − y)
    "tanh": lambda y: add(ones_like(y), negate(square(y))),  # tanh' = 1 − y²
}

# (argument, its share of the cotangent, name of the rule)
Share = tuple[MatrixExpr, MatrixExpr, str]


def pull_back(node: MatrixExpr, d: MatrixExpr) -> list[Share]:
    """The share that each argument of ``node`` has in the cotangent d of its value.

    Raises:
        TypeError: the primitive has no rule here.
    """
    match node:
        case OneMatrix():
            return []
        case MatAdd():
            return [(a, d, "add") for a in node.args]
        case MatMul() if is_negative(node):
            return [(node.args[1], negate(d), "negate")]
        case MatMul():
            a, b = node.args
            return [(a, outer(d, b), "matmul-left"), (b, matmul(transpose(a), d), "matmul-right")]
        case HadamardProduct():
            return [
                (a, hadamard(*(b for m, b in enumerate(node.args) if m != k), d), "hadamard")
                for k, a in enumerate(node.args)
            ]
        case Elementwise():
            slope = Elementwise(f"{node.function}'", node.argument)
            return [(node.argument, hadamard(slope, d), f"apply-{node.function}")]
        case _:
            raise TypeError(f"no rule for {type(node).__name__}: {node}")
