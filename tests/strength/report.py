"""Every mutant of every formula, before the strong comparison and before every gradient check: who misses what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from joblib import Parallel, delayed

from derivations.cells import cells
from derivations.derive.catalogue import of_cell
from derivations.mutants.generate import mutants
from tests.agreement.__main__ import versions
from tests.strength.configurations import CONFIGURATIONS, STRONG
from tests.strength.gradient_check import GradientCheck, applies
from tests.strength.per_formula import Agreement
from tests.strength.slips import SLIPS

JOBS = 2

Record = dict[str, Any]


@dataclass
class Found:
    """What was found on the mutants of one cell; one that the shapes refuse is not among them.

    Attributes:
        kinds: the kind of each mutant, by its ID.
        refused: whether the strong comparison, formula by formula, refuses it.
        equal: those that no numbers tell from the original.
        missed: the configurations whose gradient check misses it; None where the check does not apply.
        slips: for each slip in this cell, the configurations that miss it.
    """

    kinds: dict[str, str] = field(default_factory=dict)
    refused: dict[str, bool] = field(default_factory=dict)
    equal: list[str] = field(default_factory=list)
    missed: dict[str, list[str] | None] = field(default_factory=dict)
    slips: dict[str, list[str]] = field(default_factory=dict)


def judge(name: str) -> Found:
    """Put every mutant and every slip of one cell to every check."""
    found, cell = Found(), cells()[name]
    agreement = Agreement(name)
    checks = [(c.name, GradientCheck(name, c)) for c in CONFIGURATIONS]
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
    for slip in SLIPS:
        wrong = slip.broken()
        if wrong.cell == name:
            found.slips[slip.name] = [c for c, check in checks if not check.catches(wrong)]
    return found


def judged(names: Sequence[str], jobs: int = JOBS) -> list[Found]:
    """The findings of these cells, in their order."""
    return list(Parallel(n_jobs=jobs)(delayed(judge)(name) for name in names))


def document(names: Sequence[str], jobs: int = JOBS) -> Record:
    """The whole report: the same for the same code and versions."""
    found = judged(names, jobs)
    return {
        "versions": versions(),
        "configurations": [c.record() for c in CONFIGURATIONS],
        "mutants": {
            i: {"agreement": refused, "missed": f.missed[i]}
            for f in found
            for i, refused in f.refused.items()
        },
        "equal": [i for f in found for i in f.equal],
        "table": table(found),
        "slips": _slips(found),
    }


def table(found: Iterable[Found]) -> dict[str, dict[str, dict[str, int]]]:
    """By configuration and kind, how many mutants the check applies to and how many of them it misses."""
    counted: dict[str, dict[str, dict[str, int]]] = {c.name: {} for c in CONFIGURATIONS}
    for f in found:
        for i, missed in f.missed.items():
            if missed is None:
                continue
            for name, kinds in counted.items():
                row = kinds.setdefault(f.kinds[i], {"applicable": 0, "missed": 0})
                row["applicable"] += 1
                row["missed"] += name in missed
    return {name: dict(sorted(kinds.items())) for name, kinds in counted.items()}


def _slips(found: Iterable[Found]) -> dict[str, Record]:
    missed = {name: configurations for f in found for name, configurations in f.slips.items()}
    return {
        slip.name: {
            "formula": slip.formula,
            "source": slip.source,
            "missed": missed[slip.name],
            "caught": [c.name for c in CONFIGURATIONS if c.name not in missed[slip.name]],
        }
        for slip in SLIPS
        if slip.name in missed
    }


def survivors(report: Record) -> list[str]:
    """Mutants that are no equals and that a strong check does not refuse; there must be none."""
    equal = set(report["equal"])
    return [
        i
        for i, m in report["mutants"].items()
        if i not in equal and (not m["agreement"] or STRONG.name in (m["missed"] or []))
    ]
