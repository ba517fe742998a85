"""The compiled sigmoid and tanh, beside the same functions of fifty digits."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, strategies

from tests.lstmref.given import fixed

elementary = pytest.importorskip("lstmref.compiled.elementary")

DTYPES = (np.float32, np.float64)
ULPS = 2.0  # units in the last place
# Where the values change, and far beyond.
NUMBERS = strategies.one_of(
    strategies.floats(-3, 3), strategies.floats(-50, 50), strategies.floats(-1e4, 1e4)
)


def ulps(found: Any, exact: Any) -> float:
    """The error in units in the last place of the exact value."""
    return float(
        abs(mpmath.mpf(float(found)) - exact) / mpmath.mpf(float(np.spacing(type(found)(float(exact)))))
    )


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
    assert ulps(dtype(elementary.tanh(x)), exact_tanh(float(x))) <= ULPS


@pytest.mark.parametrize("dtype", DTYPES)
@fixed(400)
@given(number=NUMBERS)
def test_the_sigmoid(dtype: Any, number: float) -> None:
    """To its own digits where it is above 1e-30; below, it is held, and a gate so near 0 is 0 to rounding."""
    x = dtype(number)
    found, exact = dtype(elementary.sigmoid_of_twice(x)), exact_sigmoid_of_twice(float(x))
    if exact > 1e-30:
        assert ulps(found, exact) <= ULPS
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
    assert ulps(right, exact_tanh(0.5)) <= ULPS
    assert ulps(right * np.float32(1 + 5e-7), exact_tanh(0.5)) > ULPS
