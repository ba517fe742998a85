"""What a formula takes for granted: real numbers, sizes, the step it speaks of, and where its functions are smooth.

A total derivative passes through everything between a quantity and the loss, later steps included. Where a function
on the way has a derivative only under a condition, the formula rests on that condition.
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import MatrixSymbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language.cell import Cell
from derivations.language.expressions import parts, symbols_in
from derivations.language.primitives import row
from derivations.language.row import Primitive
from derivations.language.symbols import Symbol

REAL, SIZES, STEP, SUM, START = "real-valued", "sizes", "time-step", "sum-over-time", "initial-state"


class Assumptions:
    """Gives the keys of the assumptions of each formula of a cell; the docs word them."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self._reads = {e.left.name: {n.name for n in symbols_in(e.right.node)} for e in cell.steps}
        self._rows = {e.left.name: list(_rows_in(e.right.node)) for e in cell.steps}

    def of_value(self, node: MatrixExpr) -> tuple[str, ...]:
        """Of a forward equation: where its functions have a value."""
        return _keys(REAL, SIZES, STEP, *(key for one in _rows_in(node) for key in one.defined))

    def of_step(self, symbol: Symbol) -> tuple[str, ...]:
        """Of a backward formula of one step."""
        return _keys(REAL, SIZES, STEP, *self._smooth(symbol))

    def at_start(self, symbol: Symbol) -> tuple[str, ...]:
        """Of the gradient of an initial state."""
        return _keys(REAL, SIZES, START, *self._smooth(symbol))

    def over_time(self, symbol: Symbol) -> tuple[str, ...]:
        """Of a gradient that is summed over time."""
        return _keys(REAL, SIZES, SUM, *self._smooth(symbol))

    def of_count(self) -> tuple[str, ...]:
        return (SIZES,)

    def _smooth(self, symbol: Symbol) -> list[str]:
        """Of every function between the symbol and the loss, at this step and at later ones."""
        carried = {s.name: s.previous.name for s in self._cell.states}
        reached, waiting = set[str](), [symbol.name, *_after(carried, symbol.name)]
        while waiting:
            name = waiting.pop()
            for left in [left for left, read in self._reads.items() if name in read and left not in reached]:
                reached.add(left)
                waiting += [left, *_after(carried, left)]
        steps = [e.left.name for e in self._cell.steps if e.left.name in reached]
        return [key for name in steps for one in self._rows[name] for key in one.smooth]


def _after(carried: dict[str, str], name: str) -> list[str]:
    """What the next step calls a state."""
    return [carried[name]] if name in carried else []


def _keys(*keys: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(keys))


def _rows_in(node: MatrixExpr) -> Iterator[Primitive]:
    if isinstance(node, MatrixSymbol):
        return
    yield row(node)
    for part in parts(node):
        yield from _rows_in(part)
