"""The sigmoid at its extremes and its accuracy; the slopes against complex-step differentiation."""

import math
import warnings
from typing import Any

import mpmath
import numpy as np
import pytest

from lstmref.activations import held_at, sigmoid, sigmoid_slope, tanh_slope
from tests.arrays import precise

DTYPES = [np.float32, np.float64, np.longdouble, np.complex128]


@pytest.mark.parametrize("dtype", DTYPES)
def test_extremes_neither_overflow_nor_warn(dtype: type[Any]) -> None:
    a = np.array([-1e4, -800, -100, 0, 100, 800, 1e4], dtype)
    with warnings.catch_warnings(), np.errstate(over="raise", divide="raise", invalid="raise"):
        warnings.simplefilter("error")
        y = sigmoid(a)
    assert y.dtype == dtype
    assert np.isfinite(y).all()
    np.testing.assert_allclose(y, [0, 0, 0, 0.5, 1, 1, 1], rtol=0, atol=1e-37)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
def test_real_extremes_do_not_even_underflow(dtype: type[Any]) -> None:
    with np.errstate(all="raise"):
        y = sigmoid(np.array([-1e4, 1e4, np.finfo(dtype).min, np.finfo(dtype).max], dtype))
    np.testing.assert_allclose(y, [0, 1, 0, 1], rtol=0, atol=1e-37)


@pytest.mark.parametrize("dtype", DTYPES)
def test_small_values_keep_their_relative_accuracy(dtype: type[Any]) -> None:
    """Compared with 1 / (1 + e**-a) in fifty digits, down to where the exponent is held."""
    a = np.linspace(-held_at(np.dtype(dtype)), 30, 1001).astype(dtype)
    found = precise.exact(sigmoid(a).real)
    with mpmath.workdps(50):
        expected = [1 / (1 + mpmath.exp(-value)) for value in precise.exact(a.real)]
        worst = max(abs(one / other - 1) for one, other in zip(found, expected, strict=True))
    # exp in the dtype is good to an ulp; the quotient and the sum add one each.
    assert worst < 3 * float(np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", DTYPES)
def test_beyond_the_exponent_that_is_held_the_value_is_nearly_none(dtype: type[Any]) -> None:
    limit = held_at(np.dtype(dtype))
    a = np.array([-limit - 1, -2 * limit, -100 * limit], dtype)
    assert (sigmoid(a).real <= 4 * np.finfo(dtype).tiny).all()


def test_complex_derivative_is_exact_everywhere() -> None:
    a = np.linspace(-300, 30, 1001)
    y = [1 / (1 + math.exp(-value)) for value in a]
    expected = [value / (1 + math.exp(point)) for value, point in zip(y, a, strict=True)]
    np.testing.assert_allclose(sigmoid(a + 1e-30j).imag / 1e-30, expected, rtol=1e-14)


def test_slopes_are_the_derivatives() -> None:
    a = np.linspace(-5, 5, 101)
    z = a + 1e-30j
    np.testing.assert_allclose(sigmoid_slope(sigmoid(a)), sigmoid(z).imag / 1e-30, rtol=1e-12)
    np.testing.assert_allclose(tanh_slope(np.tanh(a)), np.tanh(z).imag / 1e-30, rtol=1e-11)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_result_can_be_written_over_the_argument(dtype: type[Any]) -> None:
    a = np.linspace(-3, 3, 12).astype(dtype).reshape(3, 4)
    expected = sigmoid(a)
    part = a[:, 1:3]  # not contiguous
    assert sigmoid(part, out=part) is part
    np.testing.assert_array_equal(a[:, 1:3], expected[:, 1:3])


def test_without_out_the_argument_stays() -> None:
    a = np.array([1.0, -2.0])
    a.flags.writeable = False
    sigmoid(a)
    np.testing.assert_array_equal(a, [1.0, -2.0])


def test_an_array_without_axes_works() -> None:
    assert sigmoid(np.array(0.0)) == 0.5
