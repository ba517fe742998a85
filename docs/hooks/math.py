"""TeX to HTML with KaTeX at build time: one Node process for all that a cache on disk does not know yet.

A page first gets a token for each formula (`Batch.token`), the whole batch is rendered once, and the tokens
are replaced last (`Batch.fill`). Tokens are HTML comments, so the search index never sees a formula's glyphs.
"""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from docs.hooks.files import digest
from docs.hooks.paths import BUILD, HOOKS, ROOT, node, npm_version

CACHE = BUILD / "katex.sqlite"
SCRIPT = HOOKS / "katex.mjs"
_TOKEN = re.compile(r"<!--math ([0-9a-f]{32})-->")


@cache
def options() -> str:
    """What KaTeX is asked for, as a digest of the script that asks."""
    return digest(SCRIPT.read_bytes())


class MathError(ValueError):
    """KaTeX refused a formula."""


@dataclass(frozen=True)
class Math:
    """One formula to render."""

    tex: str
    display: bool = False

    def key(self, version: str) -> str:
        """Identity of what KaTeX makes of it: the text, the mode, the script that asks and KaTeX's version."""
        return digest(version, options(), str(self.display), self.tex)[:32]


def render(items: Sequence[Math], cache: Path | None = None) -> list[str]:
    """The HTML (with MathML inside) of each formula, in order.

    A damaged cache is made anew. Raises `MathError` that quotes each refused formula and KaTeX's reason, or says why
    the cache cannot be written.
    """
    version = npm_version("katex")
    keys = [item.key(version) for item in items]
    wanted = dict(zip(keys, items, strict=True))
    path = CACHE if cache is None else cache
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        known = _through(path, wanted)
    except sqlite3.Error as error:
        if not _is_damage(error):
            raise MathError(f"{path.name}: {error}") from error
        for name in (path.name, f"{path.name}-journal"):
            path.with_name(name).unlink(missing_ok=True)
        known = _through(path, wanted)
    return [known[key] for key in keys]


def _through(path: Path, wanted: Mapping[str, Math]) -> dict[str, str]:
    """The HTML of each formula, by its key, from the cache at `path` or made now and kept there."""
    with closing(sqlite3.connect(path, timeout=60)) as base:
        base.text_factory = bytes  # text that is not UTF-8 is a row that does not fit, and no error
        base.execute("CREATE TABLE IF NOT EXISTS rendered (key TEXT PRIMARY KEY, html TEXT, digest TEXT)")
        known = _known(base, wanted)
        missing = [key for key in wanted if key not in known]
        fresh = dict(zip(missing, _katex([wanted[key] for key in missing]), strict=True))
        rows = ((key, html, digest(key, html)) for key, html in fresh.items())
        base.executemany("INSERT OR REPLACE INTO rendered VALUES (?, ?, ?)", rows)
        base.commit()
    return known | fresh


def _known(base: sqlite3.Connection, keys: Iterable[str]) -> dict[str, str]:
    """The rows that hold what was written to them; the others are as good as missing."""
    found = {}
    for key in keys:
        row = base.execute("SELECT html, digest FROM rendered WHERE key = ?", (key,)).fetchone()
        if row and isinstance(row[0], bytes) and row[1] == digest(key, row[0]).encode():
            found[key] = row[0].decode()
    return found


def _is_damage(error: sqlite3.Error) -> bool:
    """Whether the file is at fault, and not a full disk, a lock or a folder that cannot be written to."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


def _katex(items: Sequence[Math]) -> list[str]:
    if not items:
        return []
    done = subprocess.run(
        [node(), str(SCRIPT)],
        input=json.dumps([{"tex": item.tex, "display": item.display} for item in items]),
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        check=False,
    )
    if done.returncode != 0:
        raise MathError(f"KaTeX did not run: {done.stderr.strip()}")
    answers: list[dict[str, str]] = json.loads(done.stdout)
    refused = [
        f"{item.tex!r}: {answer['error']}"
        for item, answer in zip(items, answers, strict=True)
        if "error" in answer
    ]
    if refused:
        raise MathError("\n".join(refused))
    return [answer["html"] for answer in answers]


@dataclass
class Batch:
    """The formulas of one build: tokens handed out, then all rendered together."""

    cache: Path | None = None
    _items: dict[str, Math] = field(default_factory=dict)
    _html: dict[str, str] = field(default_factory=dict)

    def token(self, tex: str, *, display: bool = False) -> str:
        """A placeholder for the formula; `fill` replaces it by the rendered formula."""
        item = Math(tex, display)
        key = item.key(npm_version("katex"))
        self._items[key] = item
        return f"<!--math {key}-->"

    def render(self) -> None:
        """Render all that was asked for since the last call; raises `MathError`."""
        keys = [key for key in self._items if key not in self._html]
        items = [self._items[key] for key in keys]
        self._html |= dict(zip(keys, render(items, self.cache), strict=True))

    def fill(self, html: str) -> str:
        """`html` with every token replaced by its formula."""
        return _TOKEN.sub(lambda found: self._html[found[1]], html)


def display(html: str, data_id: str, label: str, attributes: str = "") -> str:
    """The wrapper of a displayed formula: it scrolls on its own, and the keyboard reaches it."""
    return (
        f'<div class="math" data-id="{data_id}" role="group" aria-label="{label}" tabindex="0" '
        f"data-search-exclude{attributes}>{html}</div>"
    )
