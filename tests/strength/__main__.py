"""`python -m tests.strength --json PATH`: measure, with mutants and published slips, what gradient checks miss.

Exit status 1 if a strong check misses a mutant that is not equal to the original.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from derivations.cells import cells
from tests.agreement.__main__ import write
from tests.strength.report import Record, document, survivors


def summary(report: Record) -> str:
    """A line on all mutants, then one for each configuration."""
    refused = sum(m["agreement"] for m in report["mutants"].values())
    lines = [
        f"{len(report['mutants'])} mutants, {refused} refused formula by formula, {len(report['equal'])} equal"
    ]
    for name, kinds in report["table"].items():
        applicable, missed = (sum(row[key] for row in kinds.values()) for key in ("applicable", "missed"))
        slips = sum(name in slip["missed"] for slip in report["slips"].values())
        lines.append(
            f"  {name:32} misses {missed:4} of {applicable} mutants, {slips} of {len(report['slips'])} slips"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.strength", description=__doc__)
    parser.add_argument(
        "--json", type=Path, required=True, metavar="PATH", help="where to write what was found"
    )
    path = parser.parse_args(arguments).json
    report = document(list(cells()))
    write(report, path)
    print(summary(report))
    missed = survivors(report)
    for mutant in missed:
        print(f"survived: {mutant}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
