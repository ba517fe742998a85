"""Puts a finished folder in the place of another, so that the place always holds a whole site."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """One run at a time for a place: a second one waits, and should then look whether there is still a need for it."""
    place = place.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / f".{place.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def replacing(place: Path) -> Iterator[Path]:
    """An empty folder beside `place`; what it holds at the end takes the place, in one rename. Needs `alone`.

    If the body raises, or the process is killed, `place` keeps what it held. Leftovers of killed runs are
    removed by the next one.
    """
    place = place.resolve()
    recover(place)
    made = Path(tempfile.mkdtemp(prefix=_prefix(place, "new"), dir=place.parent))
    try:
        made.chmod(0o755)
        yield made
        _swap(made, place)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def recover(place: Path) -> None:
    """After a run that was killed: bring back a site moved aside, remove half-made ones."""
    for old in sorted(place.parent.glob(_prefix(place, "old") + "*")):
        if place.exists():
            shutil.rmtree(old)
        else:
            os.replace(old, place)
    for new in place.parent.glob(_prefix(place, "new") + "*"):
        shutil.rmtree(new)


def _swap(made: Path, place: Path) -> None:
    if not place.exists():
        os.replace(made, place)
        return
    aside = Path(tempfile.mkdtemp(prefix=_prefix(place, "old"), dir=place.parent))
    os.replace(place, aside)  # an empty folder may be replaced
    os.replace(made, place)
    shutil.rmtree(aside)


def _prefix(place: Path, what: str) -> str:
    return f".{place.name}.{what}."
