"""What the reports of all judges have in common: which cells are judged, versions, bounds, and a file that is whole."""

from __future__ import annotations

import argparse
import json
import math
import os
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from derivations.cells import cells

# Below this, what is found differs from machine to machine; it is given as this bound.
ROUNDING = 1e-15
ROOT = Path(__file__).resolve().parents[2]

Record = dict[str, Any]


def bound(worst: float) -> float | None:
    """The power of ten that the error does not exceed, at least ROUNDING; 0 if exact, None if not even finite."""
    if worst == 0 or not math.isfinite(worst):
        return 0.0 if worst == 0 else None
    exponent = math.ceil(math.log10(max(worst, ROUNDING)) - 1e-9)
    return float(f"1e{exponent}")


def versions() -> dict[str, str]:
    """What was compared: the reference at the version of this checkout, on this NumPy."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {"numpy": np.__version__, "lstmref": str(project["version"])}


def write(report: Record, path: Path) -> None:
    """Write the report whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(json.dumps(report, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def parser(program: str, doc: str | None) -> argparse.ArgumentParser:
    """The command line that every judge has."""
    made = argparse.ArgumentParser(prog=f"python -m {program}", description=doc)
    made.add_argument(
        "--json", type=Path, required=True, metavar="PATH", help="where to write what was found"
    )
    made.add_argument(
        "--cells", type=chosen, default=None, metavar="NAMES", help="some of the cells, with commas; else all"
    )
    return made


def chosen(text: str) -> tuple[str, ...]:
    """The cells in a list with commas, in the order of all of them.

    Raises:
        argparse.ArgumentTypeError: one of them is unknown.
    """
    return some_of(list(cells()), text)


def some_of(known: Sequence[str], text: str) -> tuple[str, ...]:
    """The names in a list with commas, in the order of those known.

    Raises:
        argparse.ArgumentTypeError: one of them is unknown.
    """
    wanted = text.split(",")
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise argparse.ArgumentTypeError(f"expected some of {','.join(known)}, got {','.join(unknown)}")
    return tuple(name for name in known if name in wanted)
