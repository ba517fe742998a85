"""A small project for the site's tests: the catalogue of one cell, and prose in both languages.

The cell is the Elman network as `derivations` exports it; its evidence is made up, since nothing is proved here.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from derivations.cells import cells
from derivations.derive.catalogue import of_cell
from derivations.record import export
from derivations.record.operations import operation_records
from derivations.record.trusted import trusted_base
from derivations.write.notations import notations
from docs.hooks import conventions
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
        "operations": operation_records(),
        "notations": _notations(),
        "cells": [export.cell_record(cells()[CELL])],
        "formulas": [
            export.formula_record(formula, {"evidence": _evidence(formula.pass_), "passing": True})
            for formula in of_cell(CELL)
        ],
        **_measured(),
    }


def _notations() -> list[Record]:
    """Every notation of the cell, cited from the one work that there is; two notations do not write the cell."""
    found = [export.notation_record(one) for one in notations().values()]
    for one in found:
        one["cells"] = {cell: use for cell, use in one["cells"].items() if cell == CELL}
        for use in one["cells"].values():
            use["source"] = {"key": "elman1990", "where": one["name"]}
    return found


def _evidence(kind: str) -> list[Record]:
    def check(method: str, outcome: str, **coverage: object) -> Record:
        return {"method": method, "outcome": outcome, "coverage": coverage, "versions": {"sympy": "1.14.0"}}

    proofs = [check("all-sizes", "proved"), check("unrolled", "proved", T=[1, 2, 3])]
    others = [
        check("agreement", "checked", tolerance=1e-12),
        check("witness", "checked", tolerance=1e-12) | {"name": "jax"},
        check("witness", "not-run") | {"name": "torch"},
        check("mutants", "checked", **_tally(9, equivalent=1)),
    ]
    for item in others[:2]:
        item["coverage"] |= {"worst": 3e-15, "configurations": 20}
    return others if kind == "forward" else proofs + others


def _tally(generated: int, **ends: int) -> Record:
    """A row of mutants: all caught but those that are said to end otherwise."""
    other = {"equivalent": 0, "survived": 0, "not-judged": 0} | ends
    return {"generated": generated, "caught": generated - sum(other.values()), **other}


def _measured() -> Record:
    """How strong the checks are, in numbers that a test can find again."""
    by_check: Record = {
        "caught-by": {"shapes": 1, "all-sizes": 7, "unrolled T=1": 5, "agreement": 7},
        "missed-by": {"unrolled T=1": 2},
    }
    row = _tally(1009, equivalent=1) | by_check
    configurations = [
        {"name": name, "T": 4, "B": 3, "D": 3, "H": 4, "rtol": 1e-7}
        for name in ("strong", "T=1", "tiny weights, tolerance 1e-3")
    ]
    missed = {"strong": (0, 0), "T=1": (20, 0), "tiny weights, tolerance 1e-3": (0, 7)}
    return {
        "mutants": {
            "cells": {CELL: row},
            "kinds": {"not-summed": row, "swap-gates": row},
            "total": row,
            "only-by": {},
            "equivalent": [f"{CELL}.forward.h/swap-gates/1"],
            "survived": [],
        },
        "strength": {
            "configurations": configurations,
            "table": {
                name: {
                    "not-summed": {"applicable": 20, "missed": a},
                    "swap-gates": {"applicable": 40, "missed": b},
                }
                for name, (a, b) in missed.items()
            },
            "slips": {
                "gradient-assigned": {
                    "formula": f"{CELL}.backward.U",
                    "missed": ["T=1"],
                    "caught": ["strong"],
                }
            },
        },
        "witnesses": {
            "jax": {"version": "0.10.2", "outcome": "checked", "precision": "float64"},
            "torch": {"outcome": "not-run", "reason": "No module named 'torch'"},
        },
        "trusted": trusted_base(),
    }


_FRONT = "---\ntitle: {title}\ndescription: {title}.\n---\n\n"
_TITLE = "# {title}\n\n"
PAGES = {
    "index.md": "{{summary}}\n\nTERM {{term gradient}} {{symbol rnn h_prev}}\n\n{{formula rnn.backward.h}}\n",
    "cells/index.md": "{{cells}}\n",
    "cells/rnn.md": """TERM

{{slot derivations}}

{{steps rnn.backward.x}}

{{slot pitfalls}}

- TERM
""",
    "formulas.md": "{{formulas}}\n\n{{math hadamard}} {{inline rnn.forward.h}} {{id rnn.forward.h}}\n",
    "notation.md": "{{operations}}\n\n{{symbols}}\n\n{{notations}}\n",
    "method.md": """## TERM {#all-sizes}

## TERM {#unrolled}

