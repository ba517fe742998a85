"""`python -m tests.witnesses --json PATH`: compare the formulas with programs written by others, write what was found.

Programs that are not installed are recorded as not run. Exit status 1 if any refutes a formula.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.agreement.__main__ import write
from tests.witnesses.report import document
from tests.witnesses.shown import names


def chosen(text: str) -> tuple[str, ...]:
    """The programs in a list with commas, in the order of all of them.

    Raises:
        argparse.ArgumentTypeError: one of them is unknown.
    """
    wanted = text.split(",")
    unknown = [name for name in wanted if name not in names()]
    if unknown:
        raise argparse.ArgumentTypeError(f"expected some of {','.join(names())}, got {','.join(unknown)}")
    return tuple(name for name in names() if name in wanted)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.witnesses", description=__doc__)
    parser.add_argument(
        "--json", type=Path, required=True, metavar="PATH", help="where to write what was found"
    )
    parser.add_argument(
        "--only", type=chosen, default=names(), metavar="NAMES", help=f"some of {','.join(names())}"
    )
    options = parser.parse_args(arguments)
    report = document(options.only)
    write(report, options.json)
    for name, found in report["witnesses"].items():
        if found["outcome"] == "not-run":
            print(f"{name}: not run: {found['reason']}")
            continue
        refuted = {i: r for i, r in found["formulas"].items() if r["outcome"] == "refuted"}
        for formula_id, record in refuted.items():
            print(f"{name}: {formula_id}: {record['reason']}", file=sys.stderr)
        print(
            f"{name} {found['version']}: {len(found['formulas']) - len(refuted)} formulas agree, {len(refuted)} refuted"
        )
    return 1 if any(found["outcome"] == "refuted" for found in report["witnesses"].values()) else 0


if __name__ == "__main__":
    sys.exit(main())
