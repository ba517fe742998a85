"""Mutants: enough of every kind, none the formula itself, and each proof refuses those that it can judge."""

from __future__ import annotations

from collections import Counter

import pytest

from derivations.cells import cells
from derivations.derive.catalogue import formula, of_cell
from derivations.language.expressions import show
from derivations.mutants.generate import Mutant, mutants
from derivations.mutants.judge import fate, mutants_of, refused_by, summary
from derivations.mutants.kinds import KINDS
from derivations.prove.all_sizes import AllSizes
from derivations.prove.unrolled import Unrolled


def of(formula_id: str) -> list[Mutant]:
    f = formula(formula_id)
    return list(mutants(f, cells()[f.cell]))


def written(formula_id: str, kind: str) -> set[str]:
    return {show(m.broken.right) for m in of(formula_id) if m.kind == kind and m.broken is not None}


def test_there_are_enough_and_of_every_kind() -> None:
    """That each formula of each cell has some, none twice, tests/contract says."""
    kinds = Counter(m.kind for name in ("gla", "gru", "lstm", "rnn") for m in mutants_of(name))
    assert kinds.total() >= 1500
    assert set(kinds) == set(KINDS)


def test_the_published_slip_is_among_them() -> None:
    """nicodjimenez/lstm, pull request 49: ``ds = o * top_diff_h`` without ``top_diff_s``."""
    dropped = {
        show(m.broken.right)
        for m in of("lstm-linear.backward.c")
        if m.kind in ("overwritten", "drop-term") and m.broken
    }
    assert "o ⊙ dh" in dropped


@pytest.mark.parametrize(
    ("formula_id", "kind", "expected"),
    [
        ("lstm.backward.i", "swap-gates", "f ⊙ dc"),
        ("lstm.backward.i", "shift-time", "g ⊙ dc_after"),
        ("lstm.backward.f", "shift-time", "c ⊙ dc"),
        ("lstm.backward.o_bar", "value-for-slope", "o ⊙ do"),
        ("lstm.backward.g_bar", "value-for-slope", "g ⊙ dg"),
        ("rnn.backward.h_prev", "transpose-weight", "U dh_bar"),
        ("rnn.backward.U_t", "transpose-outer", "h_prev dh_barᵀ"),
        ("gru.backward.n", "complement", "(1 + -1 z) ⊙ dh"),
        ("gru-after.backward.b_nh_t", "drop-factor", "dn_bar"),
        ("lstm.backward.x", "drop-term", "W_fᵀ df_bar + W_oᵀ do_bar + W_gᵀ dg_bar"),
        (
            "lstm.backward.c",
            "pre-activation",
            "o_bar ⊙ (1 + -1 HadamardPower(Elementwise(tanh, c), 2)) ⊙ dh + dc_next",
        ),
    ],
)
def test_mistakes_that_people_make(formula_id: str, kind: str, expected: str) -> None:
    assert expected in written(formula_id, kind)


def test_one_step_for_the_sum_over_time() -> None:
    found = {m.kind: m.broken for m in of("rnn.backward.b") if m.kind in ("not-summed", "overwritten")}
    assert {kind: broken.right.when for kind, broken in found.items() if broken} == {
        "not-summed": "T",
        "overwritten": "1",
    }


def test_shapes_refuse_what_does_not_fit() -> None:
    refused = {m.kind for m in of("rnn.backward.W") if m.broken is None}
    assert "transpose-outer" in refused


@pytest.mark.proof
@pytest.mark.parametrize("name", ["rnn"])
def test_the_proof_for_all_sizes_refuses_every_mutant(name: str) -> None:
    judged = refused_by(AllSizes(cells()[name]), name)
    assert judged
    assert [i for i, refused in judged.items() if not refused] == []


@pytest.mark.proof
def test_one_step_does_not_see_a_missing_sum_over_time() -> None:
    """The weakness of T = 1, and that two steps do not have it."""
    missed: dict[int, list[str]] = {}
    for steps in (1, 2):
        prover = Unrolled(cells()["rnn"], steps)
        assert all(verdict.outcome == "proved" for _, verdict in prover.prove(of_cell("rnn")))
        missed[steps] = [i for i, refused in refused_by(prover, "rnn").items() if not refused]
    assert {i.split("/")[1] for i in missed[1]} == {"not-summed", "overwritten"}
    assert missed[2] == []


def test_fates() -> None:
    assert fate({"all-sizes": False, "agreement": True}) == "caught"
    assert fate({"all-sizes": False, "agreement": False}) == "equivalent"
    assert fate({"agreement": False}) == "survived"
    assert fate({}) == "not-judged"


def test_the_summary_counts() -> None:
    proofs = {"all-sizes": {m.id: True for m in mutants_of("rnn") if m.broken and m.of.pass_ != "forward"}}
    first = next(iter(proofs["all-sizes"]))
    proofs["all-sizes"][first] = False
    numbers = {m.id: True for m in mutants_of("rnn") if m.broken}
    lazy = next(m.id for m in mutants_of("rnn") if m.broken and m.of.pass_ == "forward")
    numbers |= {first: False, lazy: False}
    found = summary(["rnn"], proofs, numbers)
    assert found["equivalent"] == [first]
    assert found["survived"] == [lazy]
    total = found["total"]
    assert total["generated"] == len(mutants_of("rnn"))
    assert total["caught"] == total["generated"] - 2


@pytest.mark.proof
def test_only_exchanged_factors_are_equivalent() -> None:
    """i ⊙ g for g ⊙ i is no mistake, and the exact proof says so; no number could."""
    judged = refused_by(AllSizes(cells()["lstm-linear"]), "lstm-linear")
    equal = [i for i, refused in judged.items() if not refused]
    broken = {m.id: m.broken.right for m in mutants_of("lstm-linear") if m.broken is not None}
    assert [show(broken[i]) for i in equal] == ["i ⊙ g + c_prev ⊙ f"]
