"""A small catalogue of the shape that `derivations.export` gives, and a small tree of prose to build with it.

The cell is h = tanh(a), a = W x + U h′ + b, with the name `rnn`; nothing is derived here.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from docs.hooks.paths import LANGUAGES, ROOT

Record = dict[str, Any]

_SYMBOLS = {
    "x": ("x_{t}", "input", ["D"], "input", None),
    "h_prev": ("h_{t-1}", "previous-state", ["H"], "previous-hidden-state", None),
    "h_0": ("h_{0}", "initial-state", ["H"], "initial-hidden-state", None),
    "W": ("W", "parameter", ["H", "D"], "input-weight", None),
    "U": ("U", "parameter", ["H", "H"], "recurrent-weight", None),
    "b": ("b", "parameter", ["H"], "bias", None),
    "h_bar": (r"\bar{h}_{t}", "intermediate", ["H"], "pre-activation", "hidden-state"),
    "h": ("h_{t}", "state", ["H"], "hidden-state", None),
}
_FORWARD = {
    "h_bar": (
        r"\bar{h}_{t} = W\, x_{t} + U\, h_{t-1} + b",
        "h_bar = W @ x + U @ h_prev + b",
        "W x U h_prev b",
    ),
    "h": (r"h_{t} = \tanh\!\left(\bar{h}_{t}\right)", "h = np.tanh(h_bar)", "h_bar"),
}
_BACKWARD = {
    "h": (r"\Delta_{t} + \left.\frac{\partial L}{\partial h_{t}}\right|_{t+1}", "dh = dh_loss + dh_next", []),
    "h_bar": (
        r"\left(1 - h_{t}^{2}\right) \odot \frac{\partial L}{\partial h_{t}}",
        "dh_bar = (1 - h**2) * dh",
        ["h"],
    ),
    "x": (r"W^{\top} \frac{\partial L}{\partial \bar{h}_{t}}", "dx = W.T @ dh_bar", ["W"]),
    "h_prev": (r"U^{\top} \frac{\partial L}{\partial \bar{h}_{t}}", "dh_prev = U.T @ dh_bar", ["U"]),
    "W_t": (r"\frac{\partial L}{\partial \bar{h}_{t}} x_{t}^{\top}", "dW_t = np.outer(dh_bar, x)", ["x"]),
    "W": (
        r"\sum_{t=1}^{T} \left.\frac{\partial L}{\partial W}\right|_{t}",
        "dW = sum(dW_t for t in range(T))",
        [],
    ),
}


def _symbol(name: str) -> Record:
    latex, role, shape, meaning, of = _SYMBOLS[name]
    return {"name": name, "latex": latex, "role": role, "shape": shape, "meaning": meaning, "of": of}


def _cotangent(quantity: str) -> Record:
    base = _symbol(quantity.removesuffix("_t"))
    return base | {
        "name": f"d{quantity}",
        "latex": rf"\frac{{\partial L}}{{\partial {base['latex']}}}",
        "role": "cotangent",
        "meaning": "cotangent",
        "of": base["meaning"],
    }


def _formula(kind: str, quantity: str, latex: str, numpy: str, symbols: list[Record]) -> Record:
    formula_id = f"rnn.{kind}.{quantity}"
    step = {"rules": [], "latex": latex, "display": latex}
    return {
        "id": formula_id,
        "version": 1,
        "hash": "sha256:" + hashlib.sha256(latex.encode()).hexdigest(),
        "cell": "rnn",
        "pass": kind,
        "quantity": quantity,
        "latex": latex,
        "display": latex,
        "mathml": "<math><mi>h</mi></math>",
        "sympy": f"Equality({quantity})",
        "numpy": numpy,
        "symbols": symbols,
        "assumptions": ["time-step"],
        "source": {"key": "elman1990", "where": "§3"} if kind == "forward" else None,
        "steps": []
        if kind == "forward"
        else [
            step | {"kind": "uses", "refs": ["rnn.forward.h"]},
            step | {"kind": "local", "rules": ["apply-tanh"], "refs": []},
            step | {"kind": "result", "refs": []},
        ],
        "evidence": [
            {"method": "all-sizes", "outcome": "proved", "coverage": {}, "versions": {"sympy": "1.14.0"}},
            {"method": "unrolled", "outcome": "proved", "coverage": {"T": [1, 2, 3]}, "versions": {}},
            {"method": "agreement", "outcome": "checked", "coverage": {"tolerance": 1e-12}, "versions": {}},
        ],
        "passing": True,
        "cite": {
            "bibtex": f"@misc{{{formula_id}}}",
            "ris": "TY  - ELEC",
            "csl": {"id": formula_id},
            "text": f"lstmref. {formula_id}.",
        },
    }


def catalogue() -> Record:
    """The catalogue of one small cell."""
    forward = [
        _formula("forward", name, latex, numpy, [_symbol(name), *map(_symbol, reads.split())])
        for name, (latex, numpy, reads) in _FORWARD.items()
    ]
    backward = [
        _formula(
            "backward",
            name,
            _cotangent(name)["latex"] + " = " + latex,
            numpy,
            [_cotangent(name), *map(_symbol, reads)],
        )
        for name, (latex, numpy, reads) in _BACKWARD.items()
    ]
    size = {"name": "P", "latex": "P", "role": "output", "shape": [], "meaning": "parameter-count"}
    count = _formula("count", "parameters", "P = H D + H H + H", "P = H * D + H * H + H", [size])
    return {
        "version": "0.1.0",
        "versions": {"sympy": "1.14.0"},
        "notation": {"hadamard": r"\odot"},
        "cells": [
            {
                "name": "rnn",
                "module": "rnn",
                "source": {"key": "elman1990", "where": "§3"},
                "also": [],
                "dimensions": [
                    {"name": "D", "latex": "D", "meaning": "input-size"},
                    {"name": "H", "latex": "H", "meaning": "hidden-size"},
                ],
                "symbols": [_symbol(name) for name in _SYMBOLS],
                "forward": [formula["id"] for formula in forward],
                "backward": [formula["id"] for formula in backward],
                "parameters": ["W", "U", "b"],
                "graph": {
                    "nodes": [
                        {"id": "x", "label": "x_t", "latex": "x_{t}", "kind": "input", "formula": None},
                        {
                            "id": "h",
                            "label": "h_t",
                            "latex": "h_{t}",
                            "kind": "output",
                            "formula": "rnn.forward.h",
                        },
                    ],
                    "edges": [{"from": "x", "to": "h", "label": "tanh"}],
                },
                "seconds": None,
            }
        ],
        "formulas": [*forward, *backward, count],
    }


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
