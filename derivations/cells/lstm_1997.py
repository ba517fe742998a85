"""The LSTM of 1997: no forget gate, so the cell state only ever adds up."""

from derivations.cells.lstm import CELL as LSTM
from derivations.cells.lstm import c, f, g, i
from derivations.language import Equation, Source

CELL = LSTM.variant(
    "lstm-1997",
    Source("hochreiter1997", "§4"),
    Equation(c, c.previous + i * g),
    without=(f,),
    also=(Source("greff2017", "§III, NFG + NP"),),
)
