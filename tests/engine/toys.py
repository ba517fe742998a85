"""Toy cells, on which the engine is tried: small, and with all that the language has and no single real cell."""

from __future__ import annotations

from derivations.derive.formula import Formula
from derivations.derive.formulas import formulas
from derivations.language import (
    Cell,
    Dimension,
    Equation,
    Source,
    data,
    gate_parameters,
    parameter,
    quantity,
    relu,
    scale,
    sigmoid,
    state,
    tanh,
    total,
    vector,
)

SOURCE = Source("elman1990", "Fig. 2")
D, H = Dimension("D", "input-size"), Dimension("H", "hidden-size")
K, V = Dimension("K", "input-size"), Dimension("V", "hidden-size")


def elman() -> Cell:
    """h = tanh(W x + U h′ + b)."""
    x, h = vector("x", D, "input"), state("h", H, "hidden-state")
    W, U, b = gate_parameters("", H, D, None)
    return Cell("toy-elman", SOURCE, (Equation(h, tanh(W @ x + U @ h.previous + b)),), (h,))


def hostile() -> Cell:
    """Two states and a gate, its parameters named as values at a step are; tanh of a state and of the one before it."""
    x, h, c = vector("x", D, "input"), state("h", H, "hidden-state"), state("c", H, "cell-state")
    r, a = quantity("r", H, "reset-gate"), quantity("a", H, "cell-candidate")
    V_1 = parameter("V_1", H, D, "input-weight")
    W_0, U_t = parameter("W_0", H, H, "recurrent-weight"), parameter("U_t", H, H, "recurrent-weight")
    b_next = parameter("b_next", H, None, "bias")
    return Cell(
        "toy-hostile",
        SOURCE,
        (
            Equation(r, sigmoid(V_1 @ x + W_0 @ h.previous + b_next)),
            Equation(a, tanh(h.previous)),
            Equation(c, r * c.previous + (1 - r) * (U_t @ a)),
            Equation(h, r * tanh(c)),
        ),
        (h,),
    )


def general() -> Cell:
    """A matrix state that fades by data, a quotient, relu; outputs that are not carried, one of them a number."""
    k, v, q = vector("k", K, "input"), vector("v", V, "input"), vector("q", K, "input")
    m = data("m", (), "input")
    S = state("S", (K, V), "cell-state")
    u, y, loss = (
        quantity("u", V, "hidden-state"),
        quantity("y", V, "hidden-state"),
        quantity("l", (), "hidden-state"),
    )
    e, b = quantity("e", V, "hidden-state"), parameter("b", V, None, "bias")
    return Cell(
        "toy-general",
        SOURCE,
        (
            Equation(S, scale(m, S.previous) + k @ v.T),
            Equation(u, S.T @ q),
            Equation(e, sigmoid(u + b)),
            Equation(y, relu(u) / e),
            Equation(loss, total(y * y)),
        ),
        (y, loss),
    )


TOYS = {cell.name: cell for cell in (elman(), hostile(), general())}


def derived(cell: Cell) -> tuple[Formula, ...]:
    """The formulas of a toy, which no catalogue has."""
    return tuple(formulas(cell))
