"""Which statements have been published under which ID, oldest first: what makes an ID permanent.

The version of a formula is the place of its statement's hash in the list. A statement that changes gets a new
version, and an ID that was once published never vanishes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from derivations.derive.formula import Formula

PATH = Path(__file__).parent.parent / "ledger.json"


class LedgerError(ValueError):
    """A formula that differs from what was published under its ID."""


@cache
def published() -> dict[str, list[str]]:
    """The hashes of each ID, oldest first."""
    found: dict[str, list[str]] = json.loads(PATH.read_text(encoding="utf-8"))
    return found


def version(f: Formula) -> int:
    """The version of the formula's statement, from 1.

    Raises:
        LedgerError: this statement has not been published.
    """
    hashes = published().get(f.id, [])
    if f.hash not in hashes:
        state = f"has changed since version {len(hashes)}" if hashes else "is new"
        raise LedgerError(f"{f.id}: the statement {state}; `python -m derivations publish` records it")
    return hashes.index(f.hash) + 1


def check(found: Iterable[Formula]) -> None:
    """Compare the catalogue with what has been published.

    Raises:
        LedgerError: a statement is not recorded, an old one has come back, or a published ID has vanished.
    """
    ids = set()
    for f in found:
        ids.add(f.id)
        if version(f) != len(published()[f.id]):
            raise LedgerError(f"{f.id}: the statement is that of version {version(f)}, not of the latest one")
    vanished = sorted(set(published()) - ids)
    if vanished:
        raise LedgerError(f"published and gone: {', '.join(vanished)}; an ID is permanent")


def publish(found: Iterable[Formula]) -> list[str]:
    """Record every statement that is new. Returns the IDs that got a version."""
    recorded = {i: list(hashes) for i, hashes in published().items()}
    new = [f for f in found if f.hash != (recorded.get(f.id) or [""])[-1]]
    for f in new:
        recorded.setdefault(f.id, []).append(f.hash)
    temporary = PATH.with_suffix(".tmp")
    try:
        temporary.write_text(json.dumps(dict(sorted(recorded.items())), indent=1) + "\n", encoding="utf-8")
        os.replace(temporary, PATH)
    finally:
        temporary.unlink(missing_ok=True)  # what a full disk left
    published.cache_clear()
    return [f.id for f in new]
