"""Every formula of every cell, by its ID."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache

from derivations.cells import cells
from derivations.derive.formula import Formula
from derivations.derive.formulas import formulas as derive


class UnknownFormulaError(KeyError):
    """An ID that no formula has; the message names the nearest ones."""

    def __str__(self) -> str:
        return str(self.args[0])


@cache
def of_cell(name: str) -> tuple[Formula, ...]:
    """The formulas of one cell, in the order in which one computes them.

    Raises:
        UnknownFormulaError: there is no cell of this name.
    """
    if name not in cells():
        raise UnknownFormulaError(_unknown("cell", name, list(cells())))
    return tuple(derive(cells()[name]))


@cache
def formulas() -> dict[str, Formula]:
    """All formulas by ID, cell by cell.

    Raises:
        ValueError: two formulas have one ID.
    """
    found: dict[str, Formula] = {}
    for name in cells():
        for f in of_cell(name):
            if f.id in found:
                raise ValueError(f"two formulas have the ID {f.id}")
            found[f.id] = f
    return found


def formula(formula_id: str) -> Formula:
    """The formula of this ID.

    Raises:
        UnknownFormulaError: there is none; the message names the nearest ones, or for a cell's name its formulas.
    """
    if formula_id in cells():
        ids = ", ".join(f.id for f in of_cell(formula_id))
        raise UnknownFormulaError(f"{formula_id} is a cell; its formulas are {ids}")
    if formula_id not in formulas():
        raise UnknownFormulaError(_unknown("formula", formula_id, list(formulas())))
    return formulas()[formula_id]


def _unknown(kind: str, given: str, known: list[str]) -> str:
    same = [k for k in known if k.lower() == given.lower()]
    near = same or get_close_matches(given, known, n=3, cutoff=0.5) or sorted(known)[:5]
    return f"no {kind} {given!r}; the nearest are {', '.join(near)}"
