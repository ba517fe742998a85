"""Each witness catches each broken formula of a cell that it has, and a wrong order of gates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from derivations.derive.catalogue import formula, of_cell
from tests.judges.witnesses.report import findings
from tests.judges.witnesses.shown import names
from tests.witnesses.breaks import BACKWARD, FORWARD, Break

pytestmark = pytest.mark.witness

FEW = 4  # configurations; one would do


def refuted(name: str, cell: str, tolerance: float, *instead: Break, count: int = FEW) -> set[str]:
    """The IDs of the formulas that a witness refutes when some are broken."""
    broken = {b.formula: b.made() for b in instead}
    given = [broken.get(f.id, f) for f in of_cell(cell)]
    return {i for i, found in findings(name, cell, given, count).items() if found.worst > tolerance}


@pytest.mark.parametrize("name", names())
def test_every_broken_formula_is_caught(name: str, program: Callable[[str], Any]) -> None:
    module = program(name)
    # ONNX Runtime only infers, so nothing is said of a gradient there.
    breaks = FORWARD if name == "onnxruntime" else (*FORWARD, *BACKWARD)
    tried = [b for b in breaks if b.cell in module.CELLS]
    assert len({b.kind for b in tried}) >= 8
    missed, blamed = [], []
    for b in tried:
        assert b.made().right != formula(b.formula).right
        found = refuted(name, b.cell, module.TOLERANCE, b, count=1 if name == "jax" else FEW)
        if not found:
            missed.append(f"{b.formula}: {b.kind}")
        if name == "jax" and found != {b.formula}:
            blamed.append(f"{b.formula}: {b.kind}: {sorted(found)}")
    assert missed == []
    # JAX shows every quantity, so the error is charged to the broken formula and to no other.
    assert blamed == []


@pytest.mark.parametrize("name", [name for name in names() if name != "jax"])
def test_a_wrong_order_of_gates_is_caught(
    name: str, program: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = program(name)
    tried = 0
    for cell in module.CELLS:
        right = module.GATES[cell]
        for one, other in combinations(right.order, 2):
            exchanged = {one: other, other: one}
            order = tuple(exchanged.get(gate, gate) for gate in right.order)
            monkeypatch.setitem(module.GATES, cell, replace(right, order=order))
            assert refuted(name, cell, module.TOLERANCE, count=2), f"{cell}: {one} and {other} exchanged"
            tried += 1
        monkeypatch.setitem(module.GATES, cell, right)
    assert tried >= 9


@pytest.mark.parametrize(("name", "cell"), [("onnxruntime", "gru"), ("keras", "gru")])
def test_the_other_meaning_of_z_is_caught(
    name: str, cell: str, program: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = program(name)
    assert refuted(name, cell, module.TOLERANCE, count=2) == set()
    monkeypatch.setitem(module.GATES, cell, replace(module.GATES[cell], negated=()))
    assert f"{cell}.forward.h" in refuted(name, cell, module.TOLERANCE, count=2)
