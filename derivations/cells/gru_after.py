"""The GRU of cuDNN and PyTorch: reset after the product, z the weight of the old state, two candidate biases."""

from derivations.language import (
    Cell,
    Dimension,
    Equation,
    Source,
    gate_parameters,
    parameter,
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
W_n = parameter("W_n", H, D, "input-weight", "hidden-candidate")
U_n = parameter("U_n", H, H, "recurrent-weight", "hidden-candidate")
b_nx = parameter("b_nx", H, None, "input-bias", "hidden-candidate")
b_nh = parameter("b_nh", H, None, "recurrent-bias", "hidden-candidate")

CELL = Cell(
    name="gru-after",
    source=Source("pytorch-gru", "torch.nn.GRU"),
    also=(Source("cudnn", "CUDNN_GRU"),),
    outputs=(h,),
    equations=(
        Equation(r, sigmoid(W_r @ x + U_r @ h.previous + b_r)),
        Equation(z, sigmoid(W_z @ x + U_z @ h.previous + b_z)),
        Equation(n, tanh(W_n @ x + b_nx + r * (U_n @ h.previous + b_nh))),
        Equation(h, (1 - z) * n + z * h.previous),
    ),
)
