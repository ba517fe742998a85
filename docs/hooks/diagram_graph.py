"""Reads ``cell["graph"]`` into what a diagram draws, and writes it as Graphviz source.

Quantities are boxes and operations are small circles. An edge that carries a function, as in ``f_bar --σ-->
f``, becomes a circle on the way; an edge that carries a parameter keeps it as its label. Parameters are not
nodes: they would double the drawing without telling how time flows. A state that the cell renews gets an
exit on the far side.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from docs.hooks.diagram_fold import without_parameters
from docs.hooks.diagram_label import Label, typeset

Shape = Literal["op", "quantity", "input", "state", "output", "exit"]
Arrangement = Literal["wide", "narrow"]

FUNCTIONS: Final = frozenset({"σ", "tanh", "exp", "log", "⊙", "+", "−", "1−"})
_SHAPES: Final[dict[str, Shape]] = {
    "op": "op", "quantity": "quantity", "input": "input", "state": "state", "output": "output",
}  # fmt: skip
_PLAIN: Final = {"tanh": r"\tanh", "exp": r"\exp", "log": r"\log", "\\sigma": "σ", "\\tanh": r"\tanh"}
OP_SIZE: Final = 13.0
EDGE_SIZE: Final = 12.5


@dataclass(frozen=True)
class Node:
    """A box or a circle, with its size in pixels and the formula that it leads to."""

    id: str
    label: Label
    shape: Shape
    formula: str | None
    width: float
    height: float


@dataclass(frozen=True)
class Edge:
    """An arrow; ``label`` is the parameter that multiplies what flows along it, if any."""

    tail: str
    head: str
    label: Label | None = None


@dataclass(frozen=True)
class Graph:
    """What is drawn, in the cell's own order."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def node(self, id: str) -> Node:
        """The node of that id; KeyError if there is none."""
        for node in self.nodes:
            if node.id == id:
                return node
        raise KeyError(id)


def read(cell: Mapping[str, Any]) -> Graph:
    """The graph to draw for ``cell``.

    Raises ValueError where an edge names an unknown node, a kind is unknown or an id comes twice.
    """
    name = cell["name"]
    _check(name, cell["graph"])
    kept, arrows = without_parameters(cell["graph"])
    nodes = {
        raw["id"]: _node(
            raw["id"], raw.get("latex") or raw["label"], _SHAPES[raw["kind"]], raw.get("formula")
        )
        for raw in kept
    }
    edges: dict[Edge, None] = {}
    for raw in arrows:
        edges.update(dict.fromkeys(_edges(raw, nodes)))
    for exit_, edge in _exits(nodes):
        nodes[exit_.id] = exit_
        edges[edge] = None
    return Graph(tuple(nodes.values()), tuple(edges))


def _check(name: str, graph: Mapping[str, Any]) -> None:
    known: set[str] = set()
    for node in graph["nodes"]:
        id, kind = node["id"], node["kind"]
        if id in known:
            raise ValueError(f"diagram of {name}: the node {id!r} comes twice")
        if kind not in _SHAPES and kind != "parameter":
            expected = ", ".join(sorted([*_SHAPES, "parameter"]))
            raise ValueError(f"diagram of {name}: node {id!r}: expected a kind in {expected}, got {kind!r}")
        known.add(id)
    for edge in graph["edges"]:
        for end in (edge["from"], edge["to"]):
            if end not in known:
                raise ValueError(f"diagram of {name}: an edge names {end!r}, which is no node")


def _node(id: str, latex: str, shape: Shape, formula: str | None) -> Node:
    if shape == "op":
        label = typeset(_PLAIN.get(latex, latex), OP_SIZE)
        side = max(24.0, label.width + 10.0)
        return Node(id, label, shape, formula, side, 24.0)
    label = typeset(latex)
    return Node(id, label, shape, formula, max(30.0, label.width + 14.0), 28.0)


def _edges(raw: Mapping[str, Any], nodes: dict[str, Node]) -> Iterable[Edge]:
    """The one edge, or the two through a circle where its label is a function."""
    tail, head, text = raw["from"], raw["to"], raw.get("label") or ""
    if not text:
        return (Edge(tail, head),)
    if text not in FUNCTIONS or nodes[head].shape == "op":
        return (Edge(tail, head, typeset(_PLAIN.get(text, text), EDGE_SIZE)),)
    op = f"{head}:{text}"
    nodes.setdefault(op, _node(op, text, "op", nodes[head].formula))
    return Edge(tail, op), Edge(op, head)


