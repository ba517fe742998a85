"""Runs every test that asks for `cell` once for each cell that is found, and proves each cell once a session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest

from derivations.cells import cells
from derivations.derive.catalogue import of_cell
from derivations.derive.formula import Formula
from derivations.language import Cell
from derivations.prove.all_sizes import AllSizes
from derivations.prove.unrolled import Unrolled
from derivations.prove.verdict import Verdict
from tests.engine.broken import broken
from tests.engine.slips import slipped


@dataclass(frozen=True)
class Proofs:
    """The verdicts of one prover on the formulas of a cell and on broken ones, by ID."""

    right: dict[str, Verdict]
    wrong: dict[str, Verdict]


Prove = Callable[[str, int], Proofs]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise by discovery, so that no test can forget a cell."""
    if "cell" in metafunc.fixturenames:
        metafunc.parametrize("cell", cells().values(), ids=cells().keys())


def wrong_formulas(cell: Cell) -> list[Formula]:
    """Every broken formula of a cell that a prover of the backward pass is asked about."""
    derived = [f for f in of_cell(cell.name) if f.pass_ != "forward"]
    return [*(w for f in derived for w in broken(f, cell)), *slipped(cell.name)]


@pytest.fixture(scope="session")
def proofs() -> Prove:
    """Proves a cell for all sizes (steps = 0) or unrolled over so many steps, once."""

    @cache
    def prove(name: str, steps: int) -> Proofs:
        cell, right = cells()[name], of_cell(name)
        wrong = wrong_formulas(cell)
        if steps == 0:
            prover = AllSizes(cell)
            found = {f.id: prover.prove(f) for f in (*right, *wrong) if f.pass_ != "forward"}
        else:
            # Over three steps the right ones alone: each takes its share of the seconds that a cell needs there.
            asked = wrong if steps < 3 else []
            found = {f.id: verdict for f, verdict in Unrolled(cell, steps).prove((*right, *asked))}
        ids = {f.id for f in right}
        return Proofs(
            {i: v for i, v in found.items() if i in ids}, {i: v for i, v in found.items() if i not in ids}
        )

    return prove
