"""Small cells, right and wrong, to try the language on."""

from __future__ import annotations

from derivations.language import (
    Cell,
    Dimension,
    Equation,
    Source,
    Symbol,
    gate_parameters,
    quantity,
    state,
    tanh,
    vector,
)

D, H = Dimension("D", "input-size"), Dimension("H", "hidden-size")
x = vector("x", D, "input")
h = state("h", H, "hidden-state")
a = quantity("a", H, "hidden-candidate")
W, U, b = gate_parameters("", H, D, None)
STEP = tanh(W @ x + U @ h.previous + b)


def cell(*equations: Equation, name: str = "small", outputs: tuple[Symbol, ...] = (h,)) -> Cell:
    """A cell over D inputs and H hidden units; refused as any other."""
    return Cell(name, Source("elman1990", "Fig. 2"), equations, outputs)
