"""The minimal gated unit: one gate that resets and updates."""

from derivations.language import (
    Cell,
    Dimension,
    Equation,
    Source,
    gate_parameters,
    quantity,
    sigmoid,
    state,
    tanh,
    vector,
)

D, H = Dimension("D", "input-size"), Dimension("H", "hidden-size")
x = vector("x", D, "input")
h = state("h", H, "hidden-state")
f, n = quantity("f", H, "forget-gate"), quantity("n", H, "hidden-candidate")
W_f, U_f, b_f = gate_parameters("f", H, D, "forget-gate")
W_n, U_n, b_n = gate_parameters("n", H, D, "hidden-candidate")

CELL = Cell(
    name="mgu",
    source=Source("zhou2016", "(5)"),
    outputs=(h,),
    equations=(
        Equation(f, sigmoid(W_f @ x + U_f @ h.previous + b_f)),
        Equation(n, tanh(W_n @ x + U_n @ (f * h.previous) + b_n)),
        Equation(h, (1 - f) * h.previous + f * n),
    ),
)
