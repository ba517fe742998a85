"""Finds the cells by looking: a module of `lstmref.cells` that defines `parameter_shapes` is a cell.

A new cell needs a new file and no entry in a list.
"""

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol, cast

from lstmref.errors import KindError, NameSetError
from lstmref.layout import Layout

INTERFACE = ("LAYOUT", "STATES", "parameter_shapes", "step_forward", "step_backward", "forward", "backward")


class Cell(Protocol):
    """What every cell module offers; the modules' own docstrings give shapes and errors.

    LAYOUT names and shapes what its functions take and give: see `lstmref.layout`; STATES are its states in order,
    ("h",) or ("h", "c"). `parameter_shapes` takes the sizes of the letters of LAYOUT by name.
    """

    __name__: str
    LAYOUT: Layout
    STATES: tuple[str, ...]
    parameter_shapes: Callable[..., dict[str, tuple[int, ...]]]
    step_forward: Callable[..., tuple[Any, Any]]
    step_backward: Callable[..., dict[str, Any]]
    forward: Callable[..., tuple[Any, Any]]
    backward: Callable[..., dict[str, Any]]


def cells() -> dict[str, Cell]:
    """All cells by hyphenated name, sorted: the module `lstm_linear` is the cell "lstm-linear".

    Raises:
        TypeError: if a module defines `parameter_shapes` but not the rest of the interface.

    Examples:
        >>> cells()["lstm-linear"].STATES
        ('h', 'c')
    """
    return dict(_found())


def cell(name: str) -> Cell:
    """The cell of that hyphenated name.

    Raises:
        NameSetError: for another; it names the cells there are.
        KindError: for what is no text.

    Examples:
        >>> cell("gru").parameter_shapes(1, 2)["U_r"]
        (2, 2)
    """
    if not isinstance(name, str):
        raise KindError(f"cell: expected a name, got {type(name).__name__}")
    found = cells()
    if name not in found:
        raise NameSetError(f"cell: expected one of {', '.join(found)}, got {name!r}")
    return found[name]


@cache
def _found() -> tuple[tuple[str, Cell], ...]:
    package = importlib.import_module(f"{__package__}.cells")
    found = []
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{__package__}.cells.{info.name}")
        if not hasattr(module, "parameter_shapes"):
            continue
        lacking = [name for name in INTERFACE if not hasattr(module, name)]
        if lacking:
            raise TypeError(f"{module.__name__}: expected a cell, but it lacks {', '.join(lacking)}")
        found.append((info.name.replace("_", "-"), cast(Cell, module)))
    return tuple(found)
