"""The minLSTM: gates that see the input alone, normalised to add up to 1, so that a parallel scan can compute it."""

from derivations.language import (
    Cell,
    Dimension,
    Equation,
    Source,
    gate_parameters,
    quantity,
    sigmoid,
    state,
    vector,
)

D, H = Dimension("D", "input-size"), Dimension("H", "hidden-size")
x = vector("x", D, "input")
h = state("h", H, "hidden-state")
f, i = quantity("f", H, "forget-gate"), quantity("i", H, "input-gate")
s = quantity("s", H, "gate-sum")
a, e = quantity("a", H, "normalised-forget-gate"), quantity("e", H, "normalised-input-gate")
n = quantity("n", H, "hidden-candidate")
W_f, _, b_f = gate_parameters("f", H, D, "forget-gate")
W_i, _, b_i = gate_parameters("i", H, D, "input-gate")
W_n, _, b_n = gate_parameters("n", H, D, "hidden-candidate")

CELL = Cell(
    name="minlstm",
    source=Source("feng2024", "§3.2"),
    outputs=(h,),
    equations=(
        Equation(f, sigmoid(W_f @ x + b_f)),
        Equation(i, sigmoid(W_i @ x + b_i)),
        Equation(n, W_n @ x + b_n),
        Equation(s, f + i),
        Equation(a, f / s),
        Equation(e, i / s),
        Equation(h, a * h.previous + e * n),
    ),
)
