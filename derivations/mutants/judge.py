"""What the proofs say of mutants, and what that amounts to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from derivations.cells import cells
from derivations.derive.catalogue import of_cell
from derivations.mutants.generate import Mutant, mutants
from derivations.prove.all_sizes import AllSizes
from derivations.prove.unrolled import Unrolled

Fate = Literal["caught", "equivalent", "survived", "not-judged"]
SHAPES, ALL_SIZES, AGREEMENT = "shapes", "all-sizes", "agreement"
UNROLLED = ("unrolled T=1", "unrolled T=2")
CHECKS = (SHAPES, ALL_SIZES, *UNROLLED, AGREEMENT)


def mutants_of(cell: str) -> list[Mutant]:
    """Every mutant of every formula of a cell."""
    return [m for f in of_cell(cell) for m in mutants(f, cells()[cell])]


def refused_by(prover: AllSizes | Unrolled, cell: str) -> dict[str, bool]:
    """For every mutant that a proof can judge, by its ID, whether it refuses it.

    A forward equation is what the proofs start from, so they cannot refuse its mutants; but the one for all sizes can
    tell that a mutant is the equation over again, its factors in another order.
    """
    found = {}
    for m in mutants_of(cell):
        if m.broken is None:
            continue
        if isinstance(prover, AllSizes):
            if m.of.pass_ != "forward":
                found[m.id] = prover.refuses(m.broken)
            elif prover.same(m.broken, m.of):
                found[m.id] = False
        elif m.of.pass_ != "forward":
            found[m.id] = prover.refuses(m.broken, m.of)
    return found


@dataclass
class Tally:
    """Mutants of one formula, one kind or one cell."""

    generated: int = 0
    fates: Counter[str] = field(default_factory=Counter)
    caught_by: Counter[str] = field(default_factory=Counter)
    missed_by: Counter[str] = field(default_factory=Counter)

    def add(self, fate: Fate, verdicts: Mapping[str, bool]) -> None:
        self.generated += 1
        self.fates[fate] += 1
        for check, refused in verdicts.items():
            if refused:
                self.caught_by[check] += 1
            elif fate == "caught":
                self.missed_by[check] += 1

    def record(self) -> dict[str, Any]:
        """For the evidence: how many, how they ended, which check refused how many and which let caught ones pass."""
        return {
            "generated": self.generated,
            "caught": self.fates["caught"],
            "equivalent": self.fates["equivalent"],
            "survived": self.fates["survived"],
            "not-judged": self.fates["not-judged"],
            "caught-by": dict(sorted(self.caught_by.items())),
            "missed-by": dict(sorted(self.missed_by.items())),
        }


def fate(verdicts: Mapping[str, bool]) -> Fate:
    """Caught if any check refuses it; equivalent only where the proof for all sizes finds it equal to the original."""
    if any(verdicts.values()):
        return "caught"
    if not verdicts:
        return "not-judged"
    return "equivalent" if ALL_SIZES in verdicts else "survived"


def summary(
    names: Sequence[str], proofs: Mapping[str, Mapping[str, bool]], numbers: Mapping[str, bool] | None
) -> dict[str, Any]:
    """Every mutant of these cells with the verdicts of all checks that ran.

    Args:
        proofs: by check (``all-sizes``, ``unrolled T=1`` …), then by mutant, whether it was refused.
        numbers: by mutant, whether the comparison with the NumPy reference refused it; None if it did not run.
    """
    by_formula: dict[str, Tally] = {}
    by_cell: dict[str, Tally] = {}
    by_kind: dict[str, Tally] = {}
    loners: dict[str, list[str]] = {}  # caught by one check alone
    lists: dict[str, list[str]] = {"equivalent": [], "survived": []}
    for name in names:
        for m in mutants_of(name):
            verdicts = _verdicts(m, proofs, numbers)
            end = fate(verdicts)
            for table, key in ((by_formula, m.of.id), (by_cell, name), (by_kind, m.kind)):
                table.setdefault(key, Tally()).add(end, verdicts)
            if end in lists:
                lists[end].append(m.id)
            refusing = [check for check, refused in verdicts.items() if refused]
            if len(refusing) == 1 and len(verdicts) > 1:
                loners.setdefault(refusing[0], []).append(m.id)
    return {
        "formulas": {key: tally.record() for key, tally in by_formula.items()},
        "cells": {key: tally.record() for key, tally in by_cell.items()},
        "kinds": {key: tally.record() for key, tally in sorted(by_kind.items())},
        "total": _total(by_cell.values()),
        "only-by": loners,
        **lists,
    }


def _verdicts(
    m: Mutant, proofs: Mapping[str, Mapping[str, bool]], numbers: Mapping[str, bool] | None
) -> dict[str, bool]:
    if m.broken is None:
        return {SHAPES: True}
    found = {check: judged[m.id] for check, judged in proofs.items() if m.id in judged}
    if numbers is not None and m.id in numbers:
        found[AGREEMENT] = numbers[m.id]
    return found


def _total(tallies: Iterable[Tally]) -> dict[str, Any]:
    total = Tally()
    for tally in tallies:
        total.generated += tally.generated
        total.fates += tally.fates
        total.caught_by += tally.caught_by
        total.missed_by += tally.missed_by
    return total.record()
