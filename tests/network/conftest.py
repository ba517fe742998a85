"""Runs every test that asks for `cell` once for each of two cells; gives the witnesses that are installed.

A network runs a cell by its `forward` and `backward`, which are the same code for all; that each can be stacked is part
of tests/contract. `make test-deep` runs these tests with every cell.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.required import witness


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise: a cell with two states, and one with one."""
    if "cell" in metafunc.fixturenames:
        metafunc.parametrize("cell", ["lstm", "gru"])


@pytest.fixture
def installed() -> Callable[[str], Any]:
    """Gives a module by its name; what happens where it is missing, see tests/required.py."""
    return partial(witness, load=importlib.import_module)
