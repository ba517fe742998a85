"""A framework that is not installed is skipped, with the reason; where LSTMREF_REQUIRE_WITNESSES is set, it fails."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from docs.hooks import conventions
from docs.hooks.conventions import Conventions
from tests.conventions.judge import DOCS, Program, load


@pytest.fixture
def program() -> Callable[[str], Program]:
    """Gives the module of a framework by its key."""

    def get(name: str) -> Program:
        try:
            return load(name)
        except ImportError as error:
            if os.environ.get("LSTMREF_REQUIRE_WITNESSES"):
                pytest.fail(f"{name} is required here: {error}", pytrace=False)
            pytest.skip(f"{name}: {error}; `make witnesses` installs it")

    return get


@pytest.fixture(scope="session")
def facts() -> Conventions:
    """What is stated of the frameworks."""
    return conventions.load(DOCS)
