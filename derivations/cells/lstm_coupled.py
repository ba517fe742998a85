"""The LSTM with coupled gates: what is let in is what is let go of, f = 1 − i."""

from derivations.cells.lstm import CELL as LSTM
from derivations.cells.lstm import f, i
from derivations.language import Equation, Source

CELL = LSTM.variant("lstm-coupled", Source("greff2017", "§III, CIFG + NP"), Equation(f, 1 - i))
