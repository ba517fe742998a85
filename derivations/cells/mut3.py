"""MUT3, found by a search over architectures: a GRU whose update gate sees tanh(h')."""

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
z, r = quantity("z", H, "update-gate"), quantity("r", H, "reset-gate")
n = quantity("n", H, "hidden-candidate")
W_z, U_z, b_z = gate_parameters("z", H, D, "update-gate")
W_r, U_r, b_r = gate_parameters("r", H, D, "reset-gate")
W_n, U_n, b_n = gate_parameters("n", H, D, "hidden-candidate")

CELL = Cell(
    name="mut3",
    source=Source("jozefowicz2015", "§3.4, MUT3"),
    outputs=(h,),
    equations=(
        Equation(z, sigmoid(W_z @ x + U_z @ tanh(h.previous) + b_z)),
        Equation(r, sigmoid(W_r @ x + U_r @ h.previous + b_r)),
        Equation(n, tanh(U_n @ (r * h.previous) + W_n @ x + b_n)),
        Equation(h, n * z + h.previous * (1 - z)),
    ),
)
