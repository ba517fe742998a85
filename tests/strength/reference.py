"""What `lstmref` says: outputs of its forward pass, and the gradients of that pass by complex-step differentiation.

No derived formula is used here, nor a backward pass written by hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import lstmref
from tests.agreement.example import Array, Example
from tests.agreement.witness import Witness
from tests.strength.configurations import Configuration, example


@dataclass(frozen=True)
class Reference:
    """An example with what is right on it.

    Attributes:
        states: every state after every step, (T, B, H); h is what the forward pass returns, of the others the last.
        gradients: ``x`` (T, B, D), the initial states ``h_0`` … (B, H), and every parameter, over time and batch.
        parameters: how many numbers the cell learns at these sizes.
    """

    example: Example
    states: dict[str, Array]
    gradients: dict[str, Array]
    parameters: int


def reference(cell: str, c: Configuration, seed: int = 0) -> Reference:
    """Run the cell of this name on a configuration.

    Raises:
        lstmref.NameSetError: there is no cell of this name.
    """
    module = lstmref.cell(cell)
    shapes = module.parameter_shapes(c.D, c.H)
    given = example(cell, c, shapes, module.STATES, seed)
    witness = Witness(cell, given)
    steps = range(1, c.T + 1)
    gradients = {"x": np.stack([witness.through_input(t) for t in steps])}
    gradients |= {f"{s}_0": witness.through_state(s, 0) for s in module.STATES}
    gradients |= {name: witness.through_parameter(name) for name in shapes}
    return Reference(
        given,
        {s: np.stack([witness.states(t)[s] for t in steps]) for s in module.STATES},
        gradients,
        sum(int(np.prod(shape)) for shape in shapes.values()),
    )
