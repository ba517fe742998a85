"""Takes the parameters out of a cell's graph: a product with one becomes a label on the arrow.

Drawn as nodes, the parameters of an LSTM would be two thirds of the picture and hide how time flows.
``x -> · <- W`` becomes an arrow from x labelled W; a bias, which only adds, is left to the equations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Raw = dict[str, Any]

_SUMS: Final = frozenset({"+", r"\sum"})


def without_parameters(graph: Mapping[str, Any]) -> tuple[list[Raw], list[Raw]]:
    """The nodes and edges of ``graph`` that are left to draw, in their order; ``graph`` stays as it is."""
    nodes: dict[str, Raw] = {node["id"]: dict(node) for node in graph["nodes"]}
    edges: list[Raw] = [dict(edge) for edge in graph["edges"]]
    parameters = {id: _written(node) for id, node in nodes.items() if node["kind"] == "parameter"}
    for id, node in list(nodes.items()):
        if node["kind"] != "op":
            continue
        given = [edge for edge in edges if edge["to"] == id]
        weights = [edge for edge in given if edge["from"] in parameters]
        if weights and len(given) - len(weights) == 1:
            (other,) = (edge for edge in given if edge not in weights)
            factors = [] if _written(node) in _SUMS else [parameters[edge["from"]] for edge in weights]
            edges = _spliced(edges, id, other, factors)
            del nodes[id]
    kept = [node for node in nodes.values() if node["id"] not in parameters]
    return kept, [edge for edge in edges if edge["from"] not in parameters]


def _spliced(edges: list[Raw], id: str, other: Raw, factors: list[str]) -> list[Raw]:
    """The edges without the operation ``id``: ``other`` goes straight on, multiplied by ``factors``."""
    spliced = []
    for edge in edges:
        if edge["from"] == id:
            label = " ".join(filter(None, [edge.get("label"), *factors, other.get("label")]))
            spliced.append({"from": other["from"], "to": edge["to"], "label": label})
        elif edge["to"] != id:
            spliced.append(edge)
    return spliced


def _written(node: Raw) -> str:
    return str(node.get("latex") or node["label"])
