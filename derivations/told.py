"""What is read off a cell's equations, in plain text for a terminal: what it takes and gives, and how it differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from derivations.derive.table import table
from derivations.language.cell import Cell, Equation
from derivations.language.symbols import Symbol
from derivations.write.layout import statement
from derivations.write.text import text


def inferred(cell: Cell) -> Iterator[str]:
    """Sizes, what is given, what is learned, what is carried on and what the loss reads; each with its shape."""
    yield f"sizes: {', '.join(d.name for d in cell.dimensions)}"
    for title, symbols in (
        ("inputs", cell.inputs),
        ("data of a step, no gradient", cell.data),
        ("data given once, no gradient", cell.constants),
        ("parameters", cell.parameters),
        ("carried on", cell.states),
        ("read by the loss", cell.outputs),
    ):
        if symbols:
            yield f"{title}: {_with_shapes(symbols)}"


def _with_shapes(symbols: Iterable[Symbol]) -> str:
    return ", ".join(
        f"{s.name} ({'×'.join(d.name for d in s.sizes)})" if s.sizes else s.name for s in symbols
    )


def difference(cell: Cell) -> Iterator[str]:
    """For a variant, each equation that is not its parent's, and the parameters that fall away and that come."""
    found = cell.difference
    if found is None or cell.parent is None:
        return
    for old, new in found.changed:
        if new is None and old is not None:
            yield f"without {_said(cell.parent, old)}"
        elif new is not None:
            instead = f"   in place of   {_said(cell.parent, old)}" if old else "   new"
            yield _said(cell, new) + instead
    for symbols, verb in ((found.gone, "falls away"), (found.new, "is new")):
        if symbols:
            plural = {"falls away": "fall away", "is new": "are new"}[verb] if len(symbols) > 1 else verb
            yield f"{', '.join(s.name for s in symbols)} {plural}"


def _said(cell: Cell, equation: Equation) -> str:
    return text(statement(equation.left.node, equation.right.node, table(cell)))
