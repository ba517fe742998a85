"""A witness that is not installed is skipped, with the reason; where LSTMREF_REQUIRE_WITNESSES is set, it fails."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.witnesses.shown import load


@pytest.fixture
def program() -> Callable[[str], Any]:
    """Gives the module of a program by its name."""

    def get(name: str) -> Any:
        try:
            return load(name)
        except ImportError as error:
            if os.environ.get("LSTMREF_REQUIRE_WITNESSES"):
                pytest.fail(f"{name} is required here: {error}", pytrace=False)
            pytest.skip(f"{name}: {error}; `make witnesses` installs it")

    return get
