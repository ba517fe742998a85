"""Gives the programs that bear witness; one that is not installed is skipped, or fails, as tests/required.py has it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.judges.witnesses.shown import load
from tests.required import witness


@pytest.fixture
def program() -> Callable[[str], Any]:
    """Gives the module of a program by its name."""
    return partial(witness, load=load)
