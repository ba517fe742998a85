"""TeX to HTML with KaTeX at build time: one Node process for all that a cache on disk does not know yet.

A page first gets a token for each formula (`Batch.token`), the whole batch is rendered once, and the tokens
are replaced last (`Batch.fill`). Tokens are HTML comments, so the search index never sees a formula's glyphs.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from docs.hooks.paths import BUILD, HOOKS, ROOT, node, npm_version

CACHE = BUILD / "katex.sqlite"
OPTIONS = "htmlAndMathml throwOnError strict=error"
_TOKEN = re.compile(r"<!--math ([0-9a-f]{32})-->")


class MathError(ValueError):
    """KaTeX refused a formula."""


@dataclass(frozen=True)
class Math:
    """One formula to render."""

    tex: str
    display: bool = False

    def key(self, version: str) -> str:
        """Identity of what KaTeX makes of it: the text, the mode, the options and KaTeX's version."""
        text = "\0".join((version, OPTIONS, str(self.display), self.tex))
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def render(items: Sequence[Math], cache: Path | None = None) -> list[str]:
    """The HTML (with MathML inside) of each formula, in order.

    Raises `MathError` that quotes each refused formula and KaTeX's reason.
    """
    version = npm_version("katex")
    keys = [item.key(version) for item in items]
    wanted = dict(zip(keys, items, strict=True))
    path = CACHE if cache is None else cache
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, timeout=60)) as base:
        base.execute("CREATE TABLE IF NOT EXISTS html (key TEXT PRIMARY KEY, html TEXT NOT NULL)")
        known = _known(base, wanted)
        missing = [key for key in wanted if key not in known]
        fresh = dict(zip(missing, _katex([wanted[key] for key in missing]), strict=True))
        base.executemany("INSERT OR IGNORE INTO html VALUES (?, ?)", fresh.items())
        base.commit()
    known |= fresh
    return [known[key] for key in keys]


def _known(base: sqlite3.Connection, keys: Iterable[str]) -> dict[str, str]:
    found = (base.execute("SELECT key, html FROM html WHERE key = ?", (key,)).fetchone() for key in keys)
    return {row[0]: row[1] for row in found if row is not None}


def _katex(items: Sequence[Math]) -> list[str]:
    if not items:
        return []
    done = subprocess.run(
        [node(), str(HOOKS / "katex.mjs")],
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
