"""Flax, as its documentation prints the cells: a bias on one side only, where one is enough.

It writes no step: a new state has a prime, an old one none. Here they have their steps, as the backward pass needs.
"""

from derivations.language import Source
from derivations.write.dialect import Notation, Use, indexed, letters

NOTATION = Notation(
    name="flax",
    kind="framework",
    parameters={
        "input-weight": indexed("W", "i", None),
        "recurrent-weight": indexed("W", "h", None),
        "bias": indexed("b", "i", None),
        "input-bias": indexed("b", "i", None),
        "recurrent-bias": indexed("b", "h", None),
    },
    uses=(
        Use(
            "rnn",
            Source("flax-linen", "SimpleCell"),
            letters(input="x", hidden_state="h"),
            indices={"": None},
        ),
        Use(
            "lstm",
            Source("flax-linen", "LSTMCell"),
            letters(
                input="x",
                hidden_state="h",
                cell_state="c",
                input_gate="i",
                forget_gate="f",
                cell_candidate="g",
                output_gate="o",
            ),
            parameters={"bias": indexed("b", "h", None)},
        ),
        Use(
            "gru-after",
            Source("flax-linen", "GRUCell"),
            letters(input="x", hidden_state="h", reset_gate="r", update_gate="z", hidden_candidate="n"),
        ),
    ),
)
