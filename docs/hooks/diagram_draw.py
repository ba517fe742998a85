"""Draws a laid-out graph as SVG: boxes, circles, arrows and labels, in the colours of the page around it."""

from __future__ import annotations

import math
from html import escape
from typing import Final

from docs.hooks.diagram_graph import EDGE_SIZE, Graph, Node
from docs.hooks.diagram_label import Label
from docs.hooks.diagram_layout import Placed, Point
from docs.hooks.diagram_place import label_boxes

_MARGIN: Final = 3.0

STYLE: Final = """
.diagram{margin:1.5em 0;overflow-x:auto;color:var(--md-default-fg-color,CanvasText)}
.diagram svg{display:block;margin:0 auto;max-width:100%;height:auto}
.diagram .narrow{display:none}
@media (max-width:44.9375em){.diagram .wide{display:none}.diagram .narrow{display:block}}
.diagram text{fill:currentColor;font-family:KaTeX_Main,"STIX Two Text","Times New Roman",serif}
.diagram .it{font-family:KaTeX_Math,"STIX Two Text","Times New Roman",serif;font-style:italic}
.diagram .edge{fill:none;stroke:currentColor;stroke-opacity:.6;stroke-width:1.1}
.diagram .tip{fill:currentColor;fill-opacity:.75}
.diagram .box{fill:var(--md-default-bg-color,Canvas);stroke:currentColor;stroke-width:1}
.diagram .quantity .box{stroke-opacity:.45}
.diagram .state .box,.diagram .input .box{stroke-dasharray:4 2.5}
.diagram .output .box{stroke-width:2}
.diagram .op .box{fill:var(--md-code-bg-color,Canvas)}
.diagram .accent{fill:none;stroke:currentColor;stroke-width:1}
.diagram .weight text{paint-order:stroke;stroke:var(--md-default-bg-color,Canvas);stroke-width:4px}
.diagram a{color:var(--md-typeset-a-color,inherit)}
.diagram a:hover .box,.diagram a:focus-visible .box{stroke:var(--md-accent-fg-color,Highlight)}
.diagram a:hover .box,.diagram a:focus-visible .box{stroke-opacity:1;stroke-width:2}
""".strip()


def number(value: float) -> str:
    """At most two decimals, no trailing zeros and no minus zero."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def drawing(graph: Graph, placed: Placed, root: str) -> str:
    """The inside of an ``<svg>``: arrows first, so that no arrow is drawn over a label."""
    parts = [_arrow(spline, tip) for _, _, spline, tip in placed.edges]
    labels = {(edge.tail, edge.head): edge.label for edge in graph.edges}
    for ends, box in label_boxes(graph, placed).items():
        label = labels[ends]
        if label is not None:
            centre = (box.left + box.right) / 2, (box.top + box.bottom) / 2
            parts.append(f'<g class="weight">{text(label, centre, EDGE_SIZE)}</g>')
    parts += [_node(node, placed.nodes[node.id], root) for node in graph.nodes if node.shape != "exit"]
    return "".join(parts)


def view_box(graph: Graph, placed: Placed) -> tuple[float, float, str]:
    """Width, height and viewBox: Graphviz's frame, grown to hold the labels and the strokes."""
    boxes = label_boxes(graph, placed).values()
    left = min((box.left for box in boxes), default=0.0)
    top = min((box.top for box in boxes), default=0.0)
    right = max((box.right for box in boxes), default=0.0)
    bottom = max((box.bottom for box in boxes), default=0.0)
    left, top = min(left, 0.0) - _MARGIN, min(top, 0.0) - _MARGIN
    width, height = max(right, placed.width) + _MARGIN - left, max(bottom, placed.height) + _MARGIN - top
    return width, height, " ".join(map(number, (left, top, width, height)))


def _arrow(spline: list[Point], tip: Point) -> str:
    start, *rest = spline
    curve = "M" + ",".join(map(number, start)) + "C" + " ".join(",".join(map(number, p)) for p in rest)
    (x, y), (end_x, end_y) = tip, spline[-1]
    angle = math.atan2(y - end_y, x - end_x)
    length, half = 6.5, 2.6
    corners = [(x, y)]
    for side in (-1, 1):
        corners.append(
            (
                x - length * math.cos(angle) + side * half * math.sin(angle),
                y - length * math.sin(angle) - side * half * math.cos(angle),
            )
        )
    head = " ".join(",".join(map(number, corner)) for corner in corners)
    return f'<path class="edge" d="{curve}"/><polygon class="tip" points="{head}"/>'


def _node(node: Node, at: Point, root: str) -> str:
    x, y = at
    if node.shape == "op" and node.width == node.height:
        box = f'<circle class="box" cx="{number(x)}" cy="{number(y)}" r="{number(node.width / 2)}"/>'
    else:
        radius = node.height / 2 if node.shape in ("op", "input", "state") else 4.0
        box = (
            f'<rect class="box" x="{number(x - node.width / 2)}" y="{number(y - node.height / 2)}" '
            f'width="{number(node.width)}" height="{number(node.height)}" rx="{number(radius)}"/>'
        )
    linked = node.formula is not None and node.shape != "op"
    spoken = escape(f"{node.label.speech}: {node.formula}" if linked else node.label.speech)
    inside = (
        f'<g class="node {node.shape}" role="img" aria-label="{spoken}" data-node="{escape(node.id)}">'
        f"{box}{text(node.label, at)}</g>"
    )
    return f'<a href="{escape(root)}f/{escape(node.formula or "")}/">{inside}</a>' if linked else inside


def text(label: Label, centre: Point, size: float = 0.0) -> str:
    """``label`` centred; every run says where it starts, so that another font cannot spread the label."""
    if not label.runs:
        return ""
    base = size or label.runs[0].size
    left, line = centre[0] - label.width / 2, centre[1] + 0.29 * base
    spans, accents = [], []
    for run in label.runs:
        style = ' class="it"' if run.italic else ""
        spans.append(
            f'<tspan{style} x="{number(left + run.x)}" y="{number(line + run.y)}" '
            f'font-size="{number(run.size)}">{escape(run.text)}</tspan>'
        )
        if run.accent:
            accents.append(_accent(run.accent, left + run.x, line + run.y, run.width, run.size, run.text))
    return f"<text>{''.join(spans)}</text>{''.join(accents)}"


def _accent(mark: str, x: float, y: float, width: float, size: float, base: str) -> str:
    tall = base[0].isupper() or base[0] in "bdfhijklt"
    top = y - size * (0.78 if tall else 0.56)
    slant = size * (0.1 if tall else 0.04)
    reach = max(width * 0.9, size * 0.42)
    left = x + width / 2 - reach / 2 + slant
    right, middle, rise = left + reach, left + reach / 2, size * 0.1
    path = {
        "\u0304": f"M{number(left)},{number(top)}H{number(right)}",
        "\u0302": f"M{number(left)},{number(top)}L{number(middle)},{number(top - rise)}"
        f"L{number(right)},{number(top)}",
        "\u0303": f"M{number(left)},{number(top)}q{number(reach / 4)},{number(-rise)} {number(reach / 2)},0"
        f"t{number(reach / 2)},0",
    }[mark]
    return f'<path class="accent" d="{path}"/>'
