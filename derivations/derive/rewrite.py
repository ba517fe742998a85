"""Named rewrites that make a derived expression readable. Each is a step that the reader sees and the prover checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from sympy import Expr, Integer, MatAdd, MatMul, MatrixSymbol, Transpose
from sympy.matrices.expressions.hadamard import HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language.cell import Cell
from derivations.language.expressions import (
    ONE,
    Apply,
    Elementwise,
    add,
    hadamard,
    is_negative,
    is_numbered,
    is_product,
    matmul,
    negate,
    times,
    transpose,
)
from derivations.language.primitives import PRIMITIVES, apply, slope_of

Rewrite = Callable[[MatrixExpr, Cell], MatrixExpr]
SCALAR = (ONE, ONE)
# The operand in which each of these is linear: a number before it may as well stand before the whole.
LINEAR = {"quotient": 0, "scale": 1, "rows": 1, "total": 0, "spread": 0}


class Step(NamedTuple):
    """A rewrite by its name, and what it made of the expression."""

    rule: str
    after: MatrixExpr


def readable(node: MatrixExpr, cell: Cell) -> Iterator[Step]:
    """Apply the rewrites in turn, and give a step for each that changes something."""
    for rule, rewrite in REWRITES.items():
        after = rewrite(node, cell)
        if after != node:
            yield Step(rule, after)
            node = after


def _bottom_up(node: MatrixExpr, change: Callable[[MatrixExpr], MatrixExpr]) -> MatrixExpr:
    if isinstance(node, MatrixSymbol) or not node.args:
        return node
    args = [_bottom_up(a, change) if isinstance(a, MatrixExpr) else a for a in node.args]
    return change(node if list(node.args) == args else node.func(*args))


def _apart(node: MatrixExpr) -> tuple[Expr, MatrixExpr]:
    """A node as a number and what it is multiplied by."""
    return (node.args[0], node.args[1]) if is_numbered(node) else (Integer(1), node)


def flatten(node: MatrixExpr, _: Cell) -> MatrixExpr:
    """a ⊙ (b ⊙ c) = a ⊙ b ⊙ c, and a sign or a number inside moves to the front."""

    def change(part: MatrixExpr) -> MatrixExpr:
        number: Expr = Integer(1)
        if is_numbered(part) and is_numbered(part.args[1]):
            number, body = _apart(part.args[1])
            return times(part.args[0] * number, body)
        if not isinstance(part, HadamardProduct):
            return part
        factors: list[MatrixExpr] = []
        for a in part.args:
            own, a = _apart(a)
            number *= own
            factors.extend(a.args if isinstance(a, HadamardProduct) else (a,))
        return times(number, hadamard(*factors))

    return _bottom_up(node, change)


def forward_order(node: MatrixExpr, _: Cell) -> MatrixExpr:
    """Slopes follow the factors they came after in the forward equation: φ'(a) ⊙ b ⊙ d = b ⊙ φ'(a) ⊙ d."""

    def change(part: MatrixExpr) -> MatrixExpr:
        if not isinstance(part, HadamardProduct) or len(part.args) < 3:
            return part
        *local, d = part.args
        return hadamard(*sorted(local, key=_is_slope), d)

    return _bottom_up(node, change)


def _is_slope(node: MatrixExpr) -> bool:
    return isinstance(node, Elementwise) and slope_of(node.function) is not None


def through_output(node: MatrixExpr, cell: Cell) -> MatrixExpr:
    """σ'(ī) = i ⊙ (1 − i) where i = σ(ī) has a name; tanh'(c) = 1 − tanh²(c) where it has none."""
    named = {e.right.node: e.left.node for e in cell.steps if isinstance(e.right.node, Elementwise | Apply)}

    def change(part: MatrixExpr) -> MatrixExpr:
        if isinstance(part, Apply):
            return named.get(part, part)
        function = slope_of(part.function) if isinstance(part, Elementwise) else None
        slope = PRIMITIVES[function].slope if function else None
        if function is None or slope is None:
            return part
        value = Elementwise(function, part.argument)
        return slope(named.get(value, value), part.argument)

    return flatten(_bottom_up(node, change), cell)


def common_factor(node: MatrixExpr, _: Cell) -> MatrixExpr:
    """a ⊙ d − b ⊙ d = (a − b) ⊙ d, what is added before what is taken away."""
    if not isinstance(node, MatAdd):
        return node
    terms = [(is_negative(t), t.args[1] if is_negative(t) else t) for t in node.args]
    if not all(isinstance(t, HadamardProduct) and t.args[-1] == terms[0][1].args[-1] for _, t in terms):
        return node
    d = terms[0][1].args[-1]
    local = sorted(((sign, hadamard(*t.args[:-1])) for sign, t in terms), key=lambda pair: pair[0])
    return hadamard(add(*(negate(a) if sign else a for sign, a in local)), d)


def pull_scalars(node: MatrixExpr, cell: Cell) -> MatrixExpr:
    """A sign or a number inside a product or another linear operation moves to the front: A (−d) = −(A d)."""

    def change(part: MatrixExpr) -> MatrixExpr:
        if is_product(part):
            (m, a), (n, b) = (_apart(x) for x in part.args)
            return times(m * n, MatMul(a, b))
        if isinstance(part, Transpose):
            number, body = _apart(part.arg)
            return times(number, transpose(body))
        if isinstance(part, Apply) and part.function in LINEAR:
            k = LINEAR[part.function]
            number, body = _apart(part.operands[k])
            operands = [*part.operands[:k], body, *part.operands[k + 1 :]]
            return times(number, Apply(part.function, part.args[1], *operands))
        return part

    return flatten(_bottom_up(node, change), cell)


def transpose_product(node: MatrixExpr, _: Cell) -> MatrixExpr:
    """(A B)ᵀ = Bᵀ Aᵀ, (Aᵀ)ᵀ = A; a scalar is its own transpose."""

    def change(part: MatrixExpr) -> MatrixExpr:
        if not isinstance(part, Transpose):
            return part
        if tuple(part.shape) == SCALAR:
            return part.arg
        if isinstance(part.arg, Transpose):
            return part.arg.arg
        if is_product(part.arg):
            a, b = part.arg.args
            return matmul(change(Transpose(b)), change(Transpose(a)))
        return part

    return _bottom_up(node, change)


def scalar_first(node: MatrixExpr, _: Cell) -> MatrixExpr:
    """A scalar in a matrix product stands before what it scales."""

    def change(part: MatrixExpr) -> MatrixExpr:
        if not is_product(part) or tuple(part.shape) == SCALAR:
            return part
        a, b = part.args
        if tuple(a.shape) == SCALAR:
            return apply("scale", a, b)
        return apply("scale", b, a) if tuple(b.shape) == SCALAR else part

    return _bottom_up(node, change)


def divide(node: MatrixExpr, _: Cell) -> MatrixExpr:
    """(1 ⊘ a) ⊙ d = d ⊘ a."""

    def change(part: MatrixExpr) -> MatrixExpr:
        if not isinstance(part, HadamardProduct):
            return part
        below = [a for a in part.args if isinstance(a, Elementwise) and a.function == "reciprocal"]
        above = [a for a in part.args if a not in below]
        if len(below) != 1 or not above:
            return part
        return apply("quotient", hadamard(*above), below[0].argument)

    return _bottom_up(node, change)


REWRITES: dict[str, Rewrite] = {
    "transpose-product": transpose_product,
    "scalar-first": scalar_first,
    "flatten": flatten,
    "sign-first": pull_scalars,
    "forward-order": forward_order,
    "through-output": through_output,
    "divide": divide,
    "common-factor": common_factor,
}
