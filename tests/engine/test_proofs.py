"""Both provers: every derived formula of every cell is proved, and every broken one is refuted by both."""

from __future__ import annotations

from dataclasses import replace

import pytest

from derivations.cells import cells
from derivations.derive.catalogue import formula, of_cell
from derivations.derive.formulas import formulas
from derivations.derive.rules import THROUGH_OUTPUT
from derivations.language import Cell, Equation, tanh
from derivations.language.expressions import Elementwise, hadamard
from derivations.prove.all_sizes import AllSizes
from derivations.prove.unrolled import HORIZONS, Unrolled
from tests.engine.broken import broken
from tests.engine.conftest import Prove, wrong_formulas
from tests.engine.slips import SLIPS

pytestmark = pytest.mark.proof

ALL_SIZES = 0
FORGOTTEN = "sum over time forgotten"
KINDS = (
    "term dropped",
    "sign flipped",
    "factor lost",
    "square lost",
    "activation left out",
    "transposed wrongly",
    "outer product turned round",
    "h for h_prev",
    "do_bar for df_bar",
    "U_o for U_f",
    FORGOTTEN,
)


def derived(cell: Cell) -> set[str]:
    return {f.id for f in of_cell(cell.name) if f.pass_ != "forward"}


@pytest.mark.parametrize("steps", [ALL_SIZES, *HORIZONS])
def test_every_derived_formula_is_proved(cell: Cell, steps: int, proofs: Prove) -> None:
    verdicts = proofs(cell.name, steps).right
    assert set(verdicts) == derived(cell)
    assert {i: v.reason for i, v in verdicts.items() if v.outcome != "proved"} == {}


@pytest.mark.parametrize("steps", HORIZONS)
def test_the_unrolled_proof_says_what_it_covers(cell: Cell, steps: int, proofs: Prove) -> None:
    verdicts = proofs(cell.name, steps).right
    h = verdicts[f"{cell.name}.backward.h"].coverage
    assert h == {"T": steps, "D": 3, "H": 2, "entries": 2 * steps}
    x = verdicts[f"{cell.name}.backward.x"].coverage
    assert x["entries"] == 3 * steps
    weight = next(p for p in cell.parameters if p.letter == "W")
    assert verdicts[f"{cell.name}.backward.{weight.name}"].coverage["entries"] == 6
    assert verdicts[f"{cell.name}.backward.{weight.name}_t"].coverage["entries"] == 6 * steps


def test_a_broken_formula_is_refuted_for_all_sizes(cell: Cell, proofs: Prove) -> None:
    verdicts = proofs(cell.name, ALL_SIZES).wrong
    assert set(verdicts) == {f.id for f in wrong_formulas(cell)}
    assert [i for i, v in verdicts.items() if v.outcome != "refuted"] == []
    assert [i for i, v in verdicts.items() if i not in v.reason] == []


@pytest.mark.parametrize("steps", [1, 2])
def test_a_broken_formula_is_refuted_unrolled(cell: Cell, steps: int, proofs: Prove) -> None:
    verdicts = proofs(cell.name, steps).wrong
    believed = [i for i, v in verdicts.items() if v.outcome != "refuted"]
    # In a single step the sum over time is its one term; nothing else may pass.
    expected = [i for i in verdicts if FORGOTTEN in i] if steps == 1 else []
    assert believed == expected
    assert len(verdicts) >= 27


def test_the_broken_formulas_cover_every_kind_of_slip() -> None:
    wrong = [f for cell in cells().values() for f in wrong_formulas(cell)]
    assert len({f.id for f in wrong}) == len(wrong) > 700
    quantities = [f.quantity for f in wrong]
    assert [kind for kind in KINDS if not any(kind in quantity for quantity in quantities)] == []
    assert sum(
        f.id.endswith(f"[{s.label}]") and f.id.startswith(f"{s.formula} ") for s in SLIPS for f in wrong
    ) == len(SLIPS)


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("name", ["lstm", "lstm-linear"])
def test_dropping_what_arrives_through_the_next_step_is_seen_even_in_one_step(
    name: str, steps: int, proofs: Prove
) -> None:
    # At t = T the cotangent on the final c arrives there, so a single step is enough to miss it.
    whole = formula(f"{name}.backward.c")
    dropped = [f for f in broken(whole, cells()[name]) if f.right == whole.right.args[0]]
    assert ["dc_next" in {s.name for s in f.used} for f in (whole, *dropped)] == [True, False]
    verdict = proofs(name, steps).wrong[dropped[0].id]
    assert verdict.outcome == "refuted"
    assert dropped[0].id in verdict.reason


