"""Runs every test that asks for `cell` or `step` once for each cell that is found, and for both passes."""

import pytest

import lstmref
from lstmref import Cell


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise by discovery, so that no test can forget a cell."""
    if "cell" in metafunc.fixturenames:
        found: dict[str, Cell] = lstmref.cells()
        metafunc.parametrize("cell", found.values(), ids=found.keys())
    if "step" in metafunc.fixturenames:
        metafunc.parametrize("step", [True, False], ids=["step", "sequence"])
