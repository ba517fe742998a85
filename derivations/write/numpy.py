"""NumPy source: an expression over arrays that are named as their symbols.

A formula of one step takes vectors of shape ``(n,)``; a sum over time takes its vectors stacked in time, ``(T, n)``.
``np`` and ``sigmoid`` are the only other names.
"""

from __future__ import annotations

from sympy import Add, Expr, Integer, MatAdd, MatMul, MatrixSymbol, Mul, OneMatrix, Pow, Transpose
from sympy import Symbol as Scalar
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language.expressions import Elementwise, TimeSum, is_negative

FUNCTIONS = {"sigmoid": "sigmoid", "tanh": "np.tanh"}


def numpy(node: MatrixExpr | Expr) -> str:
    """The source of an expression.

    Raises:
        TypeError: a kind of node that has no source here.
    """
    if isinstance(node, TimeSum):
        return _over_time(node.body)
    return _source(node, stacked=False)


def _over_time(body: MatrixExpr) -> str:
    if isinstance(body, MatAdd):
        return " + ".join(_over_time(term) for term in body.args)
    if is_negative(body):
        return f"-({_over_time(body.args[1])})"
    if isinstance(body, MatMul) and isinstance(body.args[1], Transpose):
        left, right = body.args
        return f'np.einsum("ti,tj->ij", {_source(left, stacked=True)}, {_source(right.arg, stacked=True)})'
    inner = _source(body, stacked=True)
    return f"{inner}.sum(axis=0)" if isinstance(body, MatrixSymbol) else f"({inner}).sum(axis=0)"


def _source(node: MatrixExpr | Expr, stacked: bool) -> str:
    def inner(part: MatrixExpr | Expr, *fenced: type) -> str:
        written = _source(part, stacked)
        return f"({written})" if isinstance(part, fenced) else written

    match node:
        case MatrixSymbol():
            return str(node.name)
        case OneMatrix():
            return "1"
        case HadamardPower():
            return f"{inner(node.base, MatAdd, MatMul, HadamardProduct)}**{int(node.args[1])}"
        case Elementwise() if node.function in FUNCTIONS:
            return f"{FUNCTIONS[node.function]}({_source(node.argument, stacked)})"
        case MatAdd():
            first, *rest = node.args
            return inner(first) + "".join(
                f" - {inner(a.args[1], MatAdd)}" if is_negative(a) else f" + {inner(a)}" for a in rest
            )
        case MatMul() if is_negative(node):
            return f"-{inner(node.args[1], MatAdd)}"
        case MatMul() if isinstance(node.args[1], Transpose):
            left, right = node.args
            return f"np.outer({_source(left, stacked)}, {_source(right.arg, stacked)})"
        case MatMul():
            return _product(node, stacked)
        case HadamardProduct():
            return " * ".join(inner(a, MatAdd, MatMul) for a in node.args)
        case Add():
            return " + ".join(inner(a) for a in node.args)
        case Mul():
            return " * ".join(inner(a, Add) for a in node.args)
        case Pow():
            return f"{inner(node.base, Add, Mul)}**{int(node.exp)}"
        case Integer() | Scalar():
            return str(node)
        case _:
            raise TypeError(f"no NumPy source for {type(node).__name__}: {node}")


def _product(node: MatMul, stacked: bool) -> str:
    """A matrix times a vector; over stacked vectors, the vectors times the transposed matrix."""
    matrix, vector = node.args
    written = _source(vector, stacked)
    written = f"({written})" if isinstance(vector, MatAdd | HadamardProduct) else written
    transposed = isinstance(matrix, Transpose)
    name = _source(matrix.arg if transposed else matrix, stacked)
    if stacked:
        return f"{written} @ {name}" if transposed else f"{written} @ {name}.T"
    return f"{name}.T @ {written}" if transposed else f"{name} @ {written}"
