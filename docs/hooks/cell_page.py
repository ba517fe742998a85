"""The page of a cell: what its prose file says, put into the slots of the one template, `templates/cell.md`.

A prose file opens with its lead and names each further part by a line such as `{{slot pitfalls}}`. What every cell's
page has, headings with their anchors and generated blocks, stands in the template alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from docs.hooks.prose import Marker, Problem, pieces
from docs.hooks.view import TEMPLATES
from docs.hooks.words import Words

MARKER = "slot"
LEAD = "lead"
# In the order of the page. A cell must tell its pitfalls; where it names no derivations, the template chooses.
SLOTS = (LEAD, "origin", "forward", "backward", "derivations", "parameters", "pitfalls")
NEEDED = (LEAD, "pitfalls")
NAME = "cell.md"

# `{{…}}` is a marker of the prose here and `{#…}` an anchor, so the template writes its own places as `<<…>>`.
_TEMPLATES = TEMPLATES.overlay(
    variable_start_string="<<",
    variable_end_string=">>",
    comment_start_string="<#",
    comment_end_string="#>",
    autoescape=False,
)


class SlotError(ValueError):
    """A part of a cell's page that is unknown, given twice or missing; with the line, if there is one."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line

    def at(self, page: str, above: int = 0) -> Problem:
        """The same as a problem of a page, `above` lines of which were cut off before it was read."""
        return Problem(page, self.line + above, str(self))


def cell_of(uri: str, cells: Iterable[str]) -> str | None:
    """The cell whose page this is, if it is one's."""
    path = PurePosixPath(uri)
    return path.stem if path.parent.name == "cells" and path.suffix == ".md" and path.stem in cells else None


def slots(text: str) -> dict[str, str]:
    """The parts of a prose file by the names of their slots; "" for one that it does not fill.

    Raises `SlotError` for a slot that is unknown, given twice, empty, or missing though every cell needs it.
    """
    found: dict[str, str] = {}
    for marker, part in pieces(text, MARKER):
        name = _name(marker)
        line = marker.line if marker else 1
        if name in found:
            raise SlotError(f"{marker}: is there twice", line)
        if not part.strip() and marker:
            raise SlotError(f"{marker}: is empty", line)
        found[name] = part.strip()
    for name in NEEDED:
        if not found.get(name):
            expected = "words above every slot" if name == LEAD else f"{{{{{MARKER} {name}}}}}"
            raise SlotError(f"the page of a cell has no {name}: expected {expected}")
    return {name: found.get(name, "") for name in SLOTS}


def _name(marker: Marker | None) -> str:
    if marker is None:
        return LEAD
    if len(marker.args) != 1 or marker.args[0] not in SLOTS[1:] or not marker.alone:
        raise SlotError(f"{marker}: expected one of {', '.join(SLOTS[1:])}, alone on its line", marker.line)
    return marker.args[0]


def compose(words: Words, cell: str, title: str, variant: bool, text: str) -> str:
    """The Markdown of a cell's page, from the parts of its prose file. Raises `SlotError` as `slots` does."""
    template = _TEMPLATES.get_template(NAME)
    return template.render(cell=cell, title=title, variant=variant, slots=slots(text), say=words.say)
