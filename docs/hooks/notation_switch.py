"""The choice of a notation on a page with formulas: what stands in its head, and the control above its text."""

from __future__ import annotations

import json
from typing import Final

from markupsafe import Markup

from docs.hooks import notations
from docs.hooks.catalogue import Record
from docs.hooks.view import View

# Where the templates of the pages leave room for them.
_HEAD: Final = "<!--notation-head-->"
_BAR: Final = "<!--notation-bar-->"
# The page that explains the notations offers them, too; nothing on it changes.
_ABOUT: Final = "notation/"
# How long a page stays hidden at most while the formulas of a remembered choice come, in milliseconds.
WAIT: Final = 2000


def put(view: View, html: str, conventions: str) -> str:
    """A whole page with the choice of a notation, if it shows formulas that differ.

    `conventions` is the address of the page that tells which cell a framework has.
    """
    cells = notations.on_page(html)
    offered = bool(cells) or view.url == _ABOUT
    parts = {
        _HEAD: _head(view, cells) if offered else "",
        _BAR: _bar(view, cells, conventions) if offered else "",
    }
    for place, part in parts.items():
        html = html.replace(place, part, 1)
    return html


def _head(view: View, cells: list[str]) -> Markup:
    found = view.site.notations
    data = {
        "folder": view.shared + found.folder,
        "cells": cells,
        "written": {
            name: [one for one in written if one in cells] for name, written in found.written().items()
        },
    }
    # In a script nothing is escaped, so that no text may end it.
    text = json.dumps(data, separators=(",", ":")).replace("<", r"\u003c")
    return view.render("notation_head.html", data=Markup(text), wait=WAIT)


def _bar(view: View, cells: list[str], conventions: str) -> Markup:
    written = view.site.notations.written()
    names = {
        name: [view.words.say(f"cells.{cell}") for cell in cells if cell not in having]
        for name, having in written.items()
    }
    return view.render(
        "notation_bar.html", kinds=by_kind(view), cells=cells, names=names, conventions=conventions
    )


def by_kind(view: View) -> list[tuple[str, list[Record]]]:
    """The notations as a reader looks for them: frameworks, then papers, each by name."""

    def name(record: Record) -> str:
        return view.words.say(f"notation-names.{record['name']}").lower()

    records = sorted(view.site.notations.records, key=name)
    return [(kind, [one for one in records if one["kind"] == kind]) for kind in ("framework", "paper")]
