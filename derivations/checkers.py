"""Runs what compares the formulas with numbers: the tests' own programs, in processes of their own.

Nothing of theirs is imported: the derivation shares no code with the reference, nor with the witnesses that others
wrote. They stand in the checkout, not in the package; what is not here is reported as not run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

Record = dict[str, Any]
Say = Callable[[str], None]

ROOM = "tests/judges"


@dataclass(frozen=True)
class Checker:
    """A program that judges cells.

    Attributes:
        name: what its findings are called.
        others: folders of other judges whose code it uses.
        reference: whether it runs the NumPy reference. prints: whether it runs formulas as NumPy source.
        breaks: whether it judges mutants.
    """

    name: str
    others: tuple[str, ...] = ()
    reference: bool = True
    prints: bool = True
    breaks: bool = False

    @property
    def module(self) -> str:
        return f"{ROOM}/{self.name}".replace("/", ".")

    def is_here(self, root: Path) -> bool:
        """Whether the checkout has it."""
        return (root / ROOM / self.name / "__main__.py").is_file()

    def files(self, root: Path, cell: str) -> list[str]:
        """The sources that judge a cell, below the root; a step that is written for another cell is none of them."""
        own = f"{cell.replace('-', '_')}.py"
        kept = [
            p for p in _sources(root, (self.name, *self.others)) if p.parent.name != "steps" or p.name == own
        ]
        return [p.relative_to(root).as_posix() for p in kept]


@cache
def _sources(root: Path, names: tuple[str, ...]) -> tuple[Path, ...]:
    """The sources of these judges and of what all judges share."""
    room = root / ROOM
    found = [*room.glob("*.py"), *(p for name in names for p in (room / name).rglob("*.py"))]
    return tuple(sorted(found))


AGREEMENT = Checker("agreement")
STRENGTH = Checker("strength", others=("agreement",), breaks=True)
WITNESSES = Checker("witnesses", others=("agreement",), reference=False)
CHECKERS = (AGREEMENT, STRENGTH, WITNESSES)
OTHERS = ("numpy", "jax", "jaxlib", "onnx", "onnxruntime", "torch", "keras")


def run(checker: Checker, cells: Sequence[str], root: Path, say: Say) -> dict[str, Record]:
    """What a checker reports of these cells, by cell; without those that it failed to report of.

    The cells are shared among as many processes as there are cores.
    """
    if not cells:
        return {}
    if not checker.is_here(root):
        say(f"{checker.module} is not here: not run")
        return {}
    count = min(len(cells), os.cpu_count() or 1)
    found: dict[str, Record] = {}
    with tempfile.TemporaryDirectory() as folder:
        started = [_start(checker, cells[k::count], root, Path(folder) / str(k)) for k in range(count)]
        try:
            for running, where in started:
                found |= _report(checker, running, where, say)
        finally:
            for running, _ in started:
                if running.poll() is None:
                    running.kill()
                    running.wait()
    return {name: found[name] for name in cells if name in found}


def _start(
    checker: Checker, cells: Sequence[str], root: Path, where: Path
) -> tuple[subprocess.Popen[bytes], Path]:
    """One process; what it says goes to a file, as a full pipe would hold it up."""
    where.mkdir()
    command = [sys.executable, "-m", checker.module, "--json", str(where / "report.json")]
    with (where / "said").open("wb") as said:
        running = subprocess.Popen([*command, "--cells", ",".join(cells)], cwd=root, stdout=said, stderr=said)
    return running, where


def _report(checker: Checker, running: subprocess.Popen[bytes], where: Path, say: Say) -> dict[str, Record]:
    running.wait()
    path = where / "report.json"
    if not path.is_file():
        said = (where / "said").read_text(encoding="utf-8", errors="replace")
        say(f"{checker.module} failed:\n{said}")
        return {}
    whole: Record = json.loads(path.read_text(encoding="utf-8"))
    common = {key: value for key, value in whole.items() if key != "cells"}
    return {name: {**common, **one} for name, one in whole["cells"].items()}


def installed() -> dict[str, str]:
    """Versions of the libraries that the checkers compare with, as far as they are installed."""
    found = {}
    for name in OTHERS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
