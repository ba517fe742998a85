"""The public modules of `lstmref`: found by looking, read without running them."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import griffe

PACKAGE = "lstmref"
FOLDER = "api"
# Where modules live that were in the package itself once; their pages still are.
ROOMS = ("cells.", "network.")
# What the overview tells apart, in this order: the words have a title for each.
GROUPS = ("interface", "cells", "parts")


# A module that the package's own docstring sends to.
_NAMED = re.compile(rf"`({PACKAGE}(?:\.\w+)+)`")


class ApiError(ValueError):
    """A source of the package that cannot be read."""


@dataclass(frozen=True)
class Module:
    """A public module: its full name, the first line of its docstring, and the group it belongs to."""

    name: str
    summary: str
    group: str
    # What the package itself exports of it.
    exports: tuple[str, ...]

    @property
    def path(self) -> str:
        """What its page is called: its name within the package, without a room whose modules have older addresses."""
        path = self.name.removeprefix(f"{PACKAGE}.")
        return next((path.removeprefix(room) for room in ROOMS if path.startswith(room)), path)

    @property
    def file(self) -> str:
        """Where MkDocs believes its Markdown lies."""
        return f"{FOLDER}/{self.path.replace('.', '/')}.md"

    @property
    def url(self) -> str:
        """The address of its page, below the root of the English edition."""
        return self.file.removesuffix(".md") + "/"

    @property
    def markdown(self) -> str:
        """The source of its page: front matter, and the place where mkdocstrings puts the rest."""
        meta = {"title": self.name, "description": f"{self.name}: {self.summary}"}
        return f"---\n{json.dumps(meta)}\n---\n\n::: {self.name}\n    options:\n      heading_level: 1\n"


def find(root: Path) -> tuple[Module, ...]:
    """The modules below `root`, by group and name; none where there is no package (a test's tree).

    Raises `ApiError` for a source that is not Python: Griffe would leave it out.
    """
    if not (root / PACKAGE).is_dir():
        return ()
    for path in sorted((root / PACKAGE).rglob("*.py")):
        try:
            ast.parse(path.read_bytes())
        except SyntaxError as error:
            raise ApiError(f"{path.relative_to(root).as_posix()}:{error.lineno}: {error.msg}") from error
    package = griffe.load(PACKAGE, search_paths=[root], allow_inspection=False, try_relative_path=False)
    assert isinstance(package, griffe.Module)
    exported: dict[str, list[str]] = defaultdict(list)
    for name, member in package.members.items():
        if isinstance(member, griffe.Alias) and member.is_exported:
            exported[member.target_path.rpartition(".")[0]].append(name)
    named = set(_NAMED.findall(package.docstring.value)) if package.docstring else set()
    found = [
        Module(
            one.path,
            one.docstring.value.partition("\n")[0] if one.docstring else "",
            _group(one, exported.keys() | named),
            tuple(sorted(exported[one.path])),
        )
        for one in _below(package)
    ]
    pages = Counter(one.path for one in found)
    if twice := [one.name for one in found if pages[one.path] > 1]:
        raise ApiError(f"{', '.join(twice)}: expected a page for each, got one address")
    return tuple(sorted(found, key=lambda one: (GROUPS.index(one.group), one.name)))


def _below(package: griffe.Module) -> Iterator[griffe.Module]:
    for one in package.members.values():
        if isinstance(one, griffe.Module) and not one.name.startswith("_"):
            yield one
            yield from _below(one)


def _group(module: griffe.Module, called: Collection[str]) -> str:
    """A cell defines `parameter_shapes`; the interface is what is exported of, a package in it, or sent to."""
    if "parameter_shapes" in module.functions:
        return "cells"
    return "interface" if module.path in called or (module.is_init_module and module.exports) else "parts"
