"""Runs every test that asks for `cell` once for each cell that is found."""

from __future__ import annotations

import pytest

from derivations.cells import cells


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise by discovery, so that no test can forget a cell."""
    if "cell" in metafunc.fixturenames:
        metafunc.parametrize("cell", cells().values(), ids=cells().keys())
