"""Olah, Understanding LSTM Networks: one matrix a gate, times the old state on top of the input.

Its GRU has no biases and its candidate's matrix no index. Where the backward pass needs the parts of a matrix, they
are its blocks: W_fh multiplies the state, W_fx the input.
"""

from derivations.language import Source
from derivations.write.dialect import Notation, Use, indexed, letter, letters, tilde

NOTATION = Notation(
    name="colah",
    kind="paper",
    parameters={
        "input-weight": indexed("W", None, "x"),
        "recurrent-weight": indexed("W", None, "h"),
        "bias": indexed("b", None),
    },
    matrix=indexed("W", None),
    uses=(
        Use(
            "lstm",
            Source("colah2015", "LSTM"),
            letters(
                input="x",
                hidden_state="h",
                cell_state="C",
                forget_gate="f",
                input_gate="i",
                cell_candidate=tilde("C"),
                output_gate="o",
            ),
            indices={"cell-candidate": letter("C")},
        ),
        Use(
            "gru",
            Source("colah2015", "GRU"),
            letters(
                input="x", hidden_state="h", update_gate="z", reset_gate="r", hidden_candidate=tilde("h")
            ),
            indices={"hidden-candidate": None},
        ),
    ),
)
