"""The page of each formula, and the table of contents of pages whose headings are generated."""

from __future__ import annotations

import json
import re
from html import unescape

from mkdocs.structure.toc import TableOfContents, get_toc

from derivations.record.address import permalink
from docs.hooks import describe, evidence
from docs.hooks.catalogue import Record
from docs.hooks.view import View
from docs.hooks.words import Words

# A heading with an anchor, unless it says that it is too small for the table of contents.
_HEADING = re.compile(r'<h([1-6])\b(?![^>]*no-toc)[^>]*?\bid="([^"]+)"[^>]*>(.*?)</h\1>', re.DOTALL)
_PERMALINK = re.compile(r'<a class="headerlink".*?</a>', re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


def address(formula_id: str) -> str:
    """Where MkDocs believes a formula's Markdown lies."""
    return f"f/{formula_id}.md"


def markdown(catalogue_words: Words, formula: Record, sentence: str) -> str:
    """The source of a formula's page: its front matter only, for its HTML is put in later."""
    meta = {
        "title": formula["id"],
        "description": catalogue_words.say("description.formula", id=formula["id"], sentence=sentence),
        "formula": formula["id"],
    }
    # JSON is YAML, and needs no care with colons.
    return f"---\n{json.dumps(meta, ensure_ascii=False)}\n---\n"


def html(view: View, formula: Record) -> str:
    """The HTML of a formula's page."""
    catalogue, words = view.catalogue, view.words
    same_cell = list(catalogue.of_cell(formula["cell"]))
    place = next(i for i, one in enumerate(same_cell) if one["id"] == formula["id"])
    return view.render(
        "formula.html",
        formula=formula,
        title=describe.title(words, formula),
        sentence=describe.sentence(words, formula),
        meanings=[describe.meaning(words, one) for one in formula["symbols"]],
        outcomes=evidence.in_short(words, formula),
        checks=evidence.in_full(words, formula),
        formats=[
            (name, formula[name]) for name in ("latex", "mathml", "sympy", "numpy") if formula.get(name)
        ],
        citations=[(name, _text(value)) for name, value in formula["cite"].items()],
        permalink=permalink(formula["id"], words.language),
        # One file serves both languages; it lies beside the English page.
        json=view.shared + f"f/{formula['id']}/formula.json",
        before=same_cell[place - 1] if place > 0 else None,
        after=same_cell[place + 1] if place + 1 < len(same_cell) else None,
        elsewhere=[
            one
            for one in catalogue.formulas.values()
            if (one["pass"], one["quantity"]) == (formula["pass"], formula["quantity"])
            and one["cell"] != formula["cell"]
        ],
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def contents(text: str) -> TableOfContents:
    """The table of contents of a page, from the headings in its HTML."""
    tokens: list[dict[str, object]] = []
    stack: list[dict[str, object]] = []
    for level, anchor, inner in _HEADING.findall(text):
        name = _TAG.sub("", _PERMALINK.sub("", inner)).strip()
        token: dict[str, object] = {
            "level": int(level),
            "id": unescape(anchor),
            "name": name,
            "html": name,
            "data-toc-label": "",
            "children": [],
        }
        while stack and int(str(stack[-1]["level"])) >= int(level):
            stack.pop()
        children = stack[-1]["children"] if stack else tokens
        assert isinstance(children, list)
        children.append(token)
        stack.append(token)
    return get_toc(tokens)  # type: ignore[arg-type]
