"""Cho et al. (2014): steps in angle brackets, no index on the candidate's matrices.

The paper leaves out the biases, and the step of the input; here both are written.
"""

from derivations.language import Source
from derivations.write.dialect import Notation, Use, indexed, letters, tilde
from derivations.write.typeset import Box, Fence, Sub


def in_angles(base: Box, step: Box) -> Box:
    """The step in angle brackets below."""
    return Sub(base, Fence(step, "⟨"))


NOTATION = Notation(
    name="cho",
    kind="paper",
    parameters={
        "input-weight": indexed("W", None),
        "recurrent-weight": indexed("U", None),
        "bias": indexed("b", None),
    },
    at_step=in_angles,
    uses=(
        Use(
            "gru-cho",
            Source("cho2014", "(5)–(8)"),
            letters(
                input="x", hidden_state="h", reset_gate="r", update_gate="z", hidden_candidate=tilde("h")
            ),
            indices={"hidden-candidate": None},
        ),
    ),
)
