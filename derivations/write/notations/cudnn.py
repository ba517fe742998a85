"""cuDNN, as its documentation prints the modes: R recurrent, two biases, the GRU's update gate called i."""

from derivations.language import Source
from derivations.write.dialect import Notation, Use, added, indexed, letter, letters, prime

NOTATION = Notation(
    name="cudnn",
    kind="framework",
    parameters={
        "input-weight": indexed("W", None),
        "recurrent-weight": indexed("R", None),
        "bias": added(indexed("b", "W", None), indexed("b", "R", None)),
        "input-bias": indexed("b", "W", None),
        "recurrent-bias": indexed("b", "R", None),
    },
    # A sum has one gradient for both of its terms; it is written of the first.
    gradients={"bias": indexed("b", "W", None)},
    uses=(
        Use(
            "rnn",
            Source("cudnn-rnn", "CUDNN_RNN_TANH"),
            letters(input="x", hidden_state="h"),
            indices={"": letter("i")},
        ),
        Use(
            "lstm",
            Source("cudnn-rnn", "CUDNN_LSTM"),
            letters(
                input="x",
                hidden_state="h",
                cell_state="c",
                input_gate="i",
                forget_gate="f",
                cell_candidate=prime("c"),
                output_gate="o",
            ),
            indices={"cell-candidate": letter("c")},
        ),
        Use(
            "gru-after",
            Source("cudnn-rnn", "CUDNN_GRU"),
            letters(
                input="x", hidden_state="h", reset_gate="r", update_gate="i", hidden_candidate=prime("h")
            ),
            indices={"hidden-candidate": letter("h")},
        ),
    ),
)
