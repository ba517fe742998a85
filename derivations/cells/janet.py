"""JANET: the LSTM with its forget gate alone, which also weighs what comes in."""

from derivations.cells.lstm import CELL as LSTM
from derivations.cells.lstm import c, f, g, h, i, o
from derivations.language import Equation, Source

CELL = LSTM.variant(
    "janet",
    Source("vanderwesthuizen2018", "§3, β = 0"),
    Equation(c, f * c.previous + (1 - f) * g),
    Equation(h, c),
    without=(i, o),
)
