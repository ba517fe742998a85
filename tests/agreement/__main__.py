"""`python -m tests.agreement --json PATH`: compare every formula with the NumPy reference and write what was found.

Every cell is run on the same number of seeded configurations. Exit status 1 if a formula is refuted.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from derivations.cells import cells
from derivations.derive.catalogue import of_cell
from derivations.derive.formula import Formula
from tests.agreement.check import TOLERANCE, Finding, check
from tests.agreement.example import Sizes, draw_sizes

CONFIGURATIONS = 20
# Below this, what is found differs from machine to machine; it is given as this bound.
ROUNDING = 1e-15
ROOT = Path(__file__).resolve().parents[2]

Record = dict[str, Any]


def configurations(cell: str) -> list[tuple[Sizes, int]]:
    """The sizes and seeds on which a cell is compared, the same on every machine."""
    rng = np.random.default_rng(crc32(cell.encode()))
    return [(draw_sizes(rng), int(rng.integers(2**32))) for _ in range(CONFIGURATIONS)]


def bound(worst: float) -> float | None:
    """The power of ten that the error does not exceed, at least ROUNDING; 0 if exact, None if not even finite."""
    if worst == 0 or not math.isfinite(worst):
        return 0.0 if worst == 0 else None
    exponent = math.ceil(math.log10(max(worst, ROUNDING)) - 1e-9)
    return float(f"1e{exponent}")


def record(findings: Sequence[Finding], drawn: Sequence[Sizes]) -> Record:
    """What all configurations together say of one formula."""
    made: Record = {
        "outcome": "checked" if findings and all(f.agrees for f in findings) else "refuted",
        "configurations": len(findings),
        "worst": bound(max(f.worst for f in findings)),
        "tolerance": TOLERANCE,
        "against": list(dict.fromkeys(a for f in findings for a in f.against)),
    }
    for name, sizes in zip(("T", "batch", "D", "H"), zip(*drawn, strict=True), strict=True):
        made[name] = [min(sizes), max(sizes)]
    through = next((f.through for f in findings if f.through), "")
    reason = next((f.where for f in findings if f.where), "")
    return made | ({"through": through} if through else {}) | ({"reason": reason} if reason else {})


def compare(cell: str, formulas: Sequence[Formula]) -> dict[str, Record]:
    """One record for each formula of a cell."""
    drawn = configurations(cell)
    runs = [check(cell, formulas, sizes, seed) for sizes, seed in drawn]
    return {f.id: record([run[f.id] for run in runs], [sizes for sizes, _ in drawn]) for f in formulas}


def versions() -> dict[str, str]:
    """What was compared: the reference at the version of this checkout, on this NumPy."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {"numpy": np.__version__, "lstmref": str(project["version"])}


def document(names: Iterable[str]) -> Record:
    """The whole report."""
    found: dict[str, Record] = {}
    for name in names:
        found |= compare(name, of_cell(name))
    return {"versions": versions(), "formulas": found}


def write(report: Record, path: Path) -> None:
    """Write the report whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(report, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.agreement", description=__doc__)
    parser.add_argument(
        "--json", type=Path, required=True, metavar="PATH", help="where to write what was found"
    )
    path = parser.parse_args(arguments).json
    report = document(cells())
    write(report, path)
    refuted = {i: r for i, r in report["formulas"].items() if r["outcome"] == "refuted"}
    for formula_id, found in refuted.items():
        print(f"{formula_id}: {found.get('reason', 'was compared with nothing')}", file=sys.stderr)
    print(f"{len(report['formulas']) - len(refuted)} formulas agree with lstmref, {len(refuted)} refuted")
    return 1 if refuted else 0


if __name__ == "__main__":
    sys.exit(main())
