"""Loops through time for the few cells that need speed, found by the names of the cells they serve.

A module here that has `LOOPS` says which: each loop has the two functions of `lstmref.sequence.Steps`, gives the same
to rounding, and is the default for its cell. Work that does not wait for the step before is done for many steps at
once (`affine`, in `chunks`), the gates share one product (`stacking`, `tiles`), and arrays begin where the processor
likes it (`alignment`). `compiled` has some loops compiled, for those who ask for them.
"""

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple


class Loop(NamedTuple):
    """The loop of one cell, over arrays that are right, of any one dtype."""

    # params by name, the other arguments in order (x (T, B, D) first), sizes: outputs in order, and what to keep
    forward: Callable[[dict[str, Any], list[Any], dict[str, int]], tuple[Any, Any]]
    # cotangents by name, what was kept, sizes: gradients by name
    backward: Callable[[dict[str, Any], Any, dict[str, int]], dict[str, Any]]


def loop(module: str) -> Loop | None:
    """The fast loop of the cell in the module of that name; None if it has none.

    Examples:
        >>> loop("lstmref.cells.lstm") is None, loop("lstmref.cells.gla") is None
        (False, True)
    """
    package, _, name = module.rpartition(".")
    return _found().get(name) if package == "lstmref.cells" else None


@cache
def _found() -> dict[str, Loop]:
    found: dict[str, Loop] = {}
    for info in pkgutil.iter_modules(__path__):
        found |= getattr(importlib.import_module(f"{__name__}.{info.name}"), "LOOPS", {})
    return found
