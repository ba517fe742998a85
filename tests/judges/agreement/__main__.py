"""`python -m tests.judges.agreement --json PATH`: compare every formula with the NumPy reference, write what was found.

Every cell is run on the same number of seeded configurations. Exit status 1 if a formula is refuted.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from zlib import crc32

import numpy as np

from derivations.cells import cells
from derivations.derive.catalogue import of_cell
from derivations.derive.formula import Formula
from tests.judges.agreement.check import TOLERANCE, Finding, check
from tests.judges.example import Sizes, draw_sizes
from tests.judges.report import Record, bound, parser, versions, write
from tests.judges.shape import letters

CONFIGURATIONS = 20


def configurations(cell: str) -> list[tuple[Sizes, int]]:
    """The sizes and seeds on which a cell is compared, the same on every machine."""
    rng, names = np.random.default_rng(crc32(cell.encode())), letters(cells()[cell])
    return [(draw_sizes(rng, names), int(rng.integers(2**32))) for _ in range(CONFIGURATIONS)]


def record(findings: Sequence[Finding], drawn: Sequence[Sizes]) -> Record:
    """What all configurations together say of one formula."""
    made: Record = {
        "outcome": "checked" if findings and all(f.agrees for f in findings) else "refuted",
        "configurations": len(findings),
        "worst": bound(max(f.worst for f in findings)),
        "tolerance": TOLERANCE,
        "against": list(dict.fromkeys(a for f in findings for a in f.against)),
    }
    ranges = {"T": [s.T for s in drawn], "batch": [s.B for s in drawn]}
    ranges |= {letter: [s[letter] for s in drawn] for letter in drawn[0].of}
    made |= {name: [min(sizes), max(sizes)] for name, sizes in ranges.items()}
    through = next((f.through for f in findings if f.through), "")
    reason = next((f.where for f in findings if f.where), "")
    return made | ({"through": through} if through else {}) | ({"reason": reason} if reason else {})


def compare(cell: str, formulas: Sequence[Formula]) -> dict[str, Record]:
    """One record for each formula of a cell."""
    drawn = configurations(cell)
    runs = [check(cell, formulas, sizes, seed) for sizes, seed in drawn]
    return {f.id: record([run[f.id] for run in runs], [sizes for sizes, _ in drawn]) for f in formulas}


def document(names: Iterable[str]) -> Record:
    """The whole report."""
    return {
        "versions": versions(),
        "cells": {name: {"formulas": compare(name, of_cell(name))} for name in names},
    }


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser("tests.judges.agreement", __doc__).parse_args(arguments)
    report = document(options.cells or cells())
    write(report, options.json)
    found = {i: r for cell in report["cells"].values() for i, r in cell["formulas"].items()}
    refuted = {i: r for i, r in found.items() if r["outcome"] == "refuted"}
    for formula_id, one in refuted.items():
        print(f"{formula_id}: {one.get('reason', 'was compared with nothing')}", file=sys.stderr)
    print(f"{len(found) - len(refuted)} formulas agree with lstmref, {len(refuted)} refuted")
    return 1 if refuted else 0


if __name__ == "__main__":
    sys.exit(main())
