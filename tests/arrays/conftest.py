"""Runs every test that asks for `cell` once for each of two cells, and for both passes.

What these tests try is the same code for every cell: `lstmref.check`, `lstmref.step`, `lstmref.sequence`. One cell has
a fast loop, the other the general one, and states of two sizes. `make test-deep` runs them with every cell.
"""

import pytest

import lstmref

CELLS = ("lstm", "lstmp")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise."""
    if "cell" in metafunc.fixturenames:
        metafunc.parametrize("cell", [lstmref.cell(name) for name in CELLS], ids=CELLS)
    if "step" in metafunc.fixturenames:
        metafunc.parametrize("step", [True, False], ids=["step", "sequence"])
