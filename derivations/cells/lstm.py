"""The LSTM with a forget gate: the one usually meant."""

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
h, c = state("h", H, "hidden-state"), state("c", H, "cell-state")
i, f = quantity("i", H, "input-gate"), quantity("f", H, "forget-gate")
o, g = quantity("o", H, "output-gate"), quantity("g", H, "cell-candidate")
W_i, U_i, b_i = gate_parameters("i", H, D, "input-gate")
W_f, U_f, b_f = gate_parameters("f", H, D, "forget-gate")
W_o, U_o, b_o = gate_parameters("o", H, D, "output-gate")
W_g, U_g, b_g = gate_parameters("g", H, D, "cell-candidate")

CELL = Cell(
    name="lstm",
    source=Source("gers2000", "§3"),
    also=(Source("greff2017", "§II"),),
    outputs=(h,),
    equations=(
        Equation(i, sigmoid(W_i @ x + U_i @ h.previous + b_i)),
        Equation(f, sigmoid(W_f @ x + U_f @ h.previous + b_f)),
        Equation(o, sigmoid(W_o @ x + U_o @ h.previous + b_o)),
        Equation(g, tanh(W_g @ x + U_g @ h.previous + b_g)),
        Equation(c, f * c.previous + i * g),
        Equation(h, o * tanh(c)),
    ),
)
