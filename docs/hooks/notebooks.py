"""Every recurrent cell's derivation as an executed notebook: ``python -m docs.hooks.notebooks``.

Each notebook runs once; what comes out is written for each language below ``build/notebooks/<language>/``
and is made again only when the derivations, the template or a version changes. The two MkDocs builds take
the notebooks in through ``on_files`` and show them through ``on_page_content``; neither runs anything.
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from derivations import console
from docs.hooks import catalogue, files, notebook_page
from docs.hooks.notebook_run import run
from docs.hooks.notebook_template import TEMPLATE, NotebookError, for_cell, for_language, text_of, words_file
from docs.hooks.paths import BUILD, CATALOGUE, HOOKS, LANGUAGES, ROOT

OUT: Final = BUILD / "notebooks"
STYLE: Final = "assets/notebook.css"
# Versions that show in a notebook's bytes.
_PACKAGES: Final = (
    "sympy",
    "mpmath",
    "python-flint",
    "jupytext",
    "nbformat",
    "nbclient",
    "ipykernel",
    "ipython",
)


def fingerprint(template: Path = TEMPLATE) -> str:
    """A hash of all that a notebook depends on but the recurrent cell's name."""
    digest = hashlib.sha256()
    sources = [*sorted((ROOT / "derivations").rglob("*.py")), *sorted(HOOKS.glob("notebook*.py")), template]
    for path in (*sources, *map(words_file, LANGUAGES)):
        digest.update(f"{path.name}\0".encode() + path.read_bytes() + b"\0")
    for package in _PACKAGES:
        digest.update(f"{package} {version(package)}\0".encode())
    digest.update(platform.python_version().encode())
    return digest.hexdigest()


def make(names: Iterable[str], out: Path = OUT, template: Path = TEMPLATE) -> list[str]:
    """Run and write each recurrent cell's notebook that is missing or out of date; the names of those run.

    A notebook's stamp is written after the notebook, so an interrupted run is repeated; it holds a digest of the
    notebook, so a damaged one is made anew. Raises NotebookError
    where a notebook does not run.
    """
    stamp = fingerprint(template)
    made = []
    for name in names:
        marker = out / f"{name}.stamp"
        places = {language: place(name, language, out) for language in LANGUAGES}
        if _is_current(marker, stamp, places.values()):
            continue
        notebook = run(for_cell(name, template), name, ROOT)
        for language, path in places.items():
            files.write(path, text_of(for_language(notebook, language)))
        files.write(marker, _stamp_of(stamp, places.values()))
        made.append(name)
    return made


def place(name: str, language: str, out: Path = OUT) -> Path:
    """Where a notebook lies: MkDocs takes a page's address from its path below the language's folder."""
    return out / language / "notebooks" / f"{name}.ipynb"


def _stamp_of(stamp: str, notebooks: Iterable[Path]) -> str:
    """What the notebooks are made from, and what they hold."""
    return files.digest(stamp, *(path.read_bytes() for path in notebooks))


def _is_current(marker: Path, stamp: str, notebooks: Iterable[Path]) -> bool:
    try:
        return marker.read_bytes() == _stamp_of(stamp, notebooks).encode()
    except OSError:
        return False


def prune(names: Iterable[str], out: Path = OUT) -> None:
    """Remove what is not a notebook of one of the recurrent cells ``names``, in its place."""
    known = list(names)
    kept = {place(name, language, out) for name in known for language in LANGUAGES}
    kept |= {out / f"{name}.stamp" for name in known}
    for path in (*out.glob("*.stamp"), *out.rglob("*.ipynb")):
        if path not in kept:
            path.unlink()


@event_priority(100)  # before mkdocs-jupyter looks for notebooks among the files
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the notebooks of the build's language as pages ``notebooks/<cell>/``, and their style."""
    source = OUT / _language(config)
    for path in sorted(source.rglob("*.ipynb")):
        name = path.relative_to(source).as_posix()
        files.append(File(name, str(source), config.site_dir, config.use_directory_urls))
    files.append(File.generated(config, STYLE, content=(HOOKS / "notebook.css").read_text(encoding="utf-8")))
    config.extra_css.append(STYLE)
    return files


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str | None:
    """A notebook's page as the rest of the site looks; None (as it is) for every other page."""
    if not notebook_page.is_notebook(page):
        return None
    return notebook_page.rebuild(html, page, _language(config))


def _language(config: MkDocsConfig) -> str:
    """The language of a build, from the theme's: ``zh`` for any Chinese, else ``en``."""
    language = str(config.theme["language"]).partition("-")[0]
    if language not in LANGUAGES:
        raise NotebookError(
            f"notebooks: expected a theme language in {', '.join(LANGUAGES)}, got {language!r}"
        )
    return language


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the notebooks of the cells given, else of every cell in the catalogue."""
    parser = argparse.ArgumentParser(prog="python -m docs.hooks.notebooks", description=main.__doc__)
    parser.add_argument("cell", nargs="*", help="a cell's name, e.g. lstm")
    known = list(catalogue.load(CATALOGUE).cells)
    chosen = parser.parse_args(console.arguments(parser, arguments)).cell
    for name in chosen:
        if name not in known:
            parser.error(f"{name}: expected one of {', '.join(known)}")
    try:
        prune(known)
        made = make(chosen or known)
    except NotebookError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"notebooks: {len(made)} run ({', '.join(made) or 'nothing changed'})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