def renewed(nodes: Mapping[str, Node]) -> list[tuple[str, str]]:
    """The pairs (previous state, its next value): ``c_prev`` and ``c``."""
    pairs = ((id, id.removesuffix("_prev")) for id in nodes if id.endswith("_prev"))
    return [(before, after) for before, after in pairs if after in nodes]


def _exits(nodes: Mapping[str, Node]) -> list[tuple[Node, Edge]]:
    found = []
    for _, after in renewed(nodes):
        blank = Node(f"{after}:next", typeset(""), "exit", None, 1.0, 1.0)
        found.append((blank, Edge(after, blank.id)))
    return found


def dot(graph: Graph, arrangement: Arrangement) -> str:
    """Graphviz source, a point for a pixel: left to right if wide, top to bottom if narrow."""
    wide = arrangement == "wide"
    lines = [
        "digraph {",
        f"rankdir={'LR' if wide else 'TB'}; "
        f"nodesep={0.24 if wide else 0.16}; ranksep={0.26 if wide else 0.2};",
        "splines=true; outputorder=nodesfirst;",
        'node [shape=box, fixedsize=true, label=""]; edge [arrowsize=0.6];',
    ]
    for node in graph.nodes:
        shape = ", shape=circle" if node.shape == "op" and node.width == node.height else ""
        lines.append(
            f"{_quote(node.id)} [width={node.width / 72:.4f}, height={node.height / 72:.4f}{shape}];"
        )
    main = _main_line(graph)
    leaving = Counter(edge.tail for edge in graph.edges)
    entering = Counter(edge.head for edge in graph.edges)
    for edge in graph.edges:
        chain = leaving[edge.tail] == 1 or entering[edge.head] == 1
        attributes = [f"weight={12 if (edge.tail, edge.head) in main else 4 if chain else 1}"]
        if edge.label is not None:
            # Room for the label, which is set on the arrow afterwards.
            attributes.append(
                f"minlen={5 if wide else 6}, tailport={'e' if wide else 's'}, headport={'w' if wide else 'n'}"
            )
        lines.append(f"{_quote(edge.tail)} -> {_quote(edge.head)} [{', '.join(attributes)}];")
    before = [node.id for node in graph.nodes if node.shape == "state"]
    exits = [node.id for node in graph.nodes if node.shape == "exit"]
    inputs = [node.id for node in graph.nodes if node.shape == "input"]
    lines += _row("source", [*reversed(before), *inputs] if wide else [*before, *inputs], ordered=wide)
    lines += _row("sink", exits, ordered=False)
    lines.append("}")
    return "\n".join(lines)


def _row(rank: str, ids: list[str], *, ordered: bool) -> list[str]:
    """One rank; if ordered, invisible edges keep the nodes in this order (the input below the states)."""
    if not ids:
        return []
    names = list(map(_quote, ids))
    order = f" {' -> '.join(names)} [style=invis];" if ordered and len(ids) > 1 else ""
    return [f"{{rank={rank}; {'; '.join(names)};{order}}}"]


def _main_line(graph: Graph) -> set[tuple[str, str]]:
    """The shortest ways from each previous state to its next value: kept straight, they show its flow."""
    following: dict[str, list[str]] = {}
    for edge in graph.edges:
        following.setdefault(edge.tail, []).append(edge.head)
    line: set[tuple[str, str]] = set()
    for before, after in renewed({node.id: node for node in graph.nodes}):
        came: dict[str, str] = {}
        queue = deque([before])
        while queue and after not in came:
            here = queue.popleft()
            for there in following.get(here, ()):
                if there not in came:
                    came[there] = here
                    queue.append(there)
        here = after
        while here in came:
            line.add((came[here], here))
            here = came[here]
        line.add((after, f"{after}:next"))
    return line


def _quote(id: str) -> str:
    return '"' + id.replace("\\", "\\\\").replace('"', '\\"') + '"'
