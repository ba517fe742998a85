"""What evidence rests on, as digests: what the cell says, the code that judges it, and the versions it runs on.

Evidence is kept as long as its key is the same. A key is made of content, so an edit of what writes formulas, or of a
comment in a cell's file, changes none; nor does one of another cell's file.
"""

from __future__ import annotations

import ast
import hashlib
import json
import platform
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from derivations.cells import cells
from derivations.checkers import Checker, installed
from derivations.derive.catalogue import of_cell
from derivations.derive.formula import canonical
from derivations.language import Cell, Symbol
from derivations.write.code import numpy

PACKAGE = Path(__file__).parent.parent
# What decides whether a formula is proved; mutants are judged by the same and made by one folder more.
PROVES = ("language", "derive", "prove", "schedule.py")
BREAKS = (*PROVES, "mutants")
REFERENCE = "lstmref"


def versions() -> dict[str, str]:
    """What proves: the interpreter and the libraries that decide."""
    return {"python": platform.python_version()} | {name: version(name) for name in ("sympy", "python-flint")}


def of_proofs(cell: str) -> str:
    """The key of the proofs of a cell's formulas."""
    return digest("proofs", said(cell), code(PACKAGE, PROVES), versions())


def of_mutants(cell: str) -> str:
    """The key of what the proofs say of the mutants of a cell's formulas."""
    return digest("mutants", said(cell), code(PACKAGE, BREAKS), versions())


def of_numbers(checker: Checker, cell: str, root: Path) -> str:
    """The key of what a checker says of a cell; ``root`` is the checkout in which it and the reference stand."""
    parts: list[Any] = [
        checker.module,
        said(cell),
        code(root, tuple(checker.files(root, cell))),
        versions(),
        installed(),
    ]
    parts.append(_release(root))
    if checker.prints:
        parts.append(printed(cell))
    if checker.breaks:
        parts.append(code(PACKAGE, ("mutants",)))
    if checker.reference:
        parts.append(code(root, tuple(reference_files(root, cell))))
    return digest("numbers", *parts)


def digest(*parts: Any) -> str:
    """One digest of all parts."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


# What a cell says.


@cache
def said(cell: str) -> str:
    """A digest of the cell's equations and of the statements of its formulas, not of how they are written."""
    one = cells()[cell]
    return digest(described(one), [(f.id, f.hash) for f in of_cell(cell)])


def described(cell: Cell) -> dict[str, Any]:
    """The cell as data: what it is given, carries and shows, and its equations in the author's order."""
    groups = ("inputs", "data", "constants", "states", "parameters")
    outputs = getattr(cell, "outputs", None) or (cell.output,)
    found: dict[str, Any] = {name: _symbols(getattr(cell, name, ())) for name in groups}
    found["outputs"] = _symbols(outputs)
    found["dimensions"] = [d.name for d in cell.dimensions]
    for name in ("equations", "steps"):
        found[name] = [(e.left.name, canonical(e.right.node)) for e in getattr(cell, name)]
    return found


def _symbols(symbols: Iterable[Symbol]) -> list[tuple[str, str, list[str]]]:
    return [(s.name, s.role, [str(n) for n in s.shape]) for s in symbols]


@cache
def printed(cell: str) -> str:
    """A digest of the formulas as NumPy source, which is run to compare them: not of the code that writes it."""
    return digest([(f.id, numpy(f.right)) for f in of_cell(cell)])


# Code.


def _release(root: Path) -> str:
    """The version of the reference, which its findings name."""
    path = root / "pyproject.toml"
    project = tomllib.loads(path.read_text(encoding="utf-8")).get("project", {}) if path.is_file() else {}
    return str(project.get("version", ""))


@cache
def code(root: Path, names: tuple[str, ...]) -> str:
    """A digest of source files and of all sources in folders, by their names below the root, as they are at first."""
    return digest(
        [(path.relative_to(root).as_posix(), _bytes(path)) for path in sorted(_sources(root, names))]
    )


def _sources(root: Path, names: Iterable[str]) -> Iterator[Path]:
    for name in dict.fromkeys(names):
        path = root / name
        if path.is_dir():
            yield from path.rglob("*.py")
        elif path.is_file():
            yield path


def _bytes(path: Path) -> str:
    """A digest of a file's content; it is read again when the file has been written to."""
    stamp = path.stat()
    return _digest_of(path, stamp.st_mtime_ns, stamp.st_size)


@cache
def _digest_of(path: Path, changed: int, size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def reference_files(root: Path, cell: str) -> list[str]:
    """The files of the reference that a cell's numbers rest on: its own, and what these import, step by step.

    Where one of them looks for modules, as the loop does for fast ones, all are taken that are no cell.
    """
    package = root / REFERENCE
    name = f"{cell.replace('-', '_')}.py"
    own = [path for path in (package / "cells" / name, package / name) if path.is_file()]
    waiting, found = list(own), set(own)
    while waiting:
        path = waiting.pop()
        stamp = path.stat()
        names, looks = _imports(path, stamp.st_mtime_ns, stamp.st_size)
        reached = {f for name in names if (f := _file(root, name)) is not None}
        if looks:
            reached |= {p for p in package.rglob("*.py") if not _is_cell(package, p)}
        new = reached - found - {package / "__init__.py"}
        found |= new
        waiting += new
    return sorted(p.relative_to(root).as_posix() for p in found)


@cache
def _imports(path: Path, changed: int, size: int) -> tuple[set[str], bool]:
    """The modules of the reference that a file may import, and whether it looks for modules by itself."""
    source = path.read_text(encoding="utf-8")
    names, looks = set[str](), False
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        looks |= any(name.split(".")[0] in ("importlib", "pkgutil") for name in modules)
        names |= {name for name in modules if name.split(".")[0] == REFERENCE}
    return names, looks


def _file(root: Path, module: str) -> Path | None:
    path = root.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _is_cell(package: Path, path: Path) -> bool:
    """Whether a file is a cell's, which no other cell rests on unless it imports it."""
    if path.name == "__init__.py":
        return False
    return path.parent == package / "cells" or path.stem.replace("_", "-") in cells()
