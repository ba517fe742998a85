"""What takes part in a comparison."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.case import Numbers


@dataclass(frozen=True)
class Contestant:
    """`run` is what is timed: forward and backward of a sequence, or forward alone. `named` turns what it returned into
    numbers that can be compared; it is not timed, and None where there is nothing to compare."""

    run: Callable[[], Any]
    named: Callable[[Any], Numbers] | None
