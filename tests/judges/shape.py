"""What a cell is given, carries and shows: names and axes, read off the derived cell or off the reference.

The only place where the judges ask a cell or a formula what it is made of: what differs between cells, and between
versions of the two interfaces, is told apart here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import lstmref
from derivations.derive.formula import Formula
from derivations.derive.table import table
from derivations.language import Cell, Symbol
from derivations.language.expressions import Key

Axes = tuple[str, ...]  # the letters of an array's sizes: ("H", "D") of a matrix, () of a number
Table = Mapping[str, Axes]


@dataclass(frozen=True)
class Shape:
    """The names and axes of all that passes between a cell and the world; (T, B) and (B,) in front are left out.

    Attributes:
        inputs, data: given at every step; of data no gradient is asked.
        constants: data that are given once, for all steps and samples.
        states: carried from step to step.
        outputs: what the loss reads at every step, carried or not.
    """

    inputs: Table
    states: Table
    outputs: Table
    data: Table = field(default_factory=dict)
    constants: Table = field(default_factory=dict)

    @property
    def given(self) -> dict[str, Axes]:
        """What every step is given from outside."""
        return {**self.inputs, **self.data}


def axes(symbol: Symbol) -> Axes:
    """The axes of a symbol as an array: a column and a row have one, a number has none."""
    return tuple(str(n) for n in symbol.shape if n != 1)


def _table(symbols: Any) -> dict[str, Axes]:
    return {s.name: axes(s) for s in symbols}


def of_derived(cell: Cell) -> Shape:
    """As the forward equations have it."""
    return Shape(
        _table(cell.inputs),
        _table(cell.states),
        _table(cell.outputs),
        _table(cell.data),
        _table(cell.constants),
    )


def of_reference(name: str) -> Shape:
    """As the cell of this name in `lstmref` has it.

    Raises:
        lstmref.NameSetError: there is none.
    """
    module = lstmref.cell(name)
    layout = getattr(module, "LAYOUT", None)
    if layout is None:  # a module from before there were layouts: x, vectors of H, the first of them read
        states = dict.fromkeys(module.STATES, ("H",))
        return Shape({"x": ("D",)}, states, {module.STATES[0]: ("H",)})
    return Shape(
        dict(layout.inputs),
        dict(layout.states),
        dict(layout.outputs),
        dict(layout.data),
        dict(layout.constants),
    )


def shapes(cell: Cell) -> dict[str, tuple[Any, ...]]:
    """The shape, two sizes, of every symbol of a step by its name."""
    return {s.name: s.shape for s in cell.symbols}


def names(cell: Cell) -> dict[Key, str]:
    """What is called how: the name, in code, of everything that a formula of the cell may speak of."""
    return {s.key: s.name for s in table(cell).values()}


def parameter_shapes(name: str, sizes: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """The arrays that the reference of this name learns, at these sizes.

    Raises:
        lstmref.NameSetError: there is no cell of this name.
    """
    module: Any = lstmref.cell(name)
    found: dict[str, tuple[int, ...]] = module.parameter_shapes(**sizes)
    return found


def letters(cell: Cell) -> Axes:
    """The letters of a cell's sizes, D, H, …, in its own order."""
    return tuple(d.name for d in cell.dimensions)


def parameter_axes(cell: Cell) -> dict[str, Axes]:
    """The axes of every parameter, as the forward equations have them."""
    return _table(cell.parameters)


# Formulas.


def of(f: Formula) -> Symbol:
    """What a backward formula gives the cotangent of.

    Raises:
        TypeError: its left side is no cotangent.
    """
    if f.left.cotangent_of is None:
        raise TypeError(f"{f.id}: expected a cotangent on the left, got {f.left.name}")
    return f.left.cotangent_of


def is_initial(f: Formula) -> bool:
    """Whether a formula gives the gradient of an initial state."""
    return f.pass_ == "backward" and of(f).role == "initial-state"


def is_total(f: Formula) -> bool:
    """Whether a formula gives the gradient of a parameter over all steps."""
    return f.pass_ == "backward" and of(f).role == "parameter" and not f.left.through


def is_contribution(f: Formula) -> bool:
    """Whether a formula gives what one step contributes to the gradient of a parameter."""
    return f.pass_ == "backward" and of(f).role == "parameter" and bool(f.left.through)


def is_of_step(f: Formula) -> bool:
    """Whether a formula is computed in every step of the backward pass."""
    return f.pass_ == "backward" and of(f).role not in {"parameter", "initial-state"}


def state_of(cell: Cell, symbol: Symbol) -> str:
    """The name of the state whose previous or initial value a symbol is.

    Raises:
        KeyError: it is neither.
    """
    for s in cell.states:
        if symbol.name in (s.previous.name, s.initial.name):
            return s.name
    raise KeyError(f"{cell.name}: {symbol.name} is no state before a step")


def parameter_of(f: Formula) -> str:
    """The name of what a formula about a gradient gives the gradient of."""
    return of(f).name


def at_first(cell: Cell, constant: Collection[str], known: Iterable[str]) -> dict[str, str]:
    """What a formula about the first step calls what is known of a step: by our name for it, its name there.

    What is constant keeps its name; the state before the step is the initial one.
    """
    before = {s.previous.name: s.initial.name for s in cell.states}
    return {n: n if n in constant else before.get(n, f"{n}_1") for n in known}


def loss_of(output: str) -> str:
    """What a formula calls that which the loss puts on an output at step t."""
    return f"d{output}_loss"


def arriving(state: str) -> str:
    """What a formula calls the cotangent that a state gets from the step after."""
    return f"d{state}_next"
