"""Keras, whose documentation prints no formulas: the letters of its code, K for kernel and R for recurrent_kernel.

Both stand on the right of a product there, x @ kernel, and have the shapes (D, H) and (H, H) for each gate. So what
multiplies from the left here is their transpose. The code calls the GRU's candidate hh and gives the LSTM's no name; in
the weights they are the gates h and c.
"""

from derivations.language import Source
from derivations.language.structure import TRANSPOSE
from derivations.write.dialect import Notation, Parameter, Use, added, indexed, letter, letters, tilde
from derivations.write.typeset import Box, Sup

GRU = letters(input="x", hidden_state="h", update_gate="z", reset_gate="r", hidden_candidate=tilde("h"))
GRU_INDICES: dict[str, Box | None] = {"hidden-candidate": letter("h")}


def transposed(parameter: Parameter) -> Parameter:
    """The transpose of a matrix, where the site has the matrix."""
    return lambda gate: Sup(parameter(gate), TRANSPOSE)


NOTATION = Notation(
    name="keras",
    kind="framework",
    parameters={
        "input-weight": transposed(indexed("K", None)),
        "recurrent-weight": transposed(indexed("R", None)),
        "bias": indexed("b", None),
        # Rows 0 and 1 of the one array: beside the input and beside the state.
        "input-bias": indexed("b", "0", None),
        "recurrent-bias": indexed("b", "1", None),
    },
    uses=(
        Use(
            "rnn",
            Source("keras-simplernn", "SimpleRNN"),
            letters(input="x", hidden_state="h"),
            indices={"": None},
        ),
        Use(
            "lstm",
            Source("keras-lstm", "LSTM"),
            letters(
                input="x",
                hidden_state="h",
                cell_state="c",
                input_gate="i",
                forget_gate="f",
                cell_candidate=tilde("c"),
                output_gate="o",
            ),
            indices={"cell-candidate": letter("c")},
        ),
        Use("gru-cho", Source("keras-gru", "reset_after=False"), GRU, GRU_INDICES),
        Use(
            "gru-after",
            Source("keras-gru", "reset_after=True"),
            GRU,
            GRU_INDICES,
            parameters={"bias": added(indexed("b", "0", None), indexed("b", "1", None))},
            gradients={"bias": indexed("b", "0", None)},
        ),
    ),
)
