"""`python -m tests.judges.witnesses --json PATH`: compare the formulas with programs written by others.

Programs that are not installed are recorded as not run. Exit status 1 if any refutes a formula.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from derivations.cells import cells
from tests.judges.report import Record, parser, some_of, write
from tests.judges.witnesses.report import NOT_RUN, document
from tests.judges.witnesses.shown import names


def chosen(text: str) -> tuple[str, ...]:
    """The programs in a list with commas, in the order of all of them.

    Raises:
        argparse.ArgumentTypeError: one of them is unknown.
    """
    return some_of(names(), text)


def main(arguments: Sequence[str] | None = None) -> int:
    made = parser("tests.judges.witnesses", __doc__)
    made.add_argument(
        "--only", type=chosen, default=names(), metavar="NAMES", help=f"some of {','.join(names())}"
    )
    options = made.parse_args(arguments)
    report = document(options.only, options.cells or cells())
    write(report, options.json)
    said = [_say(name, report) for name in options.only]
    return 1 if any(said) else 0


def _say(name: str, report: Record) -> bool:
    """Print what one witness said of all cells; whether it refuted anything."""
    ran: list[Record] = []
    reasons: dict[str, None] = {}
    for cell in report["cells"].values():
        found = cell["witnesses"].get(name)
        if found and found["outcome"] == NOT_RUN:
            reasons[found["reason"]] = None
        elif found:
            ran.append(found)
    for reason in reasons:
        print(f"{name}: not run: {reason}")
    formulas = {i: r for found in ran for i, r in found["formulas"].items()}
    refuted = {i: r for i, r in formulas.items() if r["outcome"] == "refuted"}
    for formula_id, record in refuted.items():
        print(f"{name}: {formula_id}: {record['reason']}", file=sys.stderr)
    if ran:
        agree = len(formulas) - len(refuted)
        print(f"{name} {ran[0]['version']}: {agree} formulas agree, {len(refuted)} refuted")
    return any(found["outcome"] == "refuted" for found in ran)


if __name__ == "__main__":
    sys.exit(main())
