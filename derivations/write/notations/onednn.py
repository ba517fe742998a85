"""oneDNN, as its guide prints the cells: B for biases, the GRU's gates u and r and its candidate o.

It indexes states by step and layer; here one layer stands alone, and its input is x.
"""

from derivations.language import Source
from derivations.write.dialect import Notation, Use, indexed, letter, letters, prime, tilde
from derivations.write.typeset import Row, Sub

GRU = letters(input="x", hidden_state="h", update_gate="u", reset_gate="r", hidden_candidate="o")

NOTATION = Notation(
    name="onednn",
    kind="framework",
    parameters={
        "input-weight": indexed("W", None),
        "recurrent-weight": indexed("U", None),
        "bias": indexed("B", None),
        "input-bias": indexed("B", None),
        # The fourth bias of the GRU that multiplies before it resets.
        "recurrent-bias": lambda gate: Sub(letter("B"), Row((prime("u"),))),
    },
    uses=(
        Use(
            "rnn",
            Source("onednn-rnn", "Vanilla RNN"),
            letters(input="x", hidden_state="h"),
            indices={"": None},
        ),
        Use(
            "lstm",
            Source("onednn-rnn", "LSTM"),
            letters(
                input="x",
                hidden_state="h",
                cell_state="c",
                input_gate="i",
                forget_gate="f",
                cell_candidate=tilde("c"),
                output_gate="o",
            ),
        ),
        Use("gru-cho", Source("onednn-rnn", "GRU"), GRU),
        Use("gru-after", Source("onednn-rnn", "Linear-Before-Reset GRU"), GRU),
    ),
)
