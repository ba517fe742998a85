"""Every mutant of every formula, before the strong comparison and before every gradient check: who misses what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from derivations.cells import cells
from derivations.derive.catalogue import of_cell
from derivations.mutants.generate import mutants
from derivations.mutants.slips import PUBLISHED
from tests.judges.forward import UnlikeError
from tests.judges.report import Record, versions
from tests.judges.strength.configurations import CONFIGURATIONS, STRONG, Configuration
from tests.judges.strength.gradient_check import GradientCheck, applies
from tests.judges.strength.per_formula import Agreement


@dataclass
class Found:
    """What was found on the mutants of one cell; one that the shapes refuse is not among them.

    Attributes:
        kinds: the kind of each mutant, by its ID.
        refused: whether the strong comparison, formula by formula, refuses it.
        equal: those that no numbers tell from the original.
        missed: the configurations whose gradient check misses it; None where the check does not apply.
        slips: for each slip in this cell, the configurations that miss it.
        configurations: those on which the cell could be checked.
    """

    kinds: dict[str, str] = field(default_factory=dict)
    refused: dict[str, bool] = field(default_factory=dict)
    equal: list[str] = field(default_factory=list)
    missed: dict[str, list[str] | None] = field(default_factory=dict)
    slips: dict[str, list[str]] = field(default_factory=dict)
    configurations: list[str] = field(default_factory=list)


def checks_of(name: str) -> list[tuple[str, GradientCheck]]:
    """Every configuration on which a gradient check of the cell can be run; the strong one must be among them.

    A weaker one may put a cell at a border where it has no derivative, with a state of zero for instance.
    """
    found = []
    for c in CONFIGURATIONS:
        check = _started(name, c)
        if check is not None:
            found.append((c.name, check))
    return found


def _started(name: str, c: Configuration) -> GradientCheck | None:
    try:
        return GradientCheck(name, c)
    except UnlikeError:
        if c == STRONG:
            raise
        return None


@np.errstate(all="ignore")
def judge(name: str) -> Found:
    """Put every mutant and every slip of one cell to every check; a mutant may take the logarithm of a negative."""
    found, cell = Found(), cells()[name]
    agreement, checks = Agreement(name), checks_of(name)
    found.configurations = [c for c, _ in checks]
    for original in of_cell(name):
        for mutant in mutants(original, cell):
            broken = mutant.broken
            if broken is None:
                continue
            found.kinds[mutant.id] = mutant.kind
            found.refused[mutant.id] = agreement.refuses(broken, original)
            if not found.refused[mutant.id] and agreement.equal(broken, original):
                found.equal.append(mutant.id)
            judged = applies(original) and mutant.id not in found.equal
            found.missed[mutant.id] = (
                [c for c, check in checks if not check.catches(broken)] if judged else None
            )
    for slip in PUBLISHED:
        wrong = slip.broken()
        if wrong.cell == name:
            found.slips[slip.name] = [c for c, check in checks if not check.catches(wrong)]
    return found


def document(names: Iterable[str]) -> Record:
    """The whole report: the same for the same code and versions."""
    return {
        "versions": versions(),
        "configurations": [c.record() for c in CONFIGURATIONS],
        "cells": {name: record(judge(name)) for name in names},
    }


def record(found: Found) -> Record:
    """What was found on one cell."""
    return {
        "mutants": {i: {"agreement": r, "missed": found.missed[i]} for i, r in found.refused.items()},
        "equal": found.equal,
        "table": table(found),
        "slips": _slips(found),
    }


def table(found: Found) -> dict[str, dict[str, dict[str, int]]]:
    """By configuration and kind, how many mutants the check applies to and how many of them it misses."""
    counted: dict[str, dict[str, dict[str, int]]] = {name: {} for name in found.configurations}
    for i, missed in found.missed.items():
        if missed is None:
            continue
        for name, kinds in counted.items():
            row = kinds.setdefault(found.kinds[i], {"applicable": 0, "missed": 0})
            row["applicable"] += 1
            row["missed"] += name in missed
    return {name: dict(sorted(kinds.items())) for name, kinds in counted.items()}


def _slips(found: Found) -> dict[str, Record]:
    return {
        slip.name: {
            "formula": slip.formula,
            "source": slip.source,
            "missed": found.slips[slip.name],
            "caught": [c for c in found.configurations if c not in found.slips[slip.name]],
        }
        for slip in PUBLISHED
        if slip.name in found.slips
    }


def survivors(report: Record) -> list[str]:
    """Mutants that are no equals and that a strong check does not refuse; there must be none."""
    return [
        i
        for cell in report["cells"].values()
        for i, m in cell["mutants"].items()
        if i not in cell["equal"] and (not m["agreement"] or STRONG.name in (m["missed"] or []))
    ]
