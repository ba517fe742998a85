"""The independently recurrent network: every unit sees its own past alone, and ReLU takes the place of tanh."""

from derivations.language import Cell, Dimension, Equation, Source, parameter, relu, state, vector

D, H = Dimension("D", "input-size"), Dimension("H", "hidden-size")
x = vector("x", D, "input")
h = state("h", H, "hidden-state")
W = parameter("W", H, D, "input-weight")
u = parameter("u", H, None, "recurrent-weight")
b = parameter("b", H, None, "bias")

CELL = Cell(
    name="indrnn",
    source=Source("li2018", "(4)"),
    outputs=(h,),
    equations=(Equation(h, relu(W @ x + u * h.previous + b)),),
)
