"""Reads the one notebook template and makes each cell's notebook of it, and each language's of that.

The template is a percent script in which prose stands twice, tagged ``lang-en`` and ``lang-zh``, and code
once. The recurrent cell's name stands in one line of code and in backticks in prose: those are replaced,
nothing else.
"""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Final

import jupytext
import yaml
from nbformat import NotebookNode

from docs.hooks.paths import LANGUAGES, ROOT

TEMPLATE: Final = ROOT / "docs" / "notebooks" / "derivation.py"
# The recurrent cell that the template itself is about, so that it runs as it stands.
EXAMPLE: Final = "lstm"
# Stands in the template for the table of rules.
_RULES: Final = "<!-- rules -->"
_RULES_HEADER: Final = {"en": "| Name | What it does |", "zh": "| 名字 | 含义 |"}
# A line break between two Chinese characters is for the editor; in a page it would become a space.
_CHINESE_BREAK: Final = re.compile("(?<=[\u3000-\u9fff\uff00-\uffef])\n(?=[\u3400-\u9fff\uff00-\uffef])")
_SETTING: Final = 'name = "{}"'
_METADATA: Final = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


class NotebookError(RuntimeError):
    """A template that breaks its own rules, or a notebook that did not run."""


def for_cell(name: str, template: Path = TEMPLATE) -> NotebookNode:
    """The notebook, not yet run, of the recurrent cell ``name``, with the prose of both languages.

    Cell ids are numbers, so that the same template gives the same bytes. Raises NotebookError where the
    template does not set the name exactly once, or where prose stands in one language only.
    """
    notebook: NotebookNode = jupytext.reads(template.read_text(encoding="utf-8"), fmt="py:percent")
    example, wanted = _SETTING.format(EXAMPLE), _SETTING.format(name)
    set_in = [cell for cell in notebook.cells if cell.cell_type == "code" and example in cell.source]
    if len(set_in) != 1:
        raise NotebookError(f"{template.name}: expected one code cell with {example!r}, got {len(set_in)}")
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number}"
        cell.metadata = {"tags": cell.metadata.get("tags", [])}
        if cell.cell_type == "code":
            cell.source = cell.source.replace(example, wanted)
        else:
            cell.source = cell.source.replace(f"`{EXAMPLE}`", f"`{name}`")
            cell.source = _CHINESE_BREAK.sub("", cell.source)
    _check_languages(notebook, template.name)
    for cell in notebook.cells:
        if _RULES in cell.source:
            cell.source = cell.source.replace(_RULES, _rules(language_of(cell)))
    notebook.metadata = copy.deepcopy(_METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def _rules(language: str | None) -> str:
    """What each rule of a derivation does, as a Markdown table in the words of the site."""
    if language is None:
        raise NotebookError(f"{_RULES}: expected in prose of one language")
    words: dict[str, dict[str, str]] = yaml.safe_load(words_file(language).read_text(encoding="utf-8"))
    rows = "\n".join(f"| `{rule}` | {told} |" for rule, told in words["rules"].items())
    return f"{_RULES_HEADER[language]}\n|---|---|\n{rows}"


def words_file(language: str) -> Path:
    """The words of the site in one language."""
    return ROOT / "docs" / f"words.{language}.yml"


def language_of(cell: NotebookNode) -> str | None:
    """The language that a notebook cell is tagged with, None for one that all share."""
    tagged = [language for language in LANGUAGES if f"lang-{language}" in cell.metadata.get("tags", [])]
    if len(tagged) > 1:
        raise NotebookError(f"notebook {cell.id}: expected one language, got {', '.join(tagged)}")
    return tagged[0] if tagged else None


def for_language(notebook: NotebookNode, language: str) -> NotebookNode:
    """The notebook as one language's reader gets it: the other's cells and all tags are gone."""
    own = copy.deepcopy(notebook)
    own.cells = [cell for cell in own.cells if language_of(cell) in (language, None)]
    for cell in own.cells:
        cell.metadata = {}
    return own


def text_of(notebook: NotebookNode) -> str:
    """The notebook as a file holds it: the same notebook gives the same text."""
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _check_languages(notebook: NotebookNode, name: str) -> None:
    counts = dict.fromkeys(LANGUAGES, 0)
    for cell in notebook.cells:
        language = language_of(cell)
        if language is not None:
            counts[language] += 1
        elif cell.cell_type == "markdown":
            first = cell.source.splitlines()[0] if cell.source else ""
            raise NotebookError(f"{name}: {cell.id}: prose without a language: {first!r}")
    if len(set(counts.values())) != 1:
        told = ", ".join(f"{language}: {count}" for language, count in counts.items())
        raise NotebookError(f"{name}: expected as many cells in every language, got {told}")
