"""The GRU as Cho et al. publish it: reset before the product, z the weight of the old state.

They leave out the biases; ONNX with linear_before_reset = 0 and Keras with reset_after=False add one at each gate.
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
r, z = quantity("r", H, "reset-gate"), quantity("z", H, "update-gate")
n = quantity("n", H, "hidden-candidate")
W_r, U_r, b_r = gate_parameters("r", H, D, "reset-gate")
W_z, U_z, b_z = gate_parameters("z", H, D, "update-gate")
W_n, U_n, b_n = gate_parameters("n", H, D, "hidden-candidate")

CELL = Cell(
    name="gru-cho",
    source=Source("cho2014", "(5)–(8)"),
    also=(Source("onnx-gru", "linear_before_reset = 0"), Source("keras-gru", "reset_after=False")),
    outputs=(h,),
    equations=(
        Equation(r, sigmoid(W_r @ x + U_r @ h.previous + b_r)),
        Equation(z, sigmoid(W_z @ x + U_z @ h.previous + b_z)),
        Equation(n, tanh(W_n @ x + U_n @ (r * h.previous) + b_n)),
        Equation(h, z * h.previous + (1 - z) * n),
    ),
)
