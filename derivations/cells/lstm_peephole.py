"""The LSTM with peepholes: gates that also see the cell state. Any of the three may be left out.

The input and the forget gate see the old cell state, the output gate the new one.
"""

from derivations.cells.lstm import CELL as LSTM
from derivations.cells.lstm import H, U_f, U_i, U_o, W_f, W_i, W_o, b_f, b_i, b_o, c, f, h, i, o, x
from derivations.language import Cell, Equation, Source, parameter, sigmoid

p_i = parameter("p_i", H, None, "peephole-weight", "input-gate")
p_f = parameter("p_f", H, None, "peephole-weight", "forget-gate")
p_o = parameter("p_o", H, None, "peephole-weight", "output-gate")

GATES = {
    "i": Equation(i, sigmoid(W_i @ x + U_i @ h.previous + p_i * c.previous + b_i)),
    "f": Equation(f, sigmoid(W_f @ x + U_f @ h.previous + p_f * c.previous + b_f)),
    "o": Equation(o, sigmoid(W_o @ x + U_o @ h.previous + p_o * c + b_o)),
}


def peephole(name: str, source: Source, gates: str) -> Cell:
    """The LSTM with peepholes at these gates."""
    return LSTM.variant(name, source, *(GATES[gate] for gate in gates), also=(Source("gers2002", "(1)–(7)"),))


CELLS = (
    peephole("lstm-peephole", Source("greff2017", "§II"), "ifo"),
    *(
        peephole(f"lstm-peephole-{gates}", Source("greff2017", "§II"), gates)
        for gates in ("i", "f", "o", "if", "io", "fo")
    ),
)
