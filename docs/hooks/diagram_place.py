"""Finds a place on its arrow for every label: clear of boxes and labels, and of other arrows if it can be.

Graphviz would make room for the labels, but bends the arrows for it until nobody can follow them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from docs.hooks.diagram_graph import EDGE_SIZE, Graph
from docs.hooks.diagram_layout import Placed, Point

_PADDING: Final = 2.0
_SAMPLES: Final = 60
# Labels closer than this are hard to tell apart.
_APART: Final = 6.0
# From the middle of the arrow outwards; its ends are crowded.
_TRIES: Final = tuple(sorted((k / 40 for k in range(5, 36)), key=lambda t: abs(t - 0.5)))


@dataclass(frozen=True)
class Box:
    """An upright rectangle in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, centre: Point, width: float, height: float) -> Box:
        """The rectangle of this size about ``centre``."""
        x, y = centre
        return cls(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    def grown(self, by: float) -> Box:
        """The rectangle with a rim of ``by`` pixels."""
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def overlaps(self, other: Box) -> bool:
        """Whether the two share more than a border."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, point: Point) -> bool:
        """Whether ``point`` lies inside."""
        return self.left < point[0] < self.right and self.top < point[1] < self.bottom


def node_boxes(graph: Graph, placed: Placed) -> dict[str, Box]:
    """The boxes of the nodes that are drawn, by id."""
    return {
        node.id: Box.around(placed.nodes[node.id], node.width, node.height)
        for node in graph.nodes
        if node.shape != "exit"
    }


def label_boxes(graph: Graph, placed: Placed) -> dict[tuple[str, str], Box]:
    """Where each labelled arrow (tail, head) carries its label.

    Raises RuntimeError where no place on an arrow is free.
    """
    labels = {(edge.tail, edge.head): edge.label for edge in graph.edges if edge.label is not None}
    curves = {(tail, head): spline for tail, head, spline, _ in placed.edges}
    traces = {
        ends: [along(spline, k / _SAMPLES) for k in range(_SAMPLES + 1)] for ends, spline in curves.items()
    }
    nodes = list(node_boxes(graph, placed).values())
    found: dict[tuple[str, str], Box] = {}
    for ends, label in labels.items():
        others = [point for other, trace in traces.items() if other != ends for point in trace]
        best: tuple[int, Box] | None = None
        for t in _TRIES:
            box = Box.around(along(curves[ends], t), label.width + 2 * _PADDING, EDGE_SIZE + 2 * _PADDING)
            if any(box.overlaps(taken) for taken in (*nodes, *found.values())):
                continue
            near = box.grown(_APART)
            cost = sum(box.holds(point) for point in others) + 3 * sum(
                near.overlaps(one) for one in found.values()
            )
            if best is None or cost < best[0]:
                best = cost, box
            if cost == 0:
                break
        if best is None:
            raise RuntimeError(
                f"diagram: no room for the label {label.text!r} on the arrow {ends[0]} -> {ends[1]}"
            )
        found[ends] = best[1]
    return found


def along(spline: list[Point], t: float) -> Point:
    """The point at ``t`` in 0 … 1 on a chain of cubic Bézier curves (1 + 3n points)."""
    pieces = (len(spline) - 1) // 3
    piece = min(int(t * pieces), pieces - 1)
    u = t * pieces - piece
    a, b, c, d = spline[3 * piece : 3 * piece + 4]
    weights = ((1 - u) ** 3, 3 * u * (1 - u) ** 2, 3 * u**2 * (1 - u), u**3)
    x, y = (sum(w * p[k] for w, p in zip(weights, (a, b, c, d), strict=True)) for k in (0, 1))
    return x, y
