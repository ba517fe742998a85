"""What seems to have 2**40 entries is refused for its shape, at once and in little memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lstmref import lstm
from lstmref.check import finite, read
from lstmref.errors import NotFiniteError, ShapeError

LARGE = (2**20, 2**20)


def call(**changed: Any) -> None:
    """A step-wise harmless call but for what is changed: x, h_0, c_0, or a parameter."""
    params: dict[str, Any] = {
        n: np.ones(s, changed["x"].dtype) for n, s in lstm.parameter_shapes(D=3, H=4).items()
    }
    zero = np.zeros((2, 4), changed["x"].dtype)
    given = {"x": changed.pop("x"), "h_0": zero, "c_0": zero}
    for name, value in changed.items():
        (given if name in given else params)[name] = value
    lstm.forward(params, given["x"], given["h_0"], given["c_0"])


@pytest.fixture
def little_memory() -> Any:
    """Fails if more than 16 MiB was asked for at any time."""
    tracemalloc.start()
    yield
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2**24


@pytest.mark.parametrize("dtype", [np.float32, np.float64, ">f4"])
@pytest.mark.parametrize("name", ["h_0", "c_0", "W_f", "b_f"])
def test_a_broadcast_of_the_wrong_shape(little_memory: None, name: str, dtype: Any) -> None:
    x = np.ones((5, 2, 3), np.dtype(dtype).newbyteorder("="))
    with pytest.raises(ShapeError, match=rf"^{name}: expected \(.*\), got \(1048576, 1048576\)"):
        call(x=x, **{name: np.broadcast_to(np.ones((), dtype), LARGE)})


@pytest.mark.parametrize("dtype", [np.float16, np.float32, ">f8"])
def test_a_broadcast_as_x(little_memory: None, dtype: Any) -> None:
    with pytest.raises(ShapeError, match=r"^x: expected \(T, B, D\), got \(1048576, 1048576\)"):
        call(x=np.broadcast_to(np.ones((), dtype), LARGE))


def test_a_window_that_slides_over_a_parameter_is_refused_for_its_shape(little_memory: None) -> None:
    windows = np.lib.stride_tricks.sliding_window_view(np.ones(40_000), 20_000)
    with pytest.raises(ShapeError, match=r"^W_f: expected"):
        call(x=np.ones((5, 2, 3)), W_f=windows)


@pytest.mark.parametrize("widen", [lambda a: a, lambda a: a.astype(np.float16), lambda a: a.astype(">f4")])
def test_the_numbers_of_a_broadcast_are_read(widen: Callable[[Any], Any]) -> None:
    given = np.broadcast_to(widen(np.array([[1.0], [np.nan], [2.0]], np.float32)), (2, 3, 4))
    assert np.array_equal(read("x", given), given.astype(np.float32), equal_nan=True)
    with pytest.raises(NotFiniteError, match=r"got nan at \(0, 1, 0\)"):
        finite("x", read("x", given))
    finite("x", np.broadcast_to(np.ones(()), (0, 3)))


def test_a_product_that_overflows_is_said() -> None:
    x = np.full((2, 2, 3), 3e38, np.float32)
    with np.errstate(over="raise"), pytest.raises(FloatingPointError, match="overflow"):
        call(x=x, W_f=np.full((4, 3), 3, np.float32))
