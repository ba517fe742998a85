"""The LSTM with a linear output, h = c ⊙ o: the one for which ``ds = o·∂h + ∂s`` is exact.

In the words of Greff et al.: no peepholes (NP) and no output activation function (NOAF).
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
h, c = state("h", H, "hidden-state"), state("c", H, "cell-state")
g, i = quantity("g", H, "cell-candidate"), quantity("i", H, "input-gate")
f, o = quantity("f", H, "forget-gate"), quantity("o", H, "output-gate")
W_g, U_g, b_g = gate_parameters("g", H, D, "cell-candidate")
W_i, U_i, b_i = gate_parameters("i", H, D, "input-gate")
W_f, U_f, b_f = gate_parameters("f", H, D, "forget-gate")
W_o, U_o, b_o = gate_parameters("o", H, D, "output-gate")

CELL = Cell(
    name="lstm-linear",
    source=Source("nicodjimenez-lstm", "lstm.py"),
    also=(Source("greff2017", "§V, NOAF + NP"),),
    outputs=(h,),
    equations=(
        Equation(g, tanh(W_g @ x + U_g @ h.previous + b_g)),
        Equation(i, sigmoid(W_i @ x + U_i @ h.previous + b_i)),
        Equation(f, sigmoid(W_f @ x + U_f @ h.previous + b_f)),
        Equation(o, sigmoid(W_o @ x + U_o @ h.previous + b_o)),
        Equation(c, g * i + c.previous * f),
        Equation(h, c * o),
    ),
)
