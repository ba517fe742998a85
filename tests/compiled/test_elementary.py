"""The compiled sigmoid and tanh, beside the same functions of fifty digits."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, strategies

from tests.arrays.given import fixed

elementary = pytest.importorskip("lstmref.fast.compiled.elementary")

DTYPES = (np.float32, np.float64)
MOST = 2.0  # eps, of the exact value; over millions of numbers 1.63 was found
# Where the values change, and far beyond.
NUMBERS = strategies.one_of(
    strategies.floats(-3, 3), strategies.floats(-50, 50), strategies.floats(-1e4, 1e4)
)


def error(found: Any, exact: Any) -> float:
    """The relative error in eps."""
    if not exact:
        return 0.0 if found == 0 else float("inf")
    return float(abs(mpmath.mpf(float(found)) - exact) / abs(exact) / float(np.finfo(type(found)).eps))


def exact_tanh(x: float) -> Any:
    with mpmath.workdps(50):
        return mpmath.tanh(mpmath.mpf(x))


def exact_sigmoid_of_twice(x: float) -> Any:
    with mpmath.workdps(50):
        return 1 / (1 + mpmath.exp(-2 * mpmath.mpf(x)))


@pytest.mark.parametrize("dtype", DTYPES)
@fixed(400)
@given(number=NUMBERS)
def test_tanh(dtype: Any, number: float) -> None:
    x = dtype(number)
    assert error(dtype(elementary.tanh(x)), exact_tanh(float(x))) <= MOST


@pytest.mark.parametrize("dtype", DTYPES)
@fixed(400)
@given(number=NUMBERS)
def test_the_sigmoid(dtype: Any, number: float) -> None:
    """To its own digits where it is above 1e-30; below, it is held, and a gate so near 0 is 0 to rounding."""
    x = dtype(number)
    found, exact = dtype(elementary.sigmoid_of_twice(x)), exact_sigmoid_of_twice(float(x))
    if exact > 1e-30:
        assert error(found, exact) <= MOST
    else:
        assert 0 <= found < 2e-30


@pytest.mark.parametrize("dtype", DTYPES)
def test_tiny_numbers_keep_their_digits(dtype: Any) -> None:
    """tanh(x) is x where x**3 is below rounding, down to the denormal numbers."""
    information = np.finfo(dtype)
    for x in (information.tiny, information.eps**2, information.tiny / 8, information.smallest_subnormal):
        assert dtype(elementary.tanh(dtype(x))) == dtype(x)
        assert dtype(elementary.tanh(dtype(-x))) == -dtype(x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_results_have_the_dtype_of_the_argument(dtype: Any) -> None:
    """Compiled code would widen in silence, where a constant is a float64."""
    array = elementary.kernel(_both)(np.zeros(1, dtype))
    assert array.dtype == dtype


def _both(x: Any) -> Any:
    return np.array([elementary.tanh(x[0]), elementary.sigmoid_of_twice(x[0])])


def test_an_error_in_the_last_digits_is_caught() -> None:
    right = np.float32(elementary.tanh(np.float32(0.5)))
    assert error(right, exact_tanh(0.5)) <= MOST
    assert error(right * np.float32(1 + 5e-7), exact_tanh(0.5)) > MOST
