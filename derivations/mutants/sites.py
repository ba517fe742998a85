"""Places in an expression, and the expression with something else put there."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Basic, MatAdd, MatMul
from sympy.matrices.expressions.hadamard import HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language import expressions
from derivations.language.expressions import Apply
from derivations.language.primitives import apply
from derivations.language.structure import spread

Path = tuple[int, ...]


def sites(node: MatrixExpr, path: Path = ()) -> Iterator[tuple[Path, MatrixExpr]]:
    """Every part of an expression with the way to it, the whole first."""
    yield path, node
    for k, argument in enumerate(node.args):
        if isinstance(argument, MatrixExpr):
            yield from sites(argument, (*path, k))


def put(node: MatrixExpr, path: Path, part: MatrixExpr) -> MatrixExpr:
    """The expression with ``part`` at that place.

    Raises:
        ShapeError: it does not fit there.
    """
    if not path:
        return part
    k, *rest = path
    arguments = list(node.args)
    arguments[k] = put(arguments[k], tuple(rest), part)
    return rebuild(node, arguments)


def rebuild(node: MatrixExpr, arguments: list[Basic]) -> MatrixExpr:
    """A node of the same kind over other arguments, its shapes checked.

    Raises:
        ShapeError: the arguments do not fit together.
    """
    match node:
        case MatAdd():
            return expressions.add(*arguments)
        case HadamardProduct():
            return expressions.hadamard(*arguments)
        case MatMul() if expressions.is_numbered(node):
            return expressions.times(arguments[0], arguments[1])
        case MatMul():
            return expressions.matmul(*arguments)
        case Apply() if node.function == "spread":
            return spread(arguments[2], tuple(node.shape))
        case Apply():
            return apply(node.function, *arguments[2:])
        case _:
            return node.func(*arguments)
