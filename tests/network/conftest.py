"""Runs every test that asks for `cell` once for each cell that is found; gives the witnesses that are installed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

import lstmref
from tests.required import witness


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise by discovery, so that no test can forget a cell."""
    if "cell" in metafunc.fixturenames:
        metafunc.parametrize("cell", lstmref.cells())


@pytest.fixture
def installed() -> Callable[[str], Any]:
    """Gives a module by its name; what happens where it is missing, see tests/required.py."""
    return partial(witness, load=importlib.import_module)
