"""What may be missing on a machine: a test is skipped there with the reason, and fails where it is required."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

import pytest

Program = TypeVar("Program")


def witness(name: str, load: Callable[[str], Program]) -> Program:
    """What `load` makes of the name of a program written by others. Where LSTMREF_REQUIRE_WITNESSES is set, as
    `make witnesses` does, it must be installed.
    """
    try:
        return load(name)
    except ImportError as error:
        if os.environ.get("LSTMREF_REQUIRE_WITNESSES"):
            pytest.fail(f"{name} is required here: {error}", pytrace=False)
        pytest.skip(f"{name}: {error}; `make witnesses` installs it")
