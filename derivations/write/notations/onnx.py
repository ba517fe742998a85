"""ONNX, as its operators print their equations: states in capitals, the candidate in lower case, two biases."""

from derivations.language import Source
from derivations.write.dialect import Notation, Use, added, indexed, letter, letters
from derivations.write.typeset import Letter

GRU = letters(input="X", hidden_state="H", update_gate="z", reset_gate="r", hidden_candidate="h")

WB = indexed(Letter("Wb", r"\mathit{Wb}"), None)
RB = indexed(Letter("Rb", r"\mathit{Rb}"), None)

NOTATION = Notation(
    name="onnx",
    kind="framework",
    parameters={
        "input-weight": indexed("W", None),
        "recurrent-weight": indexed("R", None),
        "bias": added(WB, RB),
        "input-bias": WB,
        "recurrent-bias": RB,
    },
    # A sum has one gradient for both of its terms; it is written of the first.
    gradients={"bias": WB},
    uses=(
        Use(
            "rnn",
            Source("onnx-rnn", "RNN"),
            letters(input="X", hidden_state="H"),
            indices={"": letter("i")},
        ),
        Use(
            "lstm",
            Source("onnx-lstm", "LSTM"),
            letters(
                input="X",
                hidden_state="H",
                cell_state="C",
                input_gate="i",
                output_gate="o",
                forget_gate="f",
                cell_candidate="c",
            ),
        ),
        Use("gru-cho", Source("onnx-gru", "linear_before_reset = 0"), GRU),
        Use("gru-after", Source("onnx-gru", "linear_before_reset = 1"), GRU),
    ),
)
