"""How each primitive looks, for the notation page: an example of it, set as the formulas set it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sympy import OneMatrix
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language.expressions import add, hadamard, matmul, square, times, transpose
from derivations.language.primitives import PRIMITIVES, apply
from derivations.language.structure import spread
from derivations.language.symbols import Dimension, parameter
from derivations.write.layout import layout
from derivations.write.tex import tex

Record = dict[str, Any]

M, N = Dimension("M", "hidden-size"), Dimension("N", "input-size")
# Vectors a and b, matrices A and B, a scalar s; parameters, because these have no time step.
_OPERANDS = {
    s.name: s
    for s in (
        *(parameter(name, M, None, "bias") for name in "ab"),
        parameter("A", M, N, "input-weight"),
        parameter("B", N, M, "input-weight"),
        parameter("s", None, None, "bias"),
    )
}


def operation_records() -> list[Record]:
    """Every primitive by its name, with the TeX of an example and the assumptions under which it has a derivative."""
    return [
        {"name": name, "latex": tex(layout(example(name), _OPERANDS)), "smooth": list(one.smooth)}
        for name, one in PRIMITIVES.items()
    ]


def example(name: str) -> MatrixExpr:
    """The primitive of this name on operands of the shapes that it takes; of one vector if nothing else is said."""
    a, b, A, B, s = (_OPERANDS[letter].node for letter in ("a", "b", "A", "B", "s"))
    examples: dict[str, Callable[[], MatrixExpr]] = {
        "ones": lambda: OneMatrix(M.size, 1),
        "sum": lambda: add(a, b),
        "number": lambda: times(2, a),
        "hadamard": lambda: hadamard(a, b),
        "square": lambda: square(a),
        "product": lambda: matmul(A, B),
        "transpose": lambda: transpose(A),
        "scale": lambda: apply("scale", s, A),
        "rows": lambda: apply("rows", a, A),
        "total": lambda: apply("total", A),
        "spread": lambda: spread(s, (M.size, 1)),
        **{name: partial(apply, name, a, b) for name in ("quotient", "max", "min", "greater")},
    }
    return examples[name]() if name in examples else apply(name, a)
