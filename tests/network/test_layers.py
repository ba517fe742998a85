"""LSTM, GRU and RNN are the functions with the parameters held."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lstmref import (
    GRU,
    LSTM,
    RNN,
    KindError,
    NameSetError,
    NotFiniteError,
    OrderError,
    ShapeError,
    network,
)
from lstmref.network import initial
from lstmref.network.architecture import Architecture
from lstmref.network.layers import Recurrent

CLASSES = (LSTM, GRU, RNN)


@pytest.mark.parametrize("make", CLASSES)
def test_it_gives_what_the_functions_give(make: Callable[..., Recurrent]) -> None:
    layer = make(2, 3, layers=2, bidirectional=True, batch_first=True, rng=np.random.default_rng(0))
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4, 5, 2))
    masks = [rng.normal(size=(4, 1, 2)), None]
    first, cache = network.forward(
        layer.architecture, layer.parameters, x, lengths=[5, 2, 3, 0], masks=masks, batch_first=True
    )
    found = layer.forward(x, lengths=[5, 2, 3, 0], masks=masks)
    np.testing.assert_array_equal(found.h, first.h)
    expected = network.backward({"h": first.h}, cache)
    for _ in range(2):
        gradients = layer.backward({"h": found.h})
        assert gradients.keys() == expected.keys()
        for name, value in expected.items():
            np.testing.assert_array_equal(gradients[name], value)
    again = layer.forward(x, found.states)
    second, _ = network.forward(layer.architecture, layer.parameters, x, first.states, batch_first=True)
    np.testing.assert_array_equal(again.h, second.h)


@pytest.mark.parametrize(
    ("options", "form"),
    [
        ({}, "gru-after"),
        ({"reset": "before"}, "gru-cho"),
        ({"reset": "before", "update": "new"}, "gru"),
    ],
)
def test_the_three_forms_of_the_gru(options: dict[str, str], form: str) -> None:
    layer = GRU(2, 3, **options)  # type: ignore[arg-type]
    assert layer.architecture == Architecture(form, 2, 3)
    layer.forward(np.ones((1, 1, 2)))


def test_other_forms_of_the_gru_are_refused() -> None:
    expected = r'\("after", "keep"\), \("before", "keep"\), \("before", "new"\)'
    with pytest.raises(
        NameSetError, match=rf"^reset, update: expected one of {expected}, got \('after', 'new'\)$"
    ):
        GRU(2, 3, update="new")


def test_the_cells_of_the_others() -> None:
    assert LSTM(2, 3, 4, True).architecture == Architecture("lstm", 2, 3, 4, True)
    assert RNN(2, 3).architecture == Architecture("rnn", 2, 3)


def test_their_arguments_are_the_same() -> None:
    """Written out in each class for the reader of its signature."""
    first, *others = (inspect.signature(make).parameters for make in (LSTM, RNN, GRU))
    for other in others:
        assert list(other.items())[: len(first)] == list(first.items())


@pytest.mark.parametrize("make", CLASSES)
@pytest.mark.parametrize("dtype", [np.float32, "float64", np.longdouble, np.complex128])
def test_initial_parameters(make: Callable[..., Recurrent], dtype: Any) -> None:
    layer = make(20, 25, dtype=dtype, rng=np.random.default_rng(0))
    same = make(20, 25, dtype=dtype, rng=np.random.default_rng(0))
    other = make(20, 25, dtype=dtype, rng=np.random.default_rng(1))
    assert {name: np.shape(value) for name, value in layer.parameters.items()} == (
        layer.architecture.parameter_shapes()
    )
    for name, value in layer.parameters.items():
        array = np.asarray(value)
        assert array.dtype == dtype
        assert array.flags.writeable
        np.testing.assert_array_equal(array, same.parameters[name])
        assert (array != other.parameters[name]).all()
        assert not array.imag.any()
        assert (abs(array) <= np.float32(0.2)).all()
        if array.size > 100:  # uniform on ±1/5: the mean is 0, the standard deviation 0.2 / sqrt(3)
            assert abs(array.mean()) < 0.02
            assert abs(array.std() - 0.2 / 3**0.5) < 0.01


def test_without_a_generator_every_layer_is_another() -> None:
    one, two = RNN(2, 3).parameters, RNN(2, 3).parameters
    assert all(np.any(np.asarray(one[name]) != two[name]) for name in one)


def test_no_hidden_units() -> None:
    assert LSTM(2, 0).forward(np.ones((3, 1, 2))).h.shape == (3, 1, 0)


def test_parameters_may_be_assigned_and_are_checked_on_use() -> None:
    layer = RNN(2, 3)
    zeros: dict[str, Any] = {name: np.zeros_like(value) for name, value in layer.parameters.items()}
    layer.parameters = zeros
    assert not layer.forward(np.ones((4, 1, 2))).h.any()
    layer.parameters = zeros | {"0.forward.b": np.zeros(2)}
    with pytest.raises(ShapeError, match=r"^0\.forward\.b: expected \(3,\), got \(2,\)$"):
        layer.forward(np.ones((4, 1, 2)))
    layer.parameters = {}
    with pytest.raises(NameSetError, match=r"^params: missing 0\.forward\.W, "):
        layer.forward(np.ones((4, 1, 2)))


def test_an_update_between_forward_and_backward_does_not_reach_the_gradients() -> None:
    layer = GRU(2, 3)
    x = np.ones((4, 1, 2))
    outputs = layer.forward(x)
    expected = layer.backward({"h": outputs.h})
    for value in layer.parameters.values():
        np.asarray(value)[...] = 0
    for name, value in layer.backward({"h": outputs.h}).items():
        np.testing.assert_array_equal(value, expected[name])


def test_backward_needs_a_forward_pass() -> None:
    layer = LSTM(2, 3)
    message = "^backward: expected a forward pass before it, got none$"
    with pytest.raises(OrderError, match=message):
        layer.backward({})
    layer.forward(np.ones((4, 1, 2)))
    layer.backward({})
    with pytest.raises(NotFiniteError, match=r"^x: "):
        layer.forward(np.full((4, 1, 2), np.nan))
    with pytest.raises(OrderError, match=message):  # not the gradients of the forward pass before
        layer.backward({})


def test_bad_arguments() -> None:
    for dtype in (np.float16, int, "float17"):
        with pytest.raises(KindError, match=r"^dtype: expected one of float32, float64, .*, got "):
            LSTM(2, 3, dtype=dtype)
    with pytest.raises(KindError, match=r"^rng: expected a numpy\.random\.Generator, got int$"):
        LSTM(2, 3, rng=0)  # type: ignore[arg-type]
    with pytest.raises(KindError, match=r"^architecture: expected an Architecture, got str$"):
        initial.uniform("lstm")  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match=r"^layers: expected a whole number >= 1, got 0$"):
        RNN(2, 3, layers=0)
    with pytest.raises(ShapeError, match=r"^H: expected a whole number >= 0, got -3$"):
        RNN(2, -3)
    with pytest.raises(KindError, match=r"^0\.forward\.W_i: expected float64 \(as x\), got float32$"):
        LSTM(2, 3, dtype=np.float32).forward(np.ones((4, 1, 2)))
