"""Greff et al. (2017): block input z, block output y, steps as superscripts, δ for cotangents."""

from derivations.language import Source
from derivations.write.dialect import Notation, Use, indexed, letters, with_delta
from derivations.write.typeset import Sup

LSTM = letters(
    input="x",
    hidden_state="y",
    cell_state="c",
    cell_candidate="z",
    input_gate="i",
    forget_gate="f",
    output_gate="o",
)

NOTATION = Notation(
    name="greff",
    kind="paper",
    parameters={
        "input-weight": indexed("W", None),
        "recurrent-weight": indexed("R", None),
        "bias": indexed("b", None),
    },
    at_step=Sup,
    derivative=with_delta,
    uses=(
        Use("lstm", Source("greff2017", "§II, NP"), LSTM),
        Use("lstm-linear", Source("greff2017", "§V, NOAF + NP"), LSTM),
    ),
)