## TERM {#agreement}

## TERM {#witnesses}

{{witnesses}}

## TERM {#mutants}

{{mutants}}

{{strength}}

{{trusted}}
""",
    "glossary.md": "{{glossary}}\n",
    "bibliography.md": "{{bibliography}}\n\n{{cite elman1990}}\n",
    "cite.md": "## TERM\n\nTERM\n",
    "conventions.md": "{{conventions}}\n\n## TERM {#lone}\n\n{{convention lone}}\n\n## TERM {#activations}\n",
    "api/index.md": "{{api}}\n",
}
# A package for the API reference: read, never run.
PACKAGE = {
    "__init__.py": '''"""A small package."""

from lstmref.elman import ElmanError

__all__ = ["ElmanError"]
''',
    "elman.py": '''"""The network of Elman: `step`, and what it raises.

    h = tanh(a)          (1 - h**2 is its slope)

Source:
    elman1990 (Fig. 2).
"""

raise RuntimeError("a module of this package was run")


class ElmanError(ValueError):
    """Raised by `step`."""


def step(x: float, h_prev: float = 0.0, *, a_long_name: str = "nothing", another: float = 1.0) -> float:
    """x * h_prev * 1, in W_* and [brackets].

    Args:
        x: (B, D).
        h_prev: (B, H), 1 - h**2 of `step`, see `ElmanError`.

    Returns:
        h.

    Raises:
        ElmanError: never.

    Dtypes:
        float64.

    Examples:
        >>> step(1.0)
        0.0
    """
    return 0.0 * x * h_prev


def _private() -> None:
    """Not shown."""
''',
    "_hidden.py": '"""Not shown."""\n',
}
# A framework that nobody has, with the one cell; of what is stated one thing was tested.
FACTS: Record = {
    "lone": {
        "name": "Lone",
        "packages": ["lone"],
        "layers": {
            "rnn": {
                "class": "lone.RNN",
                "cell": CELL,
                "source": "elman1990",
                "gates": [""],
                "letters": ["h"],
                "states": ["h"],
                "activations": {"candidate": "tanh"},
                "tensors": {
                    "in": {"of": "W", "axes": ["gates", "inputs"]},
                    "back": {"of": "U", "axes": ["gates", "state"]},
                    "add": {"of": "b", "side": "x", "axes": ["gates"]},
                },
            }
        },
        "options": {"relu": {"effect": "activations", "layers": ["rnn"], "source": "elman1990"}},
    }
}
_TESTED = next(s for s in conventions.read(FACTS, {}).get("lone").statements() if s.key == "lone.rnn.cell")
RECORD: Record = {"lone": {"versions": {"lone": "1.2"}, "statements": {_TESTED.key: _TESTED.hash}}}
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
            # The page of a cell has its title from the template.
            front = (_FRONT if name == f"cells/{CELL}.md" else _FRONT + _TITLE).format(
                title=_TITLES[language]
            )
            path.write_text(front + body.replace("TERM", _TERMS[language]), encoding="utf-8")
        shutil.copy(ROOT / "docs" / f"words.{language}.yml", root / "docs")
    shutil.copy(ROOT / "docs" / "glossary.yml", root / "docs")
    (root / "docs" / conventions.FACTS).write_text(yaml.safe_dump(FACTS), encoding="utf-8")
    (root / "docs" / conventions.RECORD).write_text(json.dumps(RECORD), encoding="utf-8")
    for name in ("hooks", "overrides", "assets"):
        os.symlink(ROOT / "docs" / name, root / "docs" / name)
    shutil.copy(ROOT / "package-lock.json", root)
    shutil.copy(ROOT / "mkdocs.base.yml", root)
    for name in ("mkdocs.yml", "mkdocs.zh.yml"):
        text = (ROOT / name).read_text(encoding="utf-8")
        kept = [line for line in text.splitlines() if _has_its_page(line)]
        (root / name).write_text("\n".join(kept) + "\n", encoding="utf-8")
    (root / "references.bib").write_text(BIBLIOGRAPHY, encoding="utf-8")
    (root / "lstmref").mkdir()
    for name, source in PACKAGE.items():
        (root / "lstmref" / name).write_text(source, encoding="utf-8")
    (root / "build").mkdir()
    write_catalogue(root, catalogue())
    return root


def _has_its_page(line: str) -> bool:
    """Whether a line of a configuration names no page for its navigation, or one that the small project has."""
    named = re.fullmatch(r" *- (?:[^:]+: )?(\S+\.md)", line)
    return named is None or named[1] in PAGES


def write_catalogue(root: Path, data: Record) -> None:
    """Put a catalogue where the build looks for it."""
    (root / "build" / "catalogue.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
