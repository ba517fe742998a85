"""The provers on toy cells: every derived formula is proved, every mutant refused, the blame stays where it belongs.

That the formulas of the catalogue are proved is evidence, which `make derive` makes once and tests/contract looks up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from derivations.derive.formula import Formula
from derivations.language import Cell, Equation, tanh
from derivations.language.expressions import Elementwise, TimeSum, hadamard, negate, square
from derivations.mutants.generate import Mutant, mutants
from derivations.prove.all_sizes import AllSizes
from derivations.prove.unrolled import Unrolled, sizes_of
from tests.engine.toys import TOYS, derived

pytestmark = pytest.mark.proof

STEPS = (1, 2, 3)
ONCE = {"not-summed", "overwritten"}  # a sum over a single step is its one term


@cache
def formulas_of(name: str) -> tuple[Formula, ...]:
    return derived(TOYS[name])


def formula(name: str, quantity: str) -> Formula:
    return next(f for f in formulas_of(name) if f.id == f"{name}.backward.{quantity}")


def broken(name: str) -> Iterator[tuple[Mutant, Formula]]:
    """Every mutant that a proof can judge."""
    for f in formulas_of(name):
        for m in mutants(f, TOYS[name]) if f.pass_ != "forward" else ():
            if m.broken is not None:
                yield m, m.broken


@pytest.mark.parametrize("composed", [False, True], ids=["one equation at a time", "composed"])
@pytest.mark.parametrize("name", TOYS)
def test_every_formula_is_proved_for_all_sizes(name: str, composed: bool) -> None:
    prover = AllSizes(TOYS[name], composed=composed)
    verdicts = {f.id: prover.prove(f) for f in formulas_of(name) if f.pass_ != "forward"}
    assert {i: v.reason for i, v in verdicts.items() if v.outcome != "proved"} == {}


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("name", TOYS)
def test_every_formula_is_proved_unrolled_and_it_is_said_what_that_covers(name: str, steps: int) -> None:
    sizes = sizes_of(TOYS[name])
    assert len(set(sizes.values())) == len(sizes)
    verdicts = {f.id: (f, v) for f, v in Unrolled(TOYS[name], steps).prove(formulas_of(name))}
    assert {i: v.reason for i, (_, v) in verdicts.items() if v.outcome != "proved"} == {}
    assert set(verdicts) == {f.id for f in formulas_of(name) if f.pass_ != "forward"}
    for f, v in verdicts.values():
        assert {"T": steps, **sizes}.items() <= v.coverage.items()
        if f.pass_ == "backward" and f.left.key.anchor == "t":
            rows, columns = (sizes.get(str(n), 1) for n in f.left.shape)
            assert v.coverage["entries"] == rows * columns * steps


@pytest.mark.parametrize("composed", [False, True], ids=["one equation at a time", "composed"])
@pytest.mark.parametrize("name", TOYS)
def test_every_mutant_is_refused_for_all_sizes(name: str, composed: bool) -> None:
    prover, judged = AllSizes(TOYS[name], composed=composed), list(broken(name))
    assert len(judged) >= 90
    assert [m.id for m, wrong in judged if not prover.refuses(wrong)] == []
    _, wrong = judged[0]
    assert wrong.id in prover.prove(wrong).reason


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("name", TOYS)
def test_two_steps_refuse_every_mutant_and_one_all_but_the_sums(name: str, steps: int) -> None:
    prover = Unrolled(TOYS[name], steps)
    assert all(v.outcome == "proved" for _, v in prover.prove(formulas_of(name)))
    believed = [m for m, wrong in broken(name) if not prover.refuses(wrong, m.of)]
    once = [m for m, _ in broken(name) if m.kind in ONCE and isinstance(m.of.right, TimeSum)]
    assert [m.id for m in believed] == ([m.id for m in once] if steps == 1 else [])


def test_the_toys_have_every_kind_of_mistake() -> None:
    found = {m.kind for name in TOYS for m, _ in broken(name)}
    assert found >= {"drop-term", "flip-sign", "drop-factor", "swap-gates", "shift-time", "transpose-weight"}
    assert (
        found
        >= {"transpose-outer", "complement", "pre-activation", "wrong-activation", "value-for-slope"} | ONCE
    )


@pytest.mark.parametrize("quantity", ["V_1", "W_0", "U_t", "b_next", "V_1_t", "b_next_t", "h_prev", "h_0"])
def test_a_name_that_looks_like_another_things_is_its_own(quantity: str) -> None:
    """A weight whose name ends as a value at a step does was once taken for that value, and a right formula refuted."""
    right = formula("toy-hostile", quantity)
    assert AllSizes(TOYS["toy-hostile"]).prove(right).outcome == "proved"


def test_only_the_broken_formula_is_refuted() -> None:
    # What follows goes on from the derivative that SymPy found, so the blame stays where it belongs.
    name, right = "toy-hostile", formulas_of("toy-hostile")
    wrong = [replace(f, right=f.right.args[0]) if f.id == f"{name}.backward.c" else f for f in right]
    verdicts = {f.id: v.outcome for f, v in Unrolled(TOYS[name], 1).prove(wrong)}
    assert [i for i, outcome in verdicts.items() if outcome == "refuted"] == [f"{name}.backward.c"]
    prover = AllSizes(TOYS[name])
    refuted = [f.id for f in wrong if f.pass_ == "backward" and prover.prove(f).outcome == "refuted"]
    assert refuted == [f"{name}.backward.c"]


def test_a_wrong_step_of_a_derivation_is_refuted_by_its_name() -> None:
    right, cell = formula("toy-hostile", "r_bar"), TOYS["toy-hostile"]
    r, dr = right.symbols["r"].node, right.symbols["dr"].node
    place = next(k for k, s in enumerate(right.steps) if s.rules == ("through-output",))
    slipped = replace(right.steps[place], right=hadamard(r, dr))
    verdict = AllSizes(cell).prove(
        replace(right, steps=(*right.steps[:place], slipped, *right.steps[place + 1 :]))
    )
    assert verdict.outcome == "refuted"
    assert "through-output" in verdict.reason
    assert AllSizes(cell).prove(right).outcome == "proved"


def test_the_same_function_of_other_arguments_is_another_value() -> None:
    # tanh(c_t) and tanh(c_{t−1}) must not be taken for one atom; the second is a value no forward pass computes.
    name, of_r = "toy-hostile", formula("toy-hostile", "r")
    tanh_c, old = (Elementwise("tanh", of_r.symbols[s].node) for s in ("c", "c_prev"))
    wrong = replace(of_r, quantity="r [old]", right=of_r.right.xreplace({tanh_c: old}))
    assert wrong.right != of_r.right
    assert AllSizes(TOYS[name]).prove(wrong).outcome == "refuted"
    verdicts = {f.id: v for f, v in Unrolled(TOYS[name], 1).prove((*formulas_of(name), wrong))}
    assert verdicts[wrong.id].outcome == "refuted"


def test_a_cell_that_was_changed_is_judged_anew() -> None:
    # The same name, another cell: h = tanh(W x + U (h′ ⊙ h′) + b). The first cell's gradients are wrong for it.
    elman = TOYS["toy-elman"]
    (x,), (h,), (W, U, b) = elman.inputs, elman.states, elman.parameters
    changed = replace(elman, equations=(Equation(h, tanh(W @ x + U @ (h.previous * h.previous) + b)),))
    step = formula("toy-elman", "U_t")
    cells = (elman, changed, elman)
    assert [AllSizes(c).prove(step).outcome for c in cells] == ["proved", "refuted", "proved"]
    assert [_unrolled(c)[step.id] for c in cells] == ["proved", "refuted", "proved"]
    assert {AllSizes(changed).prove(f).outcome for f in derived(changed) if f.pass_ != "forward"} == {
        "proved"
    }


def _unrolled(cell: Cell) -> dict[str, str]:
    return {f.id: v.outcome for f, v in Unrolled(cell, 1).prove(formulas_of("toy-elman"))}


def test_a_slope_of_another_function_is_refuted() -> None:
    right = formula("toy-elman", "h_bar")
    h, dh = right.symbols["h"].node, right.symbols["dh"].node
    for wrong in (hadamard(h, dh), hadamard(square(h), dh), negate(right.right)):
        assert AllSizes(TOYS["toy-elman"]).prove(replace(right, right=wrong)).outcome == "refuted"
