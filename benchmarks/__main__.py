"""`python -m benchmarks`: measure, print the tables with ratios, and write benchmarks/latest.json.

`make bench` does so with everything installed. With --quick it takes less time and writes nothing unless told where.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from benchmarks import start, table
from benchmarks.record import LATEST, RecordError, read, write
from benchmarks.settings import FULL, QUICK, THREADS, Size

NEEDS = ("torch", "threadpoolctl", "jsonschema")


def size(text: str) -> Size:
    """`T,B,D,H`. Raises argparse.ArgumentTypeError for anything but four whole numbers of 1 or more."""
    try:
        found = Size(*map(int, text.split(",")))
    except (TypeError, ValueError):
        raise argparse.ArgumentTypeError(f"expected T,B,D,H as four whole numbers, got {text!r}") from None
    if min(found.T, found.B, found.D, found.H) < 1:
        raise argparse.ArgumentTypeError(f"expected numbers of 1 or more, got {text!r}")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 1 where something that takes part is missing, fails, or computes other numbers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a short run: fewer rounds, fewer sizes of the growth"
    )
    parser.add_argument(
        "--out", type=Path, metavar="PATH", help="where to write the record, instead of latest.json"
    )
    parser.add_argument("--sizes", type=size, nargs="+", metavar="T,B,D,H", help="other sizes; needs --quick")
    options = parser.parse_args(arguments)
    if options.sizes and not options.quick:
        parser.error("--sizes needs --quick: a full run has the sizes that the page shows")
    missing = [name for name in NEEDS if find_spec(name) is None]
    if missing:
        print(f"{', '.join(missing)}: not installed; `make bench` installs it", file=sys.stderr)
        return 1
    plan = QUICK if options.quick else FULL
    if options.sizes:
        plan = replace(plan, sizes=tuple(dict.fromkeys(options.sizes)))
    out = options.out or (None if options.quick else LATEST)
    try:
        found = start.measure(plan, THREADS)
        record = write(found, out) if out else read(found)
    except (start.WorkerError, RecordError) as error:
        print(error, file=sys.stderr)
        return 1
    print(table.text(record))
    if out:
        print(f"\nwritten: {out.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
