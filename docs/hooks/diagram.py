"""The computation diagram of a cell: inline SVG, left to right, and top to bottom for a phone.

``svg`` reads ``cell["graph"]`` and nothing else of the cell but its name; ``prepare`` lays out many cells in
one process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from docs.hooks.diagram_draw import STYLE, drawing, number, view_box
from docs.hooks.diagram_graph import Arrangement, Graph, dot, read
from docs.hooks.diagram_layout import layout

_ARRANGEMENTS: Final[tuple[Arrangement, ...]] = ("wide", "narrow")
_TITLE: Final = {"en": "One time step of {name}, drawn", "zh": "{name} 单个时间步的计算图"}
_ENDS: Final = {"en": "In: {ins}. Out: {outs}.", "zh": "输入：{ins}。输出：{outs}。"}
_MADE: Final = {"en": "{what} from {sources}", "zh": "{what} 由 {sources} 得到"}
_COMMA: Final = {"en": ", ", "zh": "、"}
_SEMICOLON: Final = {"en": "; ", "zh": "；"}
_STOP: Final = {"en": ".", "zh": "。"}


def prepare(cells: Sequence[Mapping[str, Any]]) -> None:
    """Lay out every cell's diagram in one Node process, so that ``svg`` finds each in the cache."""
    layout([dot(read(cell), arrangement) for cell in cells for arrangement in _ARRANGEMENTS])


def svg(cell: Mapping[str, Any], language: str, root: str = "") -> str:
    """The diagram of ``cell`` as HTML: a ``div.diagram`` that holds a wide and a narrow ``<svg>``.

    ``root`` is the way from the page to the root of its language (``../../``): a quantity links to
    ``{root}f/<formula>/``. Raises ValueError for a graph that it cannot draw or a language that it does not
    speak, RuntimeError where Graphviz cannot run.
    """
    if language not in _TITLE:
        raise ValueError(f"diagram: expected a language in {sorted(_TITLE)}, got {language!r}")
    graph = read(cell)
    name = cell["name"]
    title, description = escape(_TITLE[language].format(name=name)), escape(describe(graph, language))
    parts: list[str] = []
    for arrangement, placed in zip(
        _ARRANGEMENTS, layout([dot(graph, one) for one in _ARRANGEMENTS]), strict=True
    ):
        width, height, box = view_box(graph, placed)
        key = f"diagram-{name}-{arrangement}"
        style = "" if parts else f"<style>{STYLE}</style>"
        parts.append(
            f'<svg class="{arrangement}" xmlns="http://www.w3.org/2000/svg" role="group" viewBox="{box}" '
            f'width="{number(width)}" height="{number(height)}" aria-labelledby="{key}-title" '
            f'aria-describedby="{key}-desc"><title id="{key}-title">{title}</title>'
            f'<desc id="{key}-desc">{description}</desc>{style}{drawing(graph, placed, root)}</svg>'
        )
    return f'<div class="diagram" data-search-exclude="">{"".join(parts)}</div>'


def describe(graph: Graph, language: str) -> str:
    """The graph in words: what goes in, what comes out, and what each quantity is computed from."""
    ins = [node.label.speech for node in graph.nodes if node.shape in ("input", "state")]
    outs = [node.label.speech for node in graph.nodes if node.shape == "output"]
    comma = _COMMA[language]
    made = []
    for node in graph.nodes:
        if node.shape in ("quantity", "output"):
            sources = _sources(graph, node.id)
            if sources:
                made.append(_MADE[language].format(what=node.label.speech, sources=comma.join(sources)))
    ends = _ENDS[language].format(ins=comma.join(ins), outs=comma.join(outs))
    gap = " " if language == "en" else ""
    return ends + (gap + _SEMICOLON[language].join(made) + _STOP[language] if made else "")


def _sources(graph: Graph, id: str) -> list[str]:
    """The quantities that reach ``id`` through operations only, in the order of the edges."""
    found: dict[str, None] = {}
    pending = [edge.tail for edge in graph.edges if edge.head == id]
    while pending:
        node = graph.node(pending.pop(0))
        if node.shape == "op":
            pending = [edge.tail for edge in graph.edges if edge.head == node.id] + pending
        else:
            found[node.label.speech] = None
    return list(found)
