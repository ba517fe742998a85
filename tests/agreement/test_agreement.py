"""Every derived formula of every cell agrees with the witness of the same name, on sizes and numbers of any draw."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lstmref
from derivations.cells import cells
from derivations.derive.catalogue import of_cell
from tests.judges.agreement import check as checker
from tests.judges.agreement.check import Finding, check, error
from tests.judges.example import Sizes, draw, draw_sizes
from tests.judges.printed import value
from tests.judges.shape import letters, of_derived, of_reference, parameter_axes, parameter_shapes

SEEDS = st.integers(0, 2**32 - 1)


def disagreements(findings: dict[str, Finding]) -> dict[str, str]:
    return {i: f"{f.where} ({f.against})" for i, f in findings.items() if not f.agrees}


@pytest.mark.parametrize("one", ["gla", "lstm", "rnn-softmax"])
@given(seed=SEEDS)
@settings(max_examples=8)
def test_every_formula_agrees(one: str, seed: int) -> None:
    """On sizes and numbers of any draw; every cell is compared on the same draws each time, which is evidence."""
    sizes = draw_sizes(np.random.default_rng(seed), letters(cells()[one]))
    findings = check(one, of_cell(one), sizes, seed)
    assert set(findings) == {f.id for f in of_cell(one)}
    assert disagreements(findings) == {}


def test_every_cell_has_a_witness_and_every_witness_a_derivation() -> None:
    assert sorted(cells()) == sorted(lstmref.cells())


def test_the_parameters_have_the_same_names_and_shapes(name: str) -> None:
    cell = cells()[name]
    sizes = Sizes(1, 1, **{letter: n for n, letter in enumerate(letters(cell), 2)})
    derived = {name: sizes.array(axes) for name, axes in parameter_axes(cell).items()}
    assert derived == parameter_shapes(name, sizes.of)
    assert of_derived(cell) == of_reference(name)
    assert tuple(s.name for s in cell.states) == lstmref.cell(name).STATES


def test_a_cell_without_a_witness_fails() -> None:
    with pytest.raises(lstmref.NameSetError, match="'peephole'"):
        check("peephole", of_cell("lstm"), Sizes(3, 2, D=2, H=3), 0)


def test_what_each_kind_of_formula_is_held_against() -> None:
    found = check("lstm", of_cell("lstm"), Sizes(3, 2, D=2, H=3), 1)
    against = {i.removeprefix("lstm."): set(f.against) for i, f in found.items()}
    assert against["forward.h"] == {"lstmref.step_forward", "lstmref.forward"}
    assert against["forward.i"] == {"lstmref.step_forward"}
    assert against["backward.h"] == {"complex-step", "complex-step-inside"}
    assert against["backward.c"] == against["backward.o_bar"] == {"complex-step-inside"}
    assert against["backward.x"] == {"complex-step", "lstmref.backward", "lstmref.step_backward"}
    assert against["backward.c_prev"] == {"complex-step", "lstmref.step_backward"}
    assert against["backward.U_f_t"] == {"complex-step", "lstmref.step_backward"}
    assert against["backward.U_f"] == against["backward.c_0"] == {"complex-step", "lstmref.backward"}
    assert against["count.parameters"] == {"lstmref.parameter_shapes"}
    assert found["lstm.forward.f_bar"].through == "f"


def test_the_gates_are_far_from_linear() -> None:
    # A check in which every slope is about 1 would not miss a lost 1 − tanh².
    for seed in range(20):
        rng = np.random.default_rng(seed)
        sizes = draw_sizes(rng)
        shapes = parameter_shapes("rnn", sizes.of)
        example = draw(rng, sizes, shapes, of_reference("rnn"))
        outputs, _ = lstmref.cell("rnn").forward(example.params, example.inputs["x"], example.initial["h"])
        slope = 1 - outputs.h**2
        assert slope.min() < 0.8
        assert slope.max() > 0.1
        assert sizes.T >= 3
        assert sizes.B >= 2
        assert sizes["D"] != sizes["H"]


def test_an_error_is_relative_and_a_wrong_shape_infinite() -> None:
    expected = np.array([3.0, 4.0])
    assert error(expected, expected) == 0
    assert error(expected * (1 + 1e-6), expected) == pytest.approx(1e-6)
    assert error(np.ones((2, 2)), expected) == float("inf")
    assert error(np.nan, expected) == float("inf")
    assert error(np.array([np.nan, 1.0]), expected) == float("inf")
    assert error(np.ones(2), np.zeros(2)) == float("inf")


def test_what_was_compared_with_nothing_does_not_agree() -> None:
    assert not Finding().agrees
    assert not Finding(worst=2 * checker.TOLERANCE, against=["lstmref.forward"]).agrees


def test_a_formula_may_use_its_own_symbols_only() -> None:
    stranger = of_cell("lstm")[0]
    with pytest.raises(NameError, match="W_i"):
        value(stranger.right, {})
