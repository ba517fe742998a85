"""Runs every test that asks for `cell` once for each cell that has a fast loop."""

import pytest

import lstmref
from lstmref import fast


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise by discovery, so that no loop is forgotten."""
    if "cell" in metafunc.fixturenames:
        found = {name: cell for name, cell in lstmref.cells().items() if fast.loop(cell.__name__)}
        metafunc.parametrize("cell", found.values(), ids=found.keys())
