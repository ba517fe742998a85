"""Lays diagrams out with Graphviz (WebAssembly, in Node) and reads back where everything goes.

All sources of a call share one Node process. Answers are kept on disk under a hash of the source, of the
script and of the Graphviz package, so an unchanged cell costs a file read; one that is damaged is asked for anew.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from docs.hooks import files
from docs.hooks.paths import BUILD, HOOKS, node, npm_version

SCRIPT: Final = HOOKS / "diagram_layout.mjs"
CACHE: Final = BUILD / "cache" / "diagram"

Point = tuple[float, float]


@dataclass(frozen=True)
class Placed:
    """Pixel coordinates, y downwards: node centres by id, and for each edge its spline and arrow tip."""

    width: float
    height: float
    nodes: dict[str, Point]
    edges: list[tuple[str, str, list[Point], Point]]


def layout(sources: Sequence[str]) -> list[Placed]:
    """Where Graphviz puts each of ``sources``.

    Raises RuntimeError where Node or the package is missing or Graphviz refuses a source.
    """
    keys = [_key(source) for source in sources]
    known = {key: text for key in keys if (text := files.read_sealed(CACHE / key, key)) is not None}
    missing = {key: source for key, source in zip(keys, sources, strict=True) if key not in known}
    if missing:
        for key, answer in zip(missing, _ask(list(missing.values())), strict=True):
            files.write_sealed(CACHE / key, key, answer)
            known[key] = answer
    return [_read(json.loads(known[key])) for key in keys]


def _key(source: str) -> str:
    return files.digest(npm_version("@viz-js/viz"), SCRIPT.read_bytes(), source)


def _ask(sources: list[str]) -> list[str]:
    done = subprocess.run(
        [node(), str(SCRIPT)],
        input=json.dumps(sources),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"diagrams: Graphviz in Node ended with {done.returncode}: {done.stderr.strip()}")
    answers = json.loads(done.stdout)
    for source, answer in zip(sources, answers, strict=True):
        if not answer["ok"]:
            raise RuntimeError(f"diagrams: Graphviz refused {'; '.join(answer['errors'])} in:\n{source}")
    return [answer["json"] for answer in answers]


def _read(answer: dict[str, Any]) -> Placed:
    left, bottom, right, top = map(float, answer["bb"].split(","))
    objects = answer["objects"]

    def point(text: str) -> Point:
        x, y = text.split(",")
        return round(float(x) - left, 2), round(top - float(y), 2)

    edges: list[tuple[str, str, list[Point], Point]] = []
    for edge in answer.get("edges", ()):
        if edge.get("style") == "invis":
            continue
        tip, *spline = edge["pos"].split(" ")
        if not tip.startswith("e,"):
            raise RuntimeError(f"diagrams: expected an edge that ends in an arrow, got {edge['pos']!r}")
        ends = objects[edge["tail"]]["name"], objects[edge["head"]]["name"]
        edges.append((*ends, [point(text) for text in spline], point(tip[2:])))
    nodes = {one["name"]: point(one["pos"]) for one in objects if "pos" in one}
    return Placed(round(right - left, 2), round(top - bottom, 2), nodes, edges)
