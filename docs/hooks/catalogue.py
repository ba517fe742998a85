"""The catalogue (`build/catalogue.json`) as the site reads it: cells by name, formulas by ID."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

# The catalogue is JSON; its shape is the contract of `derivations.record.export`, checked there by a schema.
Record = dict[str, Any]
T = TypeVar("T")


class CatalogueError(ValueError):
    """The catalogue is missing, or does not hold what was asked for."""


@dataclass(frozen=True)
class Catalogue:
    """All cells and formulas, with lookups that name the nearest key when one is unknown."""

    data: Record

    @cached_property
    def formulas(self) -> dict[str, Record]:
        """Every formula by its ID, in the catalogue's order."""
        return {formula["id"]: formula for formula in self.data["formulas"]}

    @cached_property
    def cells(self) -> dict[str, Record]:
        """Every cell by its name, in the catalogue's order."""
        return {cell["name"]: cell for cell in self.data["cells"]}

    def formula(self, formula_id: str) -> Record:
        """The formula with this ID; raises `CatalogueError` naming the nearest IDs."""
        return _lookup(self.formulas, formula_id, "formula")

    def cell(self, name: str) -> Record:
        """The cell of this name; raises `CatalogueError` naming the nearest ones."""
        return _lookup(self.cells, name, "cell")

    def symbol(self, cell: str, name: str) -> Record:
        """A symbol of a cell, or of one of its formulas (a cotangent, say); raises `CatalogueError`."""
        return _lookup(self.symbols(cell), name, f"symbol of {cell}")

    def symbols(self, cell: str) -> dict[str, Record]:
        """Every symbol of a cell and of its formulas, by name, the cell's own first."""
        found = {symbol["name"]: symbol for symbol in self.cell(cell)["symbols"]}
        for formula in self.of_cell(cell):
            for symbol in formula["symbols"]:
                found.setdefault(symbol["name"], symbol)
        return found

    def of_cell(self, cell: str) -> Iterator[Record]:
        """The formulas of a cell, in the catalogue's order."""
        return (formula for formula in self.formulas.values() if formula["cell"] == cell)

    @property
    def notations(self) -> list[Record]:
        """The notations of others; raises `CatalogueError` where the catalogue is from before there were any."""
        if "notations" not in self.data:
            raise CatalogueError("the catalogue has no notations; run `make derive` again")
        return list(self.data["notations"])

    @property
    def operations(self) -> list[Record]:
        """The operations of equations; raises `CatalogueError` where the catalogue is from before they were told."""
        if "operations" not in self.data:
            raise CatalogueError("the catalogue has no operations; run `make derive` again")
        return list(self.data["operations"])

    def notation(self, key: str) -> str:
        """A notation snippet (TeX) by its key."""
        return str(_lookup(self.data.get("notation", {}), key, "notation"))


def _lookup(table: dict[str, T], key: str, what: str) -> T:
    if key in table:
        return table[key]
    near = difflib.get_close_matches(key, table, n=3, cutoff=0.5)
    hint = f"; nearest: {', '.join(near)}" if near else ""
    raise CatalogueError(f"unknown {what} {key!r}{hint}")


def load(path: Path, first: Sequence[str] = ()) -> Catalogue:
    """Read the catalogue, the cells in `first` before the others; raises `CatalogueError` without one."""
    if not path.exists():
        raise CatalogueError(f"{path.name}: not found in {path.parent.name}/; run `make derive` first")
    data = json.loads(path.read_text(encoding="utf-8"))
    place = {name: number for number, name in enumerate(first)}
    data["cells"].sort(key=lambda cell: place.get(cell["name"], len(place)))
    return Catalogue(data)
