"""What lies beyond a sample's end is not read, given nothing, and costs nothing."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from lstmref import Architecture, lstm, network
from lstmref.check import Array
from tests.network import case
from tests.network.case import Case, made

LENGTHS = [2, 5, 0, 4]


def padded(cell: str) -> Case:
    return made(Architecture(cell, 3, 4, 2, True), T=5, B=4, seed=3, lengths=LENGTHS, masked=True)


def beyond() -> Array:
    """(T, B), true at padding."""
    return np.arange(5)[:, None] >= np.array(LENGTHS)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("content", [np.nan, np.inf, 1e300, -0.0])
def test_its_content_does_not_matter(cell: str, content: float, batch_first: bool) -> None:
    given = padded(cell)
    outputs, _ = case.run(given)
    expected = case.gradients(given)

    def turn(value: Array) -> Array:
        return value.swapaxes(0, 1) if batch_first else value

    x, dh = given.x.copy(), given.cotangents["h"].copy()
    x[beyond()] = content
    dh[beyond()] = content
    found, cache = network.forward(
        given.architecture,
        given.params,
        turn(x),
        given.states,
        lengths=LENGTHS,
        masks=[None if mask is None else turn(mask) for mask in given.masks or ()],
        batch_first=batch_first,
    )
    np.testing.assert_array_equal(turn(found.h), outputs.h)
    for name, state in outputs.states.items():
        np.testing.assert_array_equal(found.states[name], state)
    gradients = network.backward(given.cotangents | {"h": turn(dh)}, cache)
    gradients["x"] = turn(gradients["x"])
    for name, value in expected.items():
        np.testing.assert_array_equal(gradients[name], value)


def test_it_gives_zeros_and_no_gradient(cell: str) -> None:
    given = padded(cell)
    outputs, _ = case.run(given)
    assert not outputs.h[beyond()].any()
    assert outputs.h[~beyond()].all()
    dx = case.gradients(given)["x"]
    assert not dx[beyond()].any()
    assert dx[~beyond()].all()


def test_a_sample_without_steps_hands_its_states_through(cell: str) -> None:
    given = padded(cell)
    outputs, _ = case.run(given)
    gradients = case.gradients(given)
    assert given.states is not None
    for name, state in given.states.items():
        np.testing.assert_array_equal(outputs.states[name][:, :, 2], state[:, :, 2])
        passed = gradients[f"{name}_0"][:, :, 2]
        np.testing.assert_array_equal(passed, given.cotangents[f"{name}_T"][:, :, 2])


def test_no_sample_has_a_step(cell: str) -> None:
    given = made(Architecture(cell, 3, 4), T=5, B=2, seed=3, lengths=[0, 0])
    assert not case.run(given)[0].h.any()
    gradients = case.gradients(given)
    for name in given.params:
        assert gradients[name].shape == given.params[name].shape
        assert not gradients[name].any()


def test_full_lengths_are_none_at_all(cell: str) -> None:
    given = made(Architecture(cell, 3, 4, 2, True), T=5, B=3, seed=3)
    expected = case.gradients(given)
    for name, value in case.gradients(given._replace(lengths=np.array([5, 5, 5]))).items():
        np.testing.assert_array_equal(value, expected[name])


@pytest.mark.parametrize("kind", [list, tuple, np.int8, np.uint64])
def test_lengths_of_any_kind_of_whole_number(kind: Any) -> None:
    given = padded("lstm")
    lengths: Any = kind(LENGTHS) if kind in (list, tuple) else np.array(LENGTHS, kind)
    expected, _ = case.run(given)
    found, _ = case.run(given._replace(lengths=lengths))
    np.testing.assert_array_equal(found.h, expected.h)


def test_a_cache_holds_the_weights_once() -> None:
    """Every distinct length is a call of the cell, and every call copies the weights."""
    given = made(Architecture("lstm", 8, 64), T=20, B=20, seed=3, lengths=list(range(1, 21)))

    def size(lengths: Array | None) -> int:
        tracemalloc.start()
        try:
            kept = case.run(given._replace(lengths=lengths))
            size, _ = tracemalloc.get_traced_memory()
            del kept
        finally:
            tracemalloc.stop()
        return size

    weights = sum(value.nbytes for value in given.params.values())
    assert size(given.lengths) < size(None) + weights  # of twenty calls


def test_padding_is_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps that the cell is given are those that there are."""
    given = padded("lstm")
    seen = 0
    forward = lstm.forward

    def count(params: dict[str, Array], x: Array, h_0: Array, c_0: Array) -> object:
        nonlocal seen
        seen += x.shape[0] * x.shape[1]
        return forward(params, x, h_0, c_0)

    monkeypatch.setattr(lstm, "forward", count)
    case.run(given)
    assert seen == sum(LENGTHS) * 4  # two layers of two directions
