"""The checker can fail: every formula, broken in every way that people break it, is refused, and only that one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sympy import MatMul

from derivations.cells import cells
from derivations.derive.catalogue import formula, of_cell
from derivations.derive.formula import Formula
from derivations.language.expressions import negate
from derivations.mutants.generate import mutants
from tests.judges.agreement.check import check
from tests.judges.example import Sizes

SEED = 5
# All else is the same for every cell: several inputs and an output that is not carried, two states, one.
NAMES = {"gla": Sizes(3, 2, K=3, V=2), "lstm": Sizes(3, 2, D=3, H=2), "rnn": Sizes(3, 2, D=3, H=2)}
# Formulas are run here as they are printed. What reads another step is not printed; tests/strength judges it.
UNPRINTED = {"shift-time", "not-summed", "overwritten", "slip"}
# g ⊙ i for i ⊙ g is no mistake.
EQUAL = 1


def refused(name: str, formulas: list[Formula]) -> set[str]:
    return {i for i, f in check(name, formulas, NAMES[name], SEED).items() if not f.agrees}


def broken(name: str) -> Iterator[Formula]:
    """Every mutant that can be printed, each under a quantity of its own."""
    for f in of_cell(name):
        for m in mutants(f, cells()[name]):
            if m.broken is not None and m.kind not in UNPRINTED:
                yield replace(m.broken, quantity=f"{f.quantity} [{m.id}]")


@pytest.mark.parametrize("one", NAMES)
def test_every_broken_formula_is_refused_and_no_right_one(one: str) -> None:
    right, wrong = of_cell(one), list(broken(one))
    assert {f.pass_ for f in wrong} == {f.pass_ for f in right} >= {"forward", "backward"}
    found = refused(one, [*right, *wrong])
    assert found <= {f.id for f in wrong}
    assert len({f.id for f in wrong} - found) <= EQUAL
    assert {f.id for f in wrong} - found <= {
        f.id for f in wrong if "forward.c [lstm.forward.c/swap-gates" in f.id
    }


@pytest.mark.parametrize(
    "formula_id", ["lstm.forward.c", "lstm.backward.c", "lstm.backward.o_bar", "lstm.backward.h_prev"]
)
def test_the_blame_stays_where_it_belongs(formula_id: str) -> None:
    # Only the broken one computes the quantity: what follows must go on from the reference.
    formulas = [replace(f, right=negate(f.right)) if f.id == formula_id else f for f in of_cell("lstm")]
    assert refused("lstm", formulas) == {formula_id}


def test_a_refusal_says_where_and_against_what() -> None:
    right = formula("lstm.backward.h_prev")
    wrong = replace(right, quantity="h_prev [less]", right=right.right.args[0])
    found = check("lstm", [*of_cell("lstm"), wrong], NAMES["lstm"], SEED)[wrong.id]
    assert found.worst > 1e-3
    assert found.where.startswith("t = 3: off by ")
    assert "complex-step" in found.where


def test_what_has_no_shape_of_its_own_is_refused() -> None:
    # W for its transpose: the arrays do not even fit. SymPy's constructor, unlike our builders, lets it pass.
    right = formula("rnn.backward.x")
    wrong = replace(
        right, quantity="x [misfit]", right=MatMul(right.symbols["W"].node, right.symbols["dh_bar"].node)
    )
    found = check("rnn", [*of_cell("rnn"), wrong], NAMES["rnn"], SEED)
    assert not found[wrong.id].agrees
    assert found[right.id].agrees
