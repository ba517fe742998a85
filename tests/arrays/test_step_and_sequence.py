"""The sequence functions against the step functions applied T times: two codes, one result."""

import numpy as np
import pytest

from lstmref import Cell
from lstmref.check import Array
from tests.lstmref import checker
from tests.lstmref.checker import Sizes


@pytest.mark.parametrize("sizes", [Sizes(5, 3, 2, 4), Sizes(1, 1, 4, 1), Sizes(3, 2, 1, 3)])
def test_forward_and_backward_agree(cell: Cell, sizes: Sizes) -> None:
    given = checker.example(cell, sizes, seed=3)
    outputs, _ = checker.run(cell, given)
    states = tuple(given.states.values())
    caches = []
    for t in range(sizes.T):
        now, cache = cell.step_forward(given.params, given.x[t], *states)
        states = tuple(now)
        caches.append(cache)
        np.testing.assert_allclose(outputs.h[t], now.h, rtol=1e-13)
    for name, state in zip(cell.STATES, states, strict=True):
        np.testing.assert_allclose(getattr(outputs, f"{name}_T"), state, rtol=1e-13)

    later = {name: given.cotangents[f"{name}_T"] for name in cell.STATES}
    total: dict[str, Array] = {}
    dx = np.empty_like(given.x)
    for t in reversed(range(sizes.T)):
        found = cell.step_backward(later | {"h": later["h"] + given.cotangents["h"][t]}, caches[t])
        later = {name: found[f"{name}_prev"] for name in cell.STATES}
        dx[t] = found["x"]
        for name in given.params:
            total[name] = total.get(name, 0) + found[name]
    total |= {"x": dx} | {f"{name}_0": later[name] for name in cell.STATES}
    assert all(error < 1e-13 for _, error in checker.differences(checker.gradients(cell, given), total))


def test_a_sequence_can_be_cut_in_two(cell: Cell) -> None:
    """Final states carried forward and their cotangents carried back: the parts give what the whole gives."""
    given = checker.example(cell, Sizes(5, 2, 2, 3), seed=4)
    first, first_cache = cell.forward(given.params, given.x[:2], *given.states.values())
    final = [getattr(first, f"{name}_T") for name in cell.STATES]
    second, second_cache = cell.forward(given.params, given.x[2:], *final)
    whole, _ = checker.run(cell, given)
    np.testing.assert_allclose(np.concatenate([first.h, second.h]), whole.h, rtol=1e-13)

    ends = {name: value for name, value in given.cotangents.items() if name != "h"}
    back_2 = cell.backward(ends | {"h": given.cotangents["h"][2:]}, second_cache)
    carried = {f"{name}_T": back_2[f"{name}_0"] for name in cell.STATES}
    back_1 = cell.backward(carried | {"h": given.cotangents["h"][:2]}, first_cache)
    joined = {name: back_1[name] + back_2[name] for name in given.params}
    joined |= {"x": np.concatenate([back_1["x"], back_2["x"]])} | {
        name: back_1[name] for name in given.states
    }
    assert all(error < 1e-13 for _, error in checker.differences(checker.gradients(cell, given), joined))


def test_sequences_of_a_batch_do_not_mix(cell: Cell) -> None:
    given = checker.example(cell, Sizes(4, 3, 2, 3), seed=8)
    outputs, _ = checker.run(cell, given)
    for b in range(3):
        alone, _ = cell.forward(
            given.params, given.x[:, b : b + 1], *(state[b : b + 1] for state in given.states.values())
        )
        np.testing.assert_allclose(outputs.h[:, b : b + 1], alone.h, rtol=1e-13)
