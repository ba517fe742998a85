"""Named rewrites that make a derived expression readable. Each is a step that the reader sees and the prover checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from sympy import MatAdd, MatMul, MatrixSymbol
from sympy.matrices.expressions.hadamard import HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.derive.rules import THROUGH_OUTPUT
from derivations.language import Cell
from derivations.language.expressions import Elementwise, add, hadamard, is_negative, negate

Rewrite = Callable[[MatrixExpr, Cell], MatrixExpr]


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


def flatten(node: MatrixExpr, _: Cell) -> MatrixExpr:
    """a ⊙ (b ⊙ c) = a ⊙ b ⊙ c, and a sign inside moves to the front."""

    def change(part: MatrixExpr) -> MatrixExpr:
        if is_negative(part) and is_negative(part.args[1]):
            return part.args[1].args[1]
        if not isinstance(part, HadamardProduct):
            return part
        negatives = 0
        factors: list[MatrixExpr] = []
        for a in part.args:
            negatives += is_negative(a)
            a = a.args[1] if is_negative(a) else a
            factors.extend(a.args if isinstance(a, HadamardProduct) else (a,))
        product = hadamard(*factors)
        return negate(product) if negatives % 2 else product

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
    return isinstance(node, Elementwise) and node.function.endswith("'")


def through_output(node: MatrixExpr, cell: Cell) -> MatrixExpr:
    """σ'(ī) = i ⊙ (1 − i) where i = σ(ī) has a name; tanh'(c) = 1 − tanh²(c) where it has none."""
    named = {e.right.node: e.left.node for e in cell.steps if isinstance(e.right.node, Elementwise)}

    def change(part: MatrixExpr) -> MatrixExpr:
        if not _is_slope(part):
            return part
        function = part.function.removesuffix("'")
        value = Elementwise(function, part.argument)
        return THROUGH_OUTPUT[function](named.get(value, value))

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
    """A sign inside a matrix product moves to the front: A (−d) = −(A d)."""

    def change(part: MatrixExpr) -> MatrixExpr:
        if isinstance(part, MatMul) and not is_negative(part) and any(is_negative(a) for a in part.args):
            product = MatMul(*(a.args[1] if is_negative(a) else a for a in part.args))
            return negate(product) if sum(is_negative(a) for a in part.args) % 2 else product
        return part

    return flatten(_bottom_up(node, change), cell)


REWRITES: dict[str, Rewrite] = {
    "flatten": flatten,
    "sign-first": pull_scalars,
    "forward-order": forward_order,
    "through-output": through_output,
    "common-factor": common_factor,
}
