"""Runs every test that asks for `name` once for each derived cell that is found."""

import pytest

from derivations.cells import cells


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise by discovery, so that no test can forget a cell."""
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", list(cells()))
