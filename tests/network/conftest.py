"""Runs every test that asks for `cell` once for each cell that is found; skips witnesses that are not installed."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any

import pytest

import lstmref


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise by discovery, so that no test can forget a cell."""
    if "cell" in metafunc.fixturenames:
        metafunc.parametrize("cell", lstmref.cells())


@pytest.fixture
def installed() -> Callable[[str], Any]:
    """Gives a module; skips, with the reason, where it is missing, and fails where witnesses are required."""

    def get(name: str) -> Any:
        try:
            return importlib.import_module(name)
        except ImportError as error:
            if os.environ.get("LSTMREF_REQUIRE_WITNESSES"):
                pytest.fail(f"{name} is required here: {error}", pytrace=False)
            pytest.skip(f"{name}: {error}; `make witnesses` installs it")

    return get
