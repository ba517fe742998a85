"""The fits find the law that the numbers were made from, and say how far they are off."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.fit import polynomial, power

SIZES = [1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0]


@given(exponent=st.floats(-1, 3), factor=st.floats(1e-6, 10))
def test_an_exponent_is_found_again(exponent: float, factor: float) -> None:
    found = power(SIZES, [factor * size**exponent for size in SIZES])
    assert found.exponent == pytest.approx(exponent, abs=1e-9)
    assert found.factor == pytest.approx(factor, rel=1e-9)
    assert found.r2 == pytest.approx(1.0, abs=1e-6) or abs(exponent) < 1e-3


def test_r2_is_the_share_that_is_explained() -> None:
    rng = np.random.default_rng(0)
    times = [size * np.exp(rng.normal(0, 1)) for size in SIZES]
    found = power(SIZES, times)
    assert found.r2 == pytest.approx(np.corrcoef(np.log(SIZES), np.log(times))[0, 1] ** 2)
    assert 0.5 < found.r2 < 0.99


@given(a=st.floats(1e-5, 1), b=st.floats(1e-6, 1), c=st.floats(1e-7, 1))
def test_coefficients_are_found_again(a: float, b: float, c: float) -> None:
    found = polynomial(SIZES, [a + b * size + c * size**2 for size in SIZES], 2)
    assert found.deviation < 1e-6
    assert [k for k in found.coefficients if k < 0] == []
    for size in SIZES:
        value = sum(k * size**p for p, k in enumerate(found.coefficients))
        assert value == pytest.approx(a + b * size + c * size**2, rel=1e-6)


def test_a_cost_has_no_negative_part() -> None:
    times = [max(size - 0.5, 0.1) for size in SIZES]  # least squares alone would start below zero
    found = polynomial(SIZES, times, 1)
    free = np.linalg.lstsq(
        np.vander(SIZES, 2, increasing=True) / np.array(times)[:, None], np.ones(7), rcond=None
    )
    assert free[0][0] < 0
    assert found.coefficients[0] == 0
    assert found.coefficients[1] > 0


def test_the_deviation_is_the_largest_of_a_point() -> None:
    times = [2.0, 2.0, 2.0, 2.0, 3.0]
    found = polynomial(SIZES[:5], times, 1)
    a, b = found.coefficients
    off = [abs((a + b * size) / time - 1) for size, time in zip(SIZES[:5], times, strict=True)]
    assert found.deviation == pytest.approx(max(off))


def test_too_few_points_are_refused() -> None:
    with pytest.raises(ValueError, match="3 different sizes or more, got 2"):
        power([1, 2, 2], [1, 2, 2])
    with pytest.raises(ValueError, match="3 different sizes or more, got 2"):
        polynomial([1, 2], [1, 2], 2)
    with pytest.raises(ValueError, match="as many times as sizes, got 2 and 3"):
        power([1, 2, 3], [1, 2])
