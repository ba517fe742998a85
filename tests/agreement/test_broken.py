"""The checker can fail: every formula, broken in every way that people break it, is refused, and only that one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from sympy import MatMul

from derivations.cells import cells
from derivations.derive.catalogue import formula, of_cell
from derivations.derive.formula import Formula
from tests.engine.broken import broken
from tests.engine.slips import slipped
from tests.judges.agreement.check import check
from tests.judges.example import Sizes

SIZES = Sizes(3, 2, D=3, H=2)
SEED = 5


def refused(name: str, formulas: list[Formula]) -> set[str]:
    return {i for i, f in check(name, formulas, SIZES, SEED).items() if not f.agrees}


def test_every_broken_formula_is_refused_and_no_right_one(name: str) -> None:
    right = of_cell(name)
    wrong = [w for f in right for w in broken(f, cells()[name])] + slipped(name)
    assert Counter(f.pass_ for f in wrong).keys() == {"forward", "backward", "count"}
    assert refused(name, [*right, *wrong]) == {f.id for f in wrong}


@pytest.mark.parametrize(
    "formula_id", ["lstm.forward.c", "lstm.backward.c", "lstm.backward.o_bar", "lstm.backward.h_prev"]
)
def test_the_blame_stays_where_it_belongs(formula_id: str) -> None:
    # Only the broken one computes the quantity: what follows must go on from the reference.
    wrong = broken(formula(formula_id), cells()["lstm"])[0]
    formulas = [replace(wrong, quantity=f.quantity) if f.id == formula_id else f for f in of_cell("lstm")]
    assert refused("lstm", formulas) == {formula_id}


def test_a_refusal_says_where_and_against_what() -> None:
    wrong = broken(formula("gru.backward.h_prev"), cells()["gru"])[0]
    found = check("gru", [*of_cell("gru"), wrong], SIZES, SEED)[wrong.id]
    assert found.worst > 1e-3
    assert found.where.startswith("t = 3: off by ")
    assert "complex-step" in found.where


def test_what_has_no_shape_of_its_own_is_refused() -> None:
    # W for its transpose: the arrays do not even fit. SymPy's constructor, unlike our builders, lets it pass.
    right = formula("rnn.backward.x")
    wrong = replace(
        right, quantity="x [misfit]", right=MatMul(right.symbols["W"].node, right.symbols["dh_bar"].node)
    )
    found = check("rnn", [*of_cell("rnn"), wrong], SIZES, SEED)
    assert not found[wrong.id].agrees
    assert found[right.id].agrees
