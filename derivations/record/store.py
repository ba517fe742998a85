"""Evidence as it is kept from run to run: one file a cell, each whole or not at all, each with a digest of its content.

A file has parts, each with the key of what it rests on. A part whose key is no longer the same is made again, and so
is all that a damaged file held; the others are reused.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FORMAT = 1

Record = dict[str, Any]


@dataclass
class Kept:
    """What is kept of one cell.

    Attributes:
        parts: by name, ``{"key": …, "found": …}``.
        damaged: whether there is a file and it cannot be used.
    """

    cell: str
    parts: dict[str, Record] = field(default_factory=dict)
    damaged: bool = False

    def get(self, part: str, key: str) -> Any:
        """What was found under this key, or None."""
        kept = self.parts.get(part)
        return kept["found"] if kept and kept["key"] == key else None

    def put(self, part: str, key: str, found: Any) -> None:
        """Keep what was found, in place of what was kept under another key; as it will be when it is read back."""
        self.parts[part] = {"key": key, "found": json.loads(json.dumps(found))}


class Store:
    """The files of all cells in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, cell: str) -> Path:
        """Where a cell's evidence is kept."""
        return self.folder / f"{cell}.json"

    def load(self, cell: str) -> Kept:
        """What is kept of a cell: nothing where there is no file, or where it is damaged."""
        path = self.path(cell)
        try:
            content = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return Kept(cell)
        except UnicodeDecodeError:
            return Kept(cell, damaged=True)
        try:
            data = json.loads(content)
            fits = data["format"] == FORMAT and data["cell"] == cell and data["digest"] == digest(data)
            parts = {
                name: {"key": part["key"], "found": part["found"]} for name, part in data["parts"].items()
            }
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return Kept(cell, damaged=True)
        return Kept(cell, parts) if fits else Kept(cell, damaged=True)

    def save(self, kept: Kept) -> None:
        """Keep a cell's evidence.

        Raises:
            OSError: it cannot be written; what was kept before is still there, whole.
        """
        data: Record = {"format": FORMAT, "cell": kept.cell, "parts": kept.parts}
        write(data | {"digest": digest(data)}, self.path(kept.cell))


def digest(data: Record) -> str:
    """A digest of all that a file says, but for the digest in it."""
    told = {key: value for key, value in data.items() if key != "digest"}
    return f"sha256:{hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()}"


def write(data: Record, path: Path) -> None:
    """Write JSON whole or not at all, the same bytes for the same data; a file that has them already is left alone.

    Raises:
        OSError: it cannot be written; no part of it is left, and the file that was there is still whole.
    """
    text = json.dumps(data, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    content = text.encode()
    if _holds(path, content):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False
