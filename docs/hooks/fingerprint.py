"""Whether a built site is still the one that its inputs give."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from derivations.record.address import SITE
from docs.hooks import files
from docs.hooks.paths import ROOT, npm_version

# The file in the built site that says from what it was built.
NAME = "build.json"
INPUTS = (
    "docs",
    "derivations",
    "lstmref",
    "benchmarks",
    "build/catalogue.json",
    "mkdocs.base.yml",
    "mkdocs.yml",
    "mkdocs.zh.yml",
    "references.bib",
    "package-lock.json",
)
PACKAGES = (
    "mkdocs",
    "mkdocs-material",
    "mkdocs-jupyter",
    "mkdocstrings",
    "mkdocstrings-python",
    "mkdocs-autorefs",
    "griffelib",
    "ruff",
    "markdown",
    "pymdown-extensions",
    "pygments",
    "jieba",
    "jinja2",
    "sympy",
    "bibtexparser",
)
NPM = ("katex", "@viz-js/viz")


def of_inputs(root: Path = ROOT, inputs: Iterable[str] = INPUTS) -> str:
    """A hash of every input file, the versions of the tools and the site's address."""
    digest = hashlib.sha256()
    for name in inputs:
        path = root / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(root).as_posix()}\0".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    tools = [f"{name} {version(name)}" for name in PACKAGES] + [f"{name} {npm_version(name)}" for name in NPM]
    digest.update("\0".join([platform.python_version(), SITE, *tools]).encode())
    return digest.hexdigest()


def _content(site: Path) -> str:
    """A hash of every file of the site: catches one that somebody has changed, at whatever size."""
    parts: list[str | bytes] = []
    for path in sorted(site.rglob("*")):
        if path.is_symlink():  # none of ours
            parts += [path.relative_to(site).as_posix(), b"link"]
        elif path.is_file() and path != site / NAME:
            parts += [path.relative_to(site).as_posix(), hashlib.sha256(path.read_bytes()).digest()]
    return files.digest(*parts)


def write(site: Path, fingerprint: str) -> None:
    """Note in the site from what it was built, and what it holds."""
    note = {"inputs": fingerprint, "content": _content(site)}
    files.write(site / NAME, json.dumps(note) + "\n")


def is_current(site: Path, fingerprint: str) -> bool:
    """Whether the site was built from these inputs and is whole."""
    try:
        note = json.loads((site / NAME).read_text(encoding="utf-8"))
        return bool(note == {"inputs": fingerprint, "content": _content(site)})
    except (OSError, ValueError, RecursionError):  # no note, or one that nobody can read
        return False
