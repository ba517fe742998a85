"""MUT2, found by a search over architectures: x enters the reset gate as it is, without a weight.

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
W_z, U_z, b_z = gate_parameters("z", H, H, "update-gate")
_, U_r, b_r = gate_parameters("r", H, H, "reset-gate")
W_n, U_n, b_n = gate_parameters("n", H, H, "hidden-candidate")

CELL = Cell(
    name="mut2",
    source=Source("jozefowicz2015", "§3.4, MUT2"),
    outputs=(h,),
    equations=(
        Equation(z, sigmoid(W_z @ x + U_z @ h.previous + b_z)),
        Equation(r, sigmoid(x + U_r @ h.previous + b_r)),
        Equation(n, tanh(U_n @ (r * h.previous) + W_n @ x + b_n)),
        Equation(h, n * z + h.previous * (1 - z)),
    ),
)
