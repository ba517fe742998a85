"""The network of Elman with a softmax and the cross-entropy at every step: the loss itself is the output, a number.

The targets y are data: nothing is derived for them.
"""

from derivations.cells.rnn import H, U, W, b, h, x
from derivations.language import (
    Cell,
    Dimension,
    Equation,
    Source,
    data,
    log,
    parameter,
    quantity,
    softmax,
    tanh,
    total,
)

C = Dimension("C", "class-count")
y = data("y", C, "target")
p = quantity("p", C, "class-probabilities")
l = quantity("l", (), "cross-entropy")  # noqa: E741
V = parameter("V", C, H, "output-weight")
a = parameter("a", C, None, "output-bias")

CELL = Cell(
    name="rnn-softmax",
    source=Source("goodfellow2016", "§10.2, (10.8)–(10.12)"),
    outputs=(l,),
    equations=(
        Equation(h, tanh(W @ x + U @ h.previous + b)),
        Equation(p, softmax(V @ h + a)),
        Equation(l, -total(y * log(p))),
    ),
)
