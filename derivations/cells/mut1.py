"""MUT1, found by a search over architectures: the update gate sees the input alone, and tanh(x) enters as it is.

So x has as many entries as h.
"""

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

H = Dimension("H", "hidden-size")
x = vector("x", H, "input")
h = state("h", H, "hidden-state")
z, r = quantity("z", H, "update-gate"), quantity("r", H, "reset-gate")
n = quantity("n", H, "hidden-candidate")
W_z, _, b_z = gate_parameters("z", H, H, "update-gate")
W_r, U_r, b_r = gate_parameters("r", H, H, "reset-gate")
_, U_n, b_n = gate_parameters("n", H, H, "hidden-candidate")

CELL = Cell(
    name="mut1",
    source=Source("jozefowicz2015", "§3.4, MUT1"),
    outputs=(h,),
    equations=(
        Equation(z, sigmoid(W_z @ x + b_z)),
        Equation(r, sigmoid(W_r @ x + U_r @ h.previous + b_r)),
        Equation(n, tanh(U_n @ (r * h.previous) + tanh(x) + b_n)),
        Equation(h, n * z + h.previous * (1 - z)),
    ),
)
