"""Each witness agrees with the derived formulas, and is compared with all that it can show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from derivations.cells import cells
from derivations.derive.catalogue import formulas
from tests.judges.witnesses import report
from tests.judges.witnesses.report import witness
from tests.judges.witnesses.shown import CONFIGURATIONS, configurations, names, run

pytestmark = pytest.mark.witness

LIGHT = ("jax", "onnxruntime")  # `make derive` has run these on every cell
FEW = ("gla", "lstm", "gru-after")


def final_results(cell: str) -> set[str]:
    """What a layer gives back: states, and gradients in what it is given."""
    found = cells()[cell]
    gradients = [p.name for p in (*found.inputs, *(s.initial for s in found.states), *found.parameters)]
    return {f"{cell}.forward.{s.name}" for s in found.states} | {f"{cell}.backward.{n}" for n in gradients}


def expected(name: str, program: Any) -> set[str]:
    """The formulas that a witness must be compared with."""
    if name == "jax":
        has = {i: f for i, f in formulas().items() if f.cell in program.CELLS}
        return {i for i, f in has.items() if f.pass_ in ("forward", "backward")}
    found = {i for cell in program.CELLS for i in final_results(cell)}
    if name == "onnxruntime":
        return {i for i in found if ".forward." in i}
    one_bias = [cell for cell in program.CELLS if name == "keras" and not program.GATES[cell].two_biases]
    return found | {f"{cell}.count.parameters" for cell in one_bias}


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_agrees(name: str, program: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Few examples: of all of them every cell's evidence tells, or `make witnesses` where a program is heavy."""
    module, said = program(name), set()
    assert CONFIGURATIONS >= 50
    if name in LIGHT:
        monkeypatch.setattr(report, "CONFIGURATIONS", 3)
        monkeypatch.setattr(module, "CELLS", [cell for cell in module.CELLS if cell in FEW])
    for cell in module.CELLS:
        found = witness(name, cell)
        assert found is not None
        assert found["outcome"] == "checked", found["reason"]
        assert all(record["outcome"] == "checked" for record in found["formulas"].values())
        assert all(record["worst"] <= found["tolerance"] for record in found["formulas"].values())
        said |= found["formulas"].keys()
    assert said == expected(name, module)


@pytest.mark.parametrize("name", names())
def test_what_is_drawn_hides_no_slip(name: str, program: Callable[[str], Any]) -> None:
    for cell in program(name).CELLS:
        drawn = configurations(name, cell)
        assert len({seed for _, seed in drawn}) == len(drawn)
        assert all(s.B >= 2 and len(set(s.of.values())) == len(s.of) for s, _ in drawn)
        assert sum(s.T >= 3 for s, _ in drawn) > 0.8 * len(drawn)


def test_every_cell_has_a_step_for_jax(program: Callable[[str], Any]) -> None:
    """One that has none is recorded as not run; here it is said which."""
    lacking = sorted(set(cells()) - set(program("jax").CELLS))
    assert lacking == [], f"no step in tests/judges/witnesses/programs/jax/steps of {', '.join(lacking)}"
    assert sorted(set(program("jax").CELLS) - set(cells())) == []


def test_a_cell_without_a_step_has_not_run(
    program: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program("jax"), "CELLS", ("lstm",))
    assert witness("jax", "rnn") == {"outcome": "not-run", "reason": "jax has no step of rnn"}
    monkeypatch.setattr(program("onnxruntime"), "CELLS", ("lstm",))
    assert witness("onnxruntime", "rnn") is None


def test_lengths_within_a_batch_differ(program: Callable[[str], Any]) -> None:
    """ONNX Runtime is shown samples of unequal lengths, of which one is whole."""
    shorter = 0
    for cell in program("onnxruntime").CELLS:
        for sizes, seed in configurations("onnxruntime", cell, 10):
            _, shown = run("onnxruntime", cell, sizes, seed)
            of_h = [s.seen for s in shown if s.formula == "forward.h"]
            assert len(of_h) == 2
            steps, end = of_h
            assert steps is not None
            assert end is not None
            lengths = steps.sum(axis=0)
            assert lengths.max() == sizes.T
            assert (end.sum(axis=0) == 1).all()
            assert (end.argmax(axis=0) == lengths - 1).all()
            shorter += int(lengths.min() < sizes.T)
    assert shorter >= 10


def test_the_two_biases_of_a_candidate_differ(program: Callable[[str], Any]) -> None:
    """PyTorch's b_in and b_hn have different gradients; the two of any other gate have one and the same."""
    program("torch")
    sizes, seed = configurations("torch", "gru-after", 1)[0]
    _, shown = run("torch", "gru-after", sizes, seed)
    found: dict[str, list[Any]] = {}
    for s in shown:
        found.setdefault(s.formula, []).append(s.values)
    assert {len(found[f"backward.{name}"]) for name in ("b_r", "b_z")} == {2}
    for name in ("b_r", "b_z"):
        of_x, of_h = found[f"backward.{name}"]
        np.testing.assert_allclose(of_x, of_h, rtol=1e-12)
    (b_nx,), (b_nh,) = found["backward.b_nx"], found["backward.b_nh"]
    assert (np.abs(b_nx - b_nh) > 1e-6).all()