def test_only_the_broken_formula_is_refuted() -> None:
    # What follows goes on from the derivative that SymPy found, so the blame stays where it belongs.
    right = of_cell("lstm")
    wrong = [replace(f, right=f.right.args[0]) if f.id == "lstm.backward.c" else f for f in right]
    verdicts = {f.id: v.outcome for f, v in Unrolled(cells()["lstm"], 1).prove(wrong)}
    assert [i for i, outcome in verdicts.items() if outcome == "refuted"] == ["lstm.backward.c"]
    prover = AllSizes(cells()["lstm"])
    near = [f for f in wrong if f.pass_ == "backward" and f.quantity in ("h", "c", "f", "i", "g", "c_prev")]
    refuted = [f.id for f in near if prover.prove(f).outcome == "refuted"]
    assert refuted == ["lstm.backward.c"]


def test_a_wrong_step_of_a_derivation_is_refuted() -> None:
    right = formula("lstm.backward.i_bar")
    last = right.steps[-1]
    i, di = right.symbols["i"].node, right.symbols["di"].node
    steps = (*right.steps[:-1], replace(last, right=hadamard(i, di)), last)
    verdict = AllSizes(cells()["lstm"]).prove(replace(right, steps=steps))
    assert verdict.outcome == "refuted"
    assert AllSizes(cells()["lstm"]).prove(right).outcome == "proved"


def test_a_refusal_names_the_step() -> None:
    right = formula("lstm.backward.g_bar")
    g = right.symbols["g"].node
    rewritten = next(k for k, s in enumerate(right.steps) if s.rules == ("through-output",))
    wrong = replace(
        right.steps[rewritten], right=hadamard(THROUGH_OUTPUT["sigmoid"](g), right.symbols["dg"].node)
    )
    steps = (*right.steps[:rewritten], wrong, *right.steps[rewritten + 1 :])
    verdict = AllSizes(cells()["lstm"]).prove(replace(right, steps=steps))
    assert verdict.outcome == "refuted"
    assert "through-output" in verdict.reason


def test_the_other_count_is_refuted(cell: Cell) -> None:
    count = formula(f"{cell.name}.count.parameters")
    wrong = broken(count, cell)
    assert len(wrong) == 3
    assert {AllSizes(cell).prove(f).outcome for f in wrong} == {"refuted"}
    assert {v.outcome for _, v in Unrolled(cell, 1).prove(wrong)} == {"refuted"}


def test_the_same_function_of_other_arguments_is_another_value() -> None:
    # tanh(c_t) and tanh(c_{t-1}) must not be taken for one atom.
    right = formula("lstm.backward.o")
    c_prev, dh = right.symbols["c_prev"].node, right.symbols["dh"].node
    wrong = replace(right, right=hadamard(Elementwise("tanh", c_prev), dh))
    assert AllSizes(cells()["lstm"]).prove(wrong).outcome == "refuted"


def test_a_value_that_the_forward_pass_never_computes_is_refuted_unrolled() -> None:
    right = formula("lstm.backward.o")
    c_prev, dh = right.symbols["c_prev"].node, right.symbols["dh"].node
    wrong = replace(right, quantity="o [old]", right=hadamard(Elementwise("tanh", c_prev), dh))
    verdicts = {f.id: v for f, v in Unrolled(cells()["lstm"], 1).prove((*of_cell("lstm"), wrong))}
    assert verdicts[wrong.id].outcome == "refuted"


def test_a_cell_that_was_changed_is_not_proved_by_what_it_was() -> None:
    # The same name, another cell: h = tanh(W x + U (h' ⊙ h') + b). The first cell's gradients are wrong for it.
    rnn = cells()["rnn"]
    h = rnn.states[0]
    W, U, b = rnn.parameters
    changed = replace(
        rnn, equations=(Equation(h, tanh(W @ rnn.inputs[0] + U @ (h.previous * h.previous) + b)),)
    )
    before = {f.id: v.outcome for f, v in Unrolled(rnn, 1).prove(of_cell("rnn"))}
    after = {f.id: v.outcome for f, v in Unrolled(changed, 1).prove(of_cell("rnn"))}
    assert before["rnn.backward.U_t"] == "proved"
    assert after["rnn.backward.U_t"] == "refuted"


def test_a_changed_cell_is_judged_anew_for_all_sizes() -> None:
    rnn = cells()["rnn"]
    h = rnn.states[0]
    W, U, b = rnn.parameters
    changed = replace(
        rnn, equations=(Equation(h, tanh(W @ rnn.inputs[0] + U @ (h.previous * h.previous) + b)),)
    )
    step = formula("rnn.backward.U_t")
    assert [AllSizes(c).prove(step).outcome for c in (rnn, changed, rnn)] == ["proved", "refuted", "proved"]
    assert {AllSizes(changed).prove(f).outcome for f in formulas(changed) if f.pass_ != "forward"} == {
        "proved"
    }
