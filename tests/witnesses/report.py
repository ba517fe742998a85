"""What each witness says of each formula, as one record that a machine reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any

from derivations.derive.catalogue import of_cell
from derivations.derive.formula import Formula
from tests.agreement.__main__ import bound
from tests.witnesses.compare import Finding, compare
from tests.witnesses.shown import CONFIGURATIONS, configurations, load, run, versions

Record = dict[str, Any]


def findings(name: str, cell: str, formulas: Sequence[Formula], count: int) -> dict[str, Finding]:
    """The worst of each formula over `count` random configurations."""
    tolerance, found = load(name).TOLERANCE, dict[str, Finding]()
    for number, (sizes, seed) in enumerate(configurations(name, cell, count), 1):
        for formula_id, one in compare(cell, formulas, *run(name, cell, sizes, seed), tolerance).items():
            worst = found.setdefault(formula_id, Finding())
            worst.worst = max(worst.worst, one.worst)
            if one.where and not worst.where:
                worst.where = f"configuration {number}, {one.where}"
    return found


def witness(name: str) -> Record:
    """The record of one witness; one that cannot be imported has not run."""
    try:
        program = load(name)
    except ImportError as error:
        return {"outcome": "not-run", "reason": str(error)}
    formulas: dict[str, Record] = {}
    for cell in program.CELLS:
        for formula_id, found in findings(name, cell, of_cell(cell), CONFIGURATIONS).items():
            refuted = found.worst > program.TOLERANCE
            record = {"outcome": "refuted" if refuted else "checked", "worst": bound(found.worst)}
            formulas[formula_id] = record | ({"reason": found.where} if refuted else {})
    refuted_ids = [i for i, record in formulas.items() if record["outcome"] == "refuted"]
    disagrees = bool(refuted_ids) or not formulas
    made = {
        "version": version(name),
        "uses": versions(program),
        "outcome": "refuted" if disagrees else "checked",
        "configurations": CONFIGURATIONS,
        "tolerance": program.TOLERANCE,
        "precision": program.PRECISION,
        "formulas": formulas,
    }
    return made | ({"reason": ", ".join(refuted_ids) or "compared with nothing"} if disagrees else {})


def document(names: Iterable[str]) -> Record:
    """The whole report."""
    return {"witnesses": {name: witness(name) for name in names}}
