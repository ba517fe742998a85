"""The files that belong to the project: what git tracks, or, in an unpacked archive, what was in it."""

from __future__ import annotations

import subprocess
from pathlib import Path


def tracked(repository: Path) -> list[Path]:
    """Every file of the project that is there, sorted."""
    if (repository / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=repository, capture_output=True, text=True, check=True
        )
        names = [repository / name for name in listed.stdout.split("\0") if name]
        return sorted(path for path in names if path.is_file())
    lines = (repository / ".gitignore").read_text(encoding="utf-8").split()
    ignored = {line.strip("/") for line in lines}
    return sorted(
        path
        for path in repository.rglob("*")
        if path.is_file() and not ignored & set(path.relative_to(repository).parts)
    )
