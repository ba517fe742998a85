"""`python -m tests.judges.strength --json PATH`: measure, with mutants and published slips, what gradient checks miss.

Exit status 1 if a strong check misses a mutant that is not equal to the original.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from derivations.cells import cells
from tests.judges.report import Record, parser, write
from tests.judges.strength.report import document, survivors


def summary(report: Record) -> str:
    """A line on all mutants, then one for each configuration."""
    found = list(report["cells"].values())
    mutants = [m for cell in found for m in cell["mutants"].values()]
    slips = [slip for cell in found for slip in cell["slips"].values()]
    refused, equal = sum(m["agreement"] for m in mutants), sum(len(cell["equal"]) for cell in found)
    lines = [f"{len(mutants)} mutants, {refused} refused formula by formula, {equal} equal"]
    for name in (c["name"] for c in report["configurations"]):
        rows = [row for cell in found for row in cell["table"].get(name, {}).values()]
        applicable, missed = (sum(row[key] for row in rows) for key in ("applicable", "missed"))
        hidden = sum(name in slip["missed"] for slip in slips)
        lines.append(f"  {name:32} misses {missed:4} of {applicable} mutants, {hidden} of {len(slips)} slips")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser("tests.judges.strength", __doc__).parse_args(arguments)
    report = document(options.cells or list(cells()))
    write(report, options.json)
    print(summary(report))
    missed = survivors(report)
    for mutant in missed:
        print(f"survived: {mutant}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
