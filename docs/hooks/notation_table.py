"""All notations side by side: for each where it comes from, and for each cell what its symbols are called."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from docs.hooks.catalogue import Record
from docs.hooks.notation_switch import by_kind
from docs.hooks.view import View


def notations(view: View) -> Markup:
    """Each notation with its sources, then a table for each cell; nothing here follows the reader's choice."""
    tables = [table for cell in view.catalogue.cells.values() if (table := _table(view, cell))]
    return view.render("notations.html", kinds=by_kind(view), tables=tables)


def _table(view: View, cell: Record) -> tuple[str, list[str], list[tuple[Record, list[str]]]] | None:
    """The cell, the notations that write it, and its symbols, each in the site's own notation and in all of them."""
    uses = [
        (one["name"], one["cells"][cell["name"]])
        for _, records in by_kind(view)
        for one in records
        if cell["name"] in one["cells"]
    ]
    if not uses:
        return None
    rows = [
        (symbol, [use["inline"].get(symbol["latex"], symbol["latex"]) for _, use in uses])
        for symbol in _symbols(cell)
    ]
    return cell["name"], [name for name, _ in uses], rows


def _symbols(cell: Record) -> Iterator[Record]:
    """Inputs, states, gates, and the parameters of the first gate and of the candidate: the others follow suit."""
    gates = [symbol["of"] for symbol in cell["symbols"] if symbol["role"] == "parameter"]
    shown = {gates[0], *(gate for gate in gates if gate and gate.endswith("-candidate"))}
    for symbol in cell["symbols"]:
        if symbol["role"] == "parameter":
            if symbol["of"] in shown:
                yield symbol
        elif symbol["role"] != "previous-state" and symbol["meaning"] != "pre-activation":
            yield symbol
