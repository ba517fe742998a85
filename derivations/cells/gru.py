"""The GRU as the tutorials write it: reset before the product, z the weight of the new candidate.

Chung et al. give it this z and no biases; in Cho et al. z is the weight of the old state.
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

D, H = Dimension("D", "input-size"), Dimension("H", "hidden-size")
x = vector("x", D, "input")
h = state("h", H, "hidden-state")
z, r = quantity("z", H, "update-gate"), quantity("r", H, "reset-gate")
n = quantity("n", H, "hidden-candidate")
W_z, U_z, b_z = gate_parameters("z", H, D, "update-gate")
W_r, U_r, b_r = gate_parameters("r", H, D, "reset-gate")
W_n, U_n, b_n = gate_parameters("n", H, D, "hidden-candidate")

CELL = Cell(
    name="gru",
    source=Source("chung2014", "§3.2"),
    also=(Source("cho2014", "(5)–(8)"), Source("colah2015", "GRU")),
    outputs=(h,),
    equations=(
        Equation(z, sigmoid(W_z @ x + U_z @ h.previous + b_z)),
        Equation(r, sigmoid(W_r @ x + U_r @ h.previous + b_r)),
        Equation(n, tanh(W_n @ x + U_n @ (r * h.previous) + b_n)),
        Equation(h, (1 - z) * h.previous + z * n),
    ),
)
