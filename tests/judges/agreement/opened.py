"""Complex-step derivatives in a quantity that no program lets one disturb from outside, such as a gate.

The cell's own forward equations are run as code, from the witness's values, and opened at that quantity: a disturbance
is added where it is defined, and everything that uses it follows. All entries of all samples run at once, as samples.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from derivations.language import Cell
from tests.judges.agreement.witness import Witness, derivative, disturbed, weighed
from tests.judges.example import Array, Example
from tests.judges.forward import Forward, reader
from tests.judges.shape import axes


class Opened:
    """The forward equations of a cell on an example, ready to be disturbed anywhere."""

    def __init__(self, cell: Cell, example: Example, witness: Witness) -> None:
        self.cell, self.example, self.witness = cell, example, witness
        self._forward = Forward(cell, example.sizes)
        lift = self._forward.lifted
        self._constant = {name: lift(name, values) for name, values in example.constant.items()}

    def through(self, name: str, t: int) -> Array:
        """∂L/∂ a quantity of step t, (B, *axes), by every way from it to the loss."""
        lift, example = self._forward.lifted, self.example
        B, of = example.sizes.B, example.sizes.array(axes(self.cell.symbol(name)))
        pushes, samples = disturbed(np.zeros((B, *of)))
        before = self.witness.states(t - 1)
        states = {s.name: lift(s.name, before[s.name][samples]) for s in self.cell.states}
        total: Any = np.zeros(len(samples), np.complex128)
        for step in range(t, example.sizes.T + 1):
            at = self._constant | {n: lift(n, v[samples]) for n, v in example.at(step).items()}
            at |= {s.previous.name: states[s.name] for s in self.cell.states}
            for equation in self._forward.equations:
                at[equation.left] = equation.value(reader(at))
                if (equation.left, step) == (name, t):
                    at[name] = at[name] + lift(name, pushes)
            states = {s.name: at[s.name] for s in self.cell.states}
            for output in self.cell.outputs:
                weights = lift(output.name, example.loss[output.name][step - 1][samples])
                total = total + weighed(weights, at[output.name], len(samples))
        for s, d in example.final.items():
            total = total + weighed(lift(s, d[samples]), states[s], len(samples))
        return derivative(total, (B, *of))
