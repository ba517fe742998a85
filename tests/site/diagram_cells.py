"""Graphs to draw in tests: an LSTM with a node for every operation, a GRU whose edges carry its functions."""

from __future__ import annotations

from typing import Any


def _node(id: str, latex: str, kind: str, formula: str | None = None) -> dict[str, Any]:
    return {"id": id, "label": latex, "latex": latex, "kind": kind, "formula": formula}


def _edge(tail: str, head: str, label: str = "") -> dict[str, Any]:
    return {"from": tail, "to": head, "label": label}


def _gate(cell: str, name: str, activation: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    bar = f"{name}_bar"
    nodes = [
        _node(bar, rf"\bar{{{name}}}_{{t}}", "quantity", f"{cell}.forward.{bar}"),
        _node(f"{name}_act", activation, "op"),
        _node(name, f"{name}_{{t}}", "quantity", f"{cell}.forward.{name}"),
    ]
    edges = [
        _edge("x", bar, f"W_{{{name}}}"),
        _edge("h_prev", bar, f"U_{{{name}}}"),
        _edge(bar, f"{name}_act"),
        _edge(f"{name}_act", name),
    ]
    return nodes, edges


def lstm() -> dict[str, Any]:
    """The LSTM: four gates, the state on its own line."""
    nodes = [
        _node("x", "x_{t}", "input"),
        _node("h_prev", "h_{t-1}", "state"),
        _node("c_prev", "c_{t-1}", "state"),
        _node("W_i", "W_{i}", "parameter"),
    ]
    edges = [_edge("W_i", "i_bar")]
    for gate, activation in (("f", r"\sigma"), ("i", r"\sigma"), ("g", r"\tanh"), ("o", r"\sigma")):
        more = _gate("lstm", gate, activation)
        nodes += more[0]
        edges += more[1]
    nodes += [
        _node("keep", r"\odot", "op"),
        _node("write", r"\odot", "op"),
        _node("sum", "+", "op"),
        _node("c", "c_{t}", "output", "lstm.forward.c"),
        _node("squash", r"\tanh", "op"),
        _node("show", r"\odot", "op"),
        _node("h", "h_{t}", "output", "lstm.forward.h"),
    ]
    edges += [
        _edge("c_prev", "keep"),
        _edge("f", "keep"),
        _edge("i", "write"),
        _edge("g", "write"),
        _edge("keep", "sum"),
        _edge("write", "sum"),
        _edge("sum", "c"),
        _edge("c", "squash"),
        _edge("squash", "show"),
        _edge("o", "show"),
        _edge("show", "h"),
    ]
    return {"name": "lstm", "graph": {"nodes": nodes, "edges": edges}}


def gru() -> dict[str, Any]:
    """A GRU drawn with as few nodes as possible: its functions stand on the edges."""
    nodes = [
        _node("x", "x_{t}", "input"),
        _node("h_prev", "h_{t-1}", "state"),
        *(
            _node(f"{name}_bar", rf"\bar{{{name}}}_{{t}}", "quantity", f"gru.forward.{name}_bar")
            for name in "rzn"
        ),
        *(_node(name, f"{name}_{{t}}", "quantity", f"gru.forward.{name}") for name in "rzn"),
        _node("h", "h_{t}", "output", "gru.forward.h"),
    ]
    edges = [
        *(_edge("x", f"{name}_bar", f"W_{{{name}}}") for name in "rzn"),
        *(_edge("h_prev", f"{name}_bar", f"U_{{{name}}}") for name in "rzn"),
        _edge("r", "n_bar"),
        _edge("r_bar", "r", "σ"),
        _edge("z_bar", "z", "σ"),
        _edge("n_bar", "n", "tanh"),
        _edge("z", "h"),
        _edge("n", "h"),
        _edge("h_prev", "h"),
    ]
    return {"name": "gru", "graph": {"nodes": nodes, "edges": edges}}
