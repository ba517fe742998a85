"""Complex-step derivatives in a quantity that no program lets one disturb from outside, such as a gate.

The cell's own forward equations are run as code, from the witness's values, and opened at that quantity: a disturbance
is added where it is defined, and everything that uses it follows. All entries of all samples run at once, as columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from derivations.language import Cell
from tests.agreement.compiled import value
from tests.agreement.example import Array, Example
from tests.agreement.witness import STEP, Witness, derivative


class Opened:
    """The forward equations of a cell on an example, ready to be disturbed anywhere."""

    def __init__(self, cell: Cell, example: Example, witness: Witness) -> None:
        self.cell, self.example, self.witness = cell, example, witness
        # A bias becomes a column, so that it meets columns of samples as a column.
        self._params = {n: p[:, None] if p.ndim == 1 else p for n, p in example.params.items()}

    def through(self, name: str, t: int) -> Array:
        """∂L/∂ a quantity of step t, (B, n), by every way from it to the loss."""
        B, n = self.example.sizes.B, self._rows(name)
        samples = np.repeat(np.arange(B), n)
        push = 1j * STEP * np.tile(np.eye(n), B)  # (n, B n)
        states: dict[str, Any] = {s: v.T[:, samples] for s, v in self.witness.states(t - 1).items()}
        total: Any = 0
        for step in range(t, self.example.sizes.T + 1):
            at: dict[str, Any] = self._params | {"x": self.example.x[step - 1].T[:, samples]}
            at |= {s.previous.name: states[s.name] for s in self.cell.states}
            for equation in self.cell.steps:
                left = equation.left.name
                at[left] = value(equation.right.node, at)
                if (left, step) == (name, t):
                    at[left] = at[left] + push
            states = {s.name: at[s.name] for s in self.cell.states}
            total = total + (self.example.loss[step - 1].T[:, samples] * states[self.cell.output.name]).sum(
                axis=0
            )
        for s, d in self.example.final.items():
            total = total + (d.T[:, samples] * states[s]).sum(axis=0)
        return derivative(total, (B, n))

    def _rows(self, name: str) -> int:
        sizes = {d.name: getattr(self.example.sizes, d.name) for d in self.cell.dimensions}
        return int(sizes[str(self.cell.symbol(name).shape[0])])
