"""The simple recurrent network of Elman, with tanh."""

from derivations.language import Cell, Dimension, Equation, Source, gate_parameters, state, tanh, vector

D, H = Dimension("D", "input-size"), Dimension("H", "hidden-size")
x = vector("x", D, "input")
h = state("h", H, "hidden-state")
W, U, b = gate_parameters("", H, D, None)

CELL = Cell(
    name="rnn",
    source=Source("elman1990", "Fig. 2"),
    outputs=(h,),
    equations=(Equation(h, tanh(W @ x + U @ h.previous + b)),),
)
