"""The LSTM with a projection: the hidden state is a linear map of what the cell puts out, usually a smaller vector."""

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

D, H = Dimension("D", "input-size"), Dimension("H", "cell-size")
P = Dimension("P", "projection-size")
x = vector("x", D, "input")
h, c = state("h", P, "hidden-state"), state("c", H, "cell-state")
i, f = quantity("i", H, "input-gate"), quantity("f", H, "forget-gate")
o, g = quantity("o", H, "output-gate"), quantity("g", H, "cell-candidate")
m = quantity("m", H, "cell-output")
W_i, U_i, b_i = gate_parameters("i", H, D, "input-gate", recurrent=P)
W_f, U_f, b_f = gate_parameters("f", H, D, "forget-gate", recurrent=P)
W_o, U_o, b_o = gate_parameters("o", H, D, "output-gate", recurrent=P)
W_g, U_g, b_g = gate_parameters("g", H, D, "cell-candidate", recurrent=P)
W_r = parameter("W_r", P, H, "projection-weight")

CELL = Cell(
    name="lstmp",
    source=Source("sak2014", "§2.1"),
    also=(Source("pytorch-lstm", "torch.nn.LSTM, proj_size"),),
    outputs=(h,),
    equations=(
        Equation(i, sigmoid(W_i @ x + U_i @ h.previous + b_i)),
        Equation(f, sigmoid(W_f @ x + U_f @ h.previous + b_f)),
        Equation(g, tanh(W_g @ x + U_g @ h.previous + b_g)),
        Equation(c, f * c.previous + i * g),
        Equation(o, sigmoid(W_o @ x + U_o @ h.previous + b_o)),
        Equation(m, o * tanh(c)),
        Equation(h, W_r @ m),
    ),
)
