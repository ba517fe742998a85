"""Runs what other folders try on two cells with every cell that is found: `make test-deep`, not `make test`.

A test of another folder is imported by a module of its name here, and gets all cells that it can be asked about.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

import lstmref
from lstmref import Cell, fast
from lstmref.network.architecture import stackable
from tests.lstmref.equations import EQUATIONS


def _reads_x(cell: Cell) -> bool:
    """It has the names that these tests use: x, and h over time."""
    return list(cell.LAYOUT.inputs) == ["x"] and list(cell.LAYOUT.outputs) == ["h"] and "h" in cell.STATES


# By the start of a module's name, what a cell must have; the first that fits counts.
ASKED: dict[str, Callable[[str, Cell], bool]] = {
    "test_network_": lambda name, cell: name in stackable() and set(cell.LAYOUT.letters) == {"D", "H"},
    "test_arrays_precision": lambda name, cell: name in EQUATIONS,
    "test_arrays_gradients": lambda name, cell: True,
    "test_arrays_threads": lambda name, cell: True,
    "test_loop_long_sequences": lambda name, cell: fast.loop(cell.__name__) is not None,
    "test_": lambda name, cell: _reads_x(cell),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise by discovery, so that no test can forget a cell."""
    module = metafunc.module.__name__.rpartition(".")[2]
    if "cell" in metafunc.fixturenames:
        asked = next(asks for start, asks in ASKED.items() if module.startswith(start))
        found = {name: cell for name, cell in lstmref.cells().items() if asked(name, cell)}
        by_name = module.startswith("test_network_")
        metafunc.parametrize("cell", list(found) if by_name else list(found.values()), ids=list(found))
    if "step" in metafunc.fixturenames:
        metafunc.parametrize("step", [True, False], ids=["step", "sequence"])
