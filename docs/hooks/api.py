"""The API reference: a page a module of `lstmref`, and an overview.

The pages are in English, in the English edition alone: they are the docstrings, and a second version of those would
say something else one day. The Chinese edition has the same overview, which leads to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from markupsafe import Markup, escape

from docs.hooks.api_modules import FOLDER, GROUPS, Module
from docs.hooks.view import View
from docs.hooks.words import Words

# The edition that has the pages.
LANGUAGE = "en"
# A key of the bibliography is looked for between these: not in code, nor in tags.
_NOT_PROSE = re.compile(r"(<pre\b.*?</pre>|<code\b.*?</code>|<[^>]*>)", re.DOTALL)
_SOURCE = re.compile(r'<details class="mkdocstrings-source">.*?</details>', re.DOTALL)


def navigation(modules: Iterable[Module], words: Words) -> Iterator[dict[str, list[dict[str, str]]]]:
    """The pages under the titles of their groups."""
    for group in GROUPS:
        if inside := [{one.path: one.file} for one in modules if one.group == group]:
            yield {words.say(f"api.{group}"): inside}


def overview(view: View) -> Markup:
    """The modules in a table, each linked to its page in the English edition."""
    up = view.root + ("" if view.words.language == LANGUAGE else "../")
    groups = [(group, [one for one in view.site.modules if one.group == group]) for group in GROUPS]
    return view.render(
        "api.html", up=up, groups=[(group, inside) for group, inside in groups if inside], code=_code
    )


def _code(text: str) -> Markup:
    """A line of a docstring: what stands between backticks is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def finish(view: View, html: str) -> str:
    """The HTML of a page with its references linked, and the source code kept out of the search."""
    keys = "|".join(re.escape(one.key) for one in view.site.bibliography)
    pattern = re.compile(rf"(?<![\w-])(?:{keys})(?![\w-])")
    parts = _NOT_PROSE.split(html)
    parts[::2] = [pattern.sub(lambda key: str(view.cite(key[0])), part) for part in parts[::2]]
    return _SOURCE.sub(lambda source: str(view.hide(source[0])), "".join(parts))


def is_page(file: Any) -> bool:
    """Whether a file of MkDocs is the page of a module."""
    return bool(file.generated_by) and file.src_uri.startswith(f"{FOLDER}/")
