"""A network of cells written as plainly as can be: one sample at a time, one step at a time, no lengths.

Every sample is cut to its length before it is run, so there is no padding to get wrong. The cells' step functions
are used, the network under test their sequences.
"""

from __future__ import annotations

import numpy as np

import lstmref
from lstmref.check import Array
from lstmref.network import Outputs
from tests.network.case import Case


def run(case: Case) -> Outputs:
    """h (T, B, outputs), zero beyond each end, and the final states (layers, directions, B, H)."""
    T, B, _ = case.x.shape
    architecture, cell = case.architecture, lstmref.cell(case.architecture.cell)
    shape = (architecture.layers, len(architecture.directions), B, architecture.H)
    h = np.zeros((T, B, architecture.outputs))
    final = {name: np.zeros(shape) for name in cell.STATES}
    for b, end in enumerate(case.ends()):
        rows = list(case.x[:end, b])
        for layer in range(architecture.layers):
            if case.masks is not None and (mask := case.masks[layer]) is not None:
                whole = np.broadcast_to(mask, (T, B, architecture.inputs(layer)))
                rows = [row * whole[t, b] for t, row in enumerate(rows)]
            sides = []
            for k, direction in enumerate(architecture.directions):
                start = f"{layer}.{direction}."
                params = {
                    name[len(start) :]: value for name, value in case.params.items() if name.startswith(start)
                }
                now = [
                    np.zeros(architecture.H) if case.states is None else case.states[name][layer, k, b]
                    for name in cell.STATES
                ]
                side: list[Array] = []
                for row in rows if direction == "forward" else rows[::-1]:
                    outputs, _ = cell.step_forward(params, row[None], *(state[None] for state in now))
                    now = [getattr(outputs, name)[0] for name in cell.STATES]
                    side.append(now[0])
                for name, state in zip(cell.STATES, now, strict=True):
                    final[name][layer, k, b] = state
                sides.append(side if direction == "forward" else side[::-1])
            rows = [np.concatenate(parts) for parts in zip(*sides, strict=True)]
        for t, row in enumerate(rows):
            h[t, b] = row
    return Outputs(h, final)


def assert_same(found: Outputs, expected: Outputs) -> None:
    """Equal to rounding."""
    np.testing.assert_allclose(found.h, expected.h, rtol=0, atol=1e-13)
    assert found.states.keys() == expected.states.keys()
    for name, state in expected.states.items():
        np.testing.assert_allclose(found.states[name], state, rtol=0, atol=1e-13, err_msg=name)
