"""What each witness says of each formula, as one record that a machine reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version

from derivations.derive.catalogue import of_cell
from derivations.derive.formula import Formula
from tests.judges.report import Record, bound
from tests.judges.witnesses.compare import Finding, compare
from tests.judges.witnesses.shown import CONFIGURATIONS, Program, configurations, load, run, versions

NOT_RUN = "not-run"


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


def witness(name: str, cell: str) -> Record | None:
    """What one witness says of one cell; None where it has no such cell and need not have it.

    One that cannot be imported, or that lacks a step that it should have, has not run.
    """
    try:
        program = load(name)
    except ImportError as error:
        return {"outcome": NOT_RUN, "reason": str(error)}
    if cell not in program.CELLS:
        return {"outcome": NOT_RUN, "reason": f"{name} has no step of {cell}"} if program.EVERY else None
    return _record(name, program, cell)


def _record(name: str, program: Program, cell: str) -> Record:
    formulas: dict[str, Record] = {}
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


def document(names: Iterable[str], cells: Iterable[str]) -> Record:
    """The whole report: by cell, then by witness."""
    programs = list(names)
    said = {cell: {name: witness(name, cell) for name in programs} for cell in cells}
    return {
        "cells": {
            cell: {"witnesses": {name: one for name, one in found.items() if one is not None}}
            for cell, found in said.items()
        }
    }
