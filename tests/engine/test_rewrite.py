"""A rewrite changes how an expression reads and not what it says; one that did would be refuted by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import MatAdd, MatrixSymbol
from sympy import Symbol as Scalar
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.cells import cells
from derivations.derive import rewrite
from derivations.derive.formulas import formulas
from derivations.derive.rewrite import REWRITES, readable
from derivations.language import Cell, expressions
from derivations.language.expressions import add, hadamard, show
from derivations.prove.all_sizes import AllSizes
from tests.judges.functions import ENTRYWISE
from tests.judges.values import Context, compiled

n = Scalar("n", integer=True, positive=True)
a, b, c, d = (MatrixSymbol(name, n, 1) for name in "abcd")
M = MatrixSymbol("M", n, n)
CELL = cells()["lstm"]

vectors = st.recursive(
    st.sampled_from([a, b, c, d]),
    lambda inner: st.one_of(
        st.builds(expressions.add, inner, inner),
        st.builds(expressions.negate, inner),
        st.builds(expressions.hadamard, inner, inner),
        st.builds(expressions.hadamard, inner, inner, inner),
        st.builds(expressions.matmul, st.sampled_from([M, expressions.transpose(M)]), inner),
        st.builds(expressions.square, inner),
        st.builds(expressions.Elementwise, st.sampled_from(["tanh", "sigmoid", "tanh'", "sigmoid'"]), inner),
    ),
    max_leaves=8,
)


SLOPES = {
    "tanh'": lambda y: 1 / np.cosh(y) ** 2,
    "sigmoid'": lambda y: ENTRYWISE["sigmoid"](y) * (1 - ENTRYWISE["sigmoid"](y)),
}


def value(node: MatrixExpr, seed: int) -> Any:
    """The value of an expression, from random numbers for all that stands in it."""
    rng = np.random.default_rng(seed)
    known = {name: rng.uniform(-1, 1, (2, 2) if name == "M" else (2, 1)) for name in "abcdM"}
    with pytest.MonkeyPatch.context() as patch:
        for name, slope in SLOPES.items():
            patch.setitem(ENTRYWISE, name, slope)
        return compiled(node, Context({"n": 2}))(lambda name, off: known[name])


def close(left: Any, right: Any) -> bool:
    return bool(np.allclose(left, right, rtol=1e-9, atol=1e-12))


@pytest.mark.parametrize("rule", REWRITES)
@given(node=vectors, seed=st.integers(0, 10**6))
def test_a_rewrite_keeps_the_value(rule: str, node: MatrixExpr, seed: int) -> None:
    assert close(value(node, seed), value(REWRITES[rule](node, CELL), seed))


@given(node=vectors)
def test_a_readable_expression_is_read_as_it_is(node: MatrixExpr) -> None:
    *_, last = [node, *(step.after for step in readable(node, CELL))]
    again = [step.after for step in readable(last, CELL)]
    assert all(close(value(last, 1), value(after, 1)) for after in again)
    assert all(after != last for after in again)


def slope(function: str, of: MatrixExpr) -> MatrixExpr:
    return expressions.Elementwise(f"{function}'", of)


i, i_bar = CELL.symbol("i").node, CELL.symbol("i_bar").node
cell_state = CELL.symbol("c").node


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("flatten", hadamard(a, hadamard(b, d)), "a ⊙ b ⊙ d"),
        ("flatten", hadamard(expressions.negate(a), d), "-1 (a ⊙ d)"),
        ("flatten", hadamard(expressions.negate(a), expressions.negate(d)), "a ⊙ d"),
        ("sign-first", expressions.matmul(M, expressions.negate(d)), "-1 M d"),
        ("forward-order", hadamard(slope("tanh", a), b, d), "b ⊙ tanh'(a) ⊙ d"),
        ("through-output", hadamard(slope("sigmoid", i_bar), i), "i ⊙ (1 + -1 i) ⊙ i"),
        ("common-factor", add(expressions.negate(hadamard(a, d)), hadamard(b, d)), "(b + -1 a) ⊙ d"),
    ],
)  # fmt: skip
def test_what_each_rewrite_does(rule: str, before: MatrixExpr, after: str) -> None:
    assert show(REWRITES[rule](before, CELL)).replace("-1 (M d)", "-1 M d") == after.replace(
        "1 + -1", f"{ONE} + -1"
    )


ONE = show(expressions.ones_like(a))


def test_a_slope_without_a_named_value_is_stated_through_the_function() -> None:
    found = REWRITES["through-output"](slope("tanh", cell_state), CELL)
    tanh_c = expressions.Elementwise("tanh", cell_state)
    assert found == add(expressions.ones_like(cell_state), expressions.negate(expressions.square(tanh_c)))


def test_terms_without_a_common_factor_stay() -> None:
    node = add(hadamard(a, d), hadamard(b, c))
    assert REWRITES["common-factor"](node, CELL) == node
    assert REWRITES["common-factor"](add(hadamard(a, d), d), CELL) == add(hadamard(a, d), d)


def test_only_what_changes_is_a_step() -> None:
    assert list(readable(add(a, b), CELL)) == []


def forgetful(node: MatrixExpr, cell: Cell) -> MatrixExpr:
    """A sum loses its last term."""
    return add(*node.args[:-1]) if isinstance(node, MatAdd) else node


def upside_down(node: MatrixExpr, cell: Cell) -> MatrixExpr:
    """The right rewrite with the sign the wrong way round."""
    found = rewrite.common_factor(node, cell)
    return found if found == node else expressions.negate(found)


def sigmoid_everywhere(node: MatrixExpr, cell: Cell) -> MatrixExpr:
    """Every slope taken for the sigmoid's."""
    return rewrite.through_output(
        node.replace(
            lambda part: isinstance(part, expressions.Elementwise) and part.function == "tanh'",
            lambda part: expressions.Elementwise("sigmoid'", part.argument),
        ),
        cell,
    )


@pytest.mark.proof
@pytest.mark.parametrize(
    ("rule", "wrong", "name", "refuted"),
    [
        ("common-factor", forgetful, "gru-after", "gru-after.backward.h_prev"),
        ("common-factor", upside_down, "gru", "gru.backward.z"),
        ("through-output", sigmoid_everywhere, "lstm", "lstm.backward.g_bar"),
        ("through-output", sigmoid_everywhere, "lstm", "lstm.backward.c"),
    ],
)
def test_a_wrong_rewrite_is_refuted_by_its_name(
    rule: str, wrong: rewrite.Rewrite, name: str, refuted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(REWRITES, rule, wrong)
    cell = cells()[name]
    derived = next(f for f in formulas(cell) if f.id == refuted)
    verdict = AllSizes(cell).prove(derived)
    assert verdict.outcome == "refuted"
    assert f"(step {rule})" in verdict.reason
