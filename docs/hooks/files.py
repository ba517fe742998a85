"""Files that the build writes for itself: whole or not at all, and believed only if they are what was written."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Write `text` to `path` whole or not at all; on a full disk nothing is left beside it either."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8", newline="")  # noqa: SIM115
    try:
        with file:
            file.write(text)
        os.replace(file.name, path)
    except BaseException:
        Path(file.name).unlink(missing_ok=True)
        raise


def digest(*parts: str | bytes) -> str:
    """SHA-256 of the parts, each with its length: no two lists of parts run together to the same."""
    whole = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        whole.update(f"{len(content)}\0".encode() + content)
    return whole.hexdigest()


def write_sealed(path: Path, key: str, text: str) -> None:
    """Write what a program made of `key`, under a digest of both."""
    write(path, f"{digest(key, text)}\n{text}")


def read_sealed(path: Path, key: str) -> str | None:
    """What was written to `path` for `key`; None where there is nothing, or anything else than that."""
    try:
        seal, _, text = path.read_bytes().decode().partition("\n")
    except (OSError, ValueError):
        return None
    return text if seal == digest(key, text) else None
