"""PyTorch, as its documentation prints the layers: every weight with two indices, and two biases, which add up."""

from derivations.language import Source
from derivations.write.dialect import Notation, Use, added, indexed, letter, letters

NOTATION = Notation(
    name="pytorch",
    kind="framework",
    parameters={
        "input-weight": indexed("W", "i", None),
        "recurrent-weight": indexed("W", "h", None),
        "bias": added(indexed("b", "i", None), indexed("b", "h", None)),
        "input-bias": indexed("b", "i", None),
        "recurrent-bias": indexed("b", "h", None),
    },
    # A sum has one gradient for both of its terms; it is written of the first.
    gradients={"bias": indexed("b", "i", None)},
    uses=(
        Use(
            "rnn",
            Source("pytorch-rnn", "torch.nn.RNN"),
            letters(input="x", hidden_state="h"),
            indices={"": letter("h")},
        ),
        Use(
            "lstm",
            Source("pytorch-lstm", "torch.nn.LSTM"),
            letters(
                input="x",
                hidden_state="h",
                cell_state="c",
                input_gate="i",
                forget_gate="f",
                cell_candidate="g",
                output_gate="o",
            ),
        ),
        Use(
            "gru-after",
            Source("pytorch-gru", "torch.nn.GRU"),
            letters(input="x", hidden_state="h", reset_gate="r", update_gate="z", hidden_candidate="n"),
        ),
    ),
)
