"""Runs the contract once for each cell that is found."""

import pytest

import lstmref


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise by discovery, so that no test can forget a cell."""
    if "cell" in metafunc.fixturenames:
        found = lstmref.cells()
        metafunc.parametrize("cell", found.values(), ids=found.keys())
    if "step" in metafunc.fixturenames:
        metafunc.parametrize("step", [True, False], ids=["step", "sequence"])
