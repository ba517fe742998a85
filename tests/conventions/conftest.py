"""Gives the frameworks that are installed, and what is stated of them; others as tests/required.py has it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from docs.hooks import conventions
from docs.hooks.conventions import Conventions
from tests.judges.conventions.judge import DOCS, Program, load
from tests.required import witness


@pytest.fixture
def program() -> Callable[[str], Program]:
    """Gives the module of a framework by its key."""
    return partial(witness, load=load)


@pytest.fixture(scope="session")
def facts() -> Conventions:
    """What is stated of the frameworks."""
    return conventions.load(DOCS)
