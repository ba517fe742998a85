"""A small project for the site's tests: the catalogue of one cell, and prose in both languages.

The cell is the Elman network as `derivations` exports it; its evidence is made up, since nothing is proved here.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
from functools import cache
from pathlib import Path
from typing import Any

from derivations import export
from derivations.catalogue import of_cell
from derivations.cells import cells
from docs.hooks.paths import LANGUAGES, ROOT

Record = dict[str, Any]
CELL = "rnn"


def catalogue() -> Record:
    """The catalogue of one cell; the caller may change it."""
    return copy.deepcopy(_catalogue())


@cache
def _catalogue() -> Record:
    return {
        "version": "0.1.0",
        "versions": {"sympy": "1.14.0"},
        "notation": export.notation_snippets(),
        "cells": [export.cell_record(cells()[CELL])],
        "formulas": [
            export.formula_record(formula, {"evidence": _evidence(formula.pass_), "passing": True})
            for formula in of_cell(CELL)
        ],
    }


def _evidence(kind: str) -> list[Record]:
    def check(method: str, outcome: str, **coverage: object) -> Record:
        return {"method": method, "outcome": outcome, "coverage": coverage, "versions": {"sympy": "1.14.0"}}

    proofs = [check("all-sizes", "proved"), check("unrolled", "proved", T=[1, 2, 3])]
    others = [
        check("agreement", "checked", tolerance=1e-12),
        check("witness", "checked", tolerance=1e-12) | {"name": "jax"},
        check("witness", "not-run") | {"name": "torch"},
        check("mutants", "checked", generated=9, caught=8, equivalent=1),
    ]
    return others if kind == "forward" else proofs + others


_FRONT = "---\ntitle: {title}\ndescription: {title}.\n---\n\n# {title}\n\n"
PAGES = {
    "index.md": "{{summary}}\n\nTERM {{term gradient}} {{symbol rnn h_prev}}\n\n{{formula rnn.backward.h}}\n",
    "cells/index.md": "{{cells}}\n",
    "cells/rnn.md": """{{source rnn}}

{{forward rnn}}

{{backward rnn}}

{{steps rnn.backward.x}}

{{shapes rnn}}

{{parameters rnn}}

{{code rnn}}

{{diagram rnn}}
""",
    "formulas.md": "{{formulas}}\n\n{{math hadamard}} {{inline rnn.forward.h}} {{id rnn.forward.h}}\n",
    "notation.md": "{{symbols}}\n",
    "glossary.md": "{{glossary}}\n",
    "bibliography.md": "{{bibliography}}\n\n{{cite elman1990}}\n",
    "cite.md": "## TERM\n\nTERM\n",
}
_TITLES = {"en": "Page", "zh": "页面"}
_TERMS = {"en": "Words about", "zh": "文字说明"}
BIBLIOGRAPHY = """@article{elman1990,
  author = {Elman, Jeffrey L.},
  title = {Finding Structure in Time},
  journal = {Cognitive Science},
  volume = {14}, number = {2}, pages = {179--211}, year = {1990}, doi = {10.1207/s15516709cog1402_1}
}
"""


def tree(root: Path) -> Path:
    """Write a whole small project into `root`: catalogue, prose in both languages, configurations."""
    for language in LANGUAGES:
        for name, body in PAGES.items():
            path = root / "docs" / language / name
            path.parent.mkdir(parents=True, exist_ok=True)
            front = _FRONT.format(title=_TITLES[language])
            path.write_text(front + body.replace("TERM", _TERMS[language]), encoding="utf-8")
        shutil.copy(ROOT / "docs" / f"words.{language}.yml", root / "docs")
    shutil.copy(ROOT / "docs" / "glossary.yml", root / "docs")
    for name in ("hooks", "overrides", "assets"):
        os.symlink(ROOT / "docs" / name, root / "docs" / name)
    shutil.copy(ROOT / "package-lock.json", root)
    shutil.copy(ROOT / "mkdocs.base.yml", root)
    for name in ("mkdocs.yml", "mkdocs.zh.yml"):
        text = (ROOT / name).read_text(encoding="utf-8")
        kept = [line for line in text.splitlines() if line.strip() not in ("- ds.md", "- method.md")]
        (root / name).write_text("\n".join(kept) + "\n", encoding="utf-8")
    (root / "references.bib").write_text(BIBLIOGRAPHY, encoding="utf-8")
    (root / "build").mkdir()
    write_catalogue(root, catalogue())
    return root


def write_catalogue(root: Path, data: Record) -> None:
    """Put a catalogue where the build looks for it."""
    (root / "build" / "catalogue.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
