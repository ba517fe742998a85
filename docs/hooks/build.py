"""Builds the site, both languages: `python -m docs.hooks.build`. Quick when nothing changed.

Each language is built by a process of its own into a folder beside the site; the links are checked; only then
does the new site take the place of the old one. Every warning is an error.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from derivations import console
from docs.hooks import catalogue, fingerprint, links, notations, policy, swap
from docs.hooks.paths import CATALOGUE, ROOT, MissingToolError

CONFIGURATIONS = {"en": "mkdocs.yml", "zh": "mkdocs.zh.yml"}
# The one date in the site's bytes stands in a gzip header. It is the same for every build, so that the same inputs
# give the same bytes, whenever and wherever they are built.
EPOCH = "1795219200"


class SiteError(RuntimeError):
    """The site cannot be built; the old one stays."""


def build(out: Path, root: Path = ROOT) -> bool:
    """Build the site of `root` into `out`; False when the one there is up to date.

    Raises `SiteError` when a language does not build without a warning, or a link leads nowhere.
    """
    if fingerprint.is_current(out, fingerprint.of_inputs(root)):
        return False
    with swap.alone(out):
        stamp = fingerprint.of_inputs(root)
        if fingerprint.is_current(out, stamp):  # another run made it meanwhile
            return False
        _prepare(root)
        _replace(out, root, stamp)
    return True


def _replace(out: Path, root: Path, stamp: str) -> None:
    with swap.replacing(out) as made:
        _languages(made, root)
        try:
            policy.put(made)
        except policy.PolicyError as error:
            raise SiteError(str(error)) from error
        if found := links.check(made):
            raise SiteError("\n".join(["links that lead nowhere:", *found[:50], f"{len(found)} in all"]))
        if found := notations.check(made):
            raise SiteError("\n".join(["formulas in other notations:", *found[:50], f"{len(found)} in all"]))
        fingerprint.write(made, stamp)


def _prepare(root: Path) -> None:
    """What both languages share and only one should make: diagrams, and this repository's notebooks."""
    # Imported only now: they take longer to load than finding out that nothing changed.
    from docs.hooks import diagram, notebooks
    from docs.hooks.notebook_template import NotebookError

    known = catalogue.load(root / "build" / CATALOGUE.name)
    try:
        diagram.prepare(list(known.cells.values()))
        if root == ROOT:
            notebooks.prune(known.cells)
            notebooks.make(known.cells)
    except (NotebookError, RuntimeError) as error:  # Graphviz or a notebook's kernel did not run
        raise SiteError(str(error)) from error


def _languages(made: Path, root: Path) -> None:
    """Both languages at once, each in its own process and folder; in the end English holds Chinese at zh/."""
    # MkDocs empties its folder first, so neither may lie in the other's while they are built.
    folders = {language: made / f".{language}" for language in CONFIGURATIONS}
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "NO_MKDOCS_2_WARNING": "1",
        "SOURCE_DATE_EPOCH": EPOCH,
    }
    running = {
        language: subprocess.Popen(
            [sys.executable, "-m", "docs.hooks.language", str(root / CONFIGURATIONS[language]), str(folder)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        for language, folder in folders.items()
    }
    outputs = {language: process.communicate()[0].strip() for language, process in running.items()}
    failed = [language for language, process in running.items() if process.returncode != 0]
    if failed:
        raise SiteError("\n".join(outputs[language] for language in failed))
    for path in list(folders["en"].iterdir()):
        os.replace(path, made / path.name)
    folders["en"].rmdir()
    os.replace(folders["zh"], made / "zh")


def _failed(reason: str) -> int:
    print(f"{reason}\nThe site was not built.", file=sys.stderr)
    return 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Build and say what happened."""
    parser = argparse.ArgumentParser(prog="python -m docs.hooks.build", description="Build the site.")
    parser.add_argument("--out", type=Path, default=ROOT / "site", help="where the site goes (default: site)")
    out: Path = parser.parse_args(console.arguments(parser, arguments)).out
    start = time.perf_counter()
    try:
        changed = build(out.resolve())
    except (SiteError, catalogue.CatalogueError, MissingToolError) as error:
        return _failed(str(error))
    except OSError as error:  # a full disk, a folder that cannot be written to
        return _failed(console.reason(error))
    pages = sum(1 for _ in out.rglob("*.html"))
    done = "built" if changed else "nothing changed"
    print(f"site: {done}, {pages} pages, {time.perf_counter() - start:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
