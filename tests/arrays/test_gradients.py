"""Every gradient of every cell, against complex-step differentiation of its forward pass."""

import cmath
import math

import numpy as np
import pytest
from hypothesis import given, settings

from lstmref import Cell
from tests.lstmref import checker
from tests.lstmref.checker import SEEDS, SIZES, Example, Sizes, check_gradients


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(sizes=SIZES, seed=SEEDS)
def test_gradients_equal_the_complex_step(cell: Cell, step: bool, sizes: Sizes, seed: int) -> None:
    check_gradients(cell, sizes, seed, step=step)


def test_imaginary_part_is_exact(cell: Cell, step: bool) -> None:
    """The step size does not matter, as it would if `forward` were not analytic or lost digits."""
    example = checker.example(cell, Sizes(3, 2, 2, 3), seed=5, step=step)
    slopes = []
    for size in (1e-30, 1e-100, 1e-200):
        at = Example(
            {name: value.astype(np.complex128) for name, value in example.params.items()},
            {name: value.astype(np.complex128) for name, value in example.given.items()},
            example.cotangents,
        )
        at.x[..., 0] += 1j * size
        slopes.append(checker.loss(cell, at, step=step).imag / size)
    expected = checker.gradients(cell, example, step=step)[next(iter(example.given))][..., 0].sum()
    assert slopes == pytest.approx([expected] * 3, rel=1e-13)


def test_complex_gradients_are_holomorphic_derivatives(cell: Cell, step: bool) -> None:
    """Nothing is conjugated. The witness is Cauchy's integral for the derivative, over a small circle."""
    example = checker.example(cell, Sizes(3, 2, 2, 3), seed=6, step=step, dtype=np.complex128)
    found = checker.gradients(cell, example, step=step)
    rng = np.random.default_rng(7)
    points, radius = 16, 0.02
    for name, value in example.arrays().items():
        direction = rng.normal(size=value.shape)
        at = value.copy()
        integral = 0j
        for k in range(points):
            phase = cmath.exp(2j * math.pi * k / points)
            value[...] = at + radius * phase * direction
            integral += checker.loss(cell, example, step=step) / (radius * phase * points)
        value[...] = at
        assert integral == pytest.approx((found[name] * direction).sum(), rel=1e-10), name
