"""A long sequence costs what its steps cost: linear work and memory, no recursion. Counted, not timed."""

import sys
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, strategies

from lstmref import Cell
from tests.arrays.given import fixed
from tests.fast.effort import Effort, effort
from tests.lstmref import checker
from tests.lstmref.checker import SEEDS, Example, Sizes

LONG = 100_000
# What four times the steps may cost: four times as much and a bit. With a quadratic part it would be sixteen times.
FOURFOLD = 4.4
OUTER_FRAMES = 60  # of NumPy's and lstmref's own calls, on top of the test's


def both_passes(cell: Cell, given: Example) -> Effort:
    """What forward and backward cost together."""

    def call() -> object:
        outputs, cache = checker.run(cell, given)
        return outputs, cache, cell.backward(given.cotangents, cache)

    return effort(call)


def check_linear(cell: Cell, T: int, B: int, D: int, H: int, seed: int) -> None:
    """AssertionError, with the counts, if four times the steps cost more than four times as much."""
    few = both_passes(cell, checker.example(cell, Sizes(T, B, D, H), seed))
    many = both_passes(cell, checker.example(cell, Sizes(4 * T, B, D, H), seed))
    assert many.depth <= few.depth + 2, (few, many)
    assert many.lines <= FOURFOLD * few.lines, (few, many)
    assert many.allocated <= FOURFOLD * few.allocated, (few, many)
    assert many.peak <= FOURFOLD * few.peak, (few, many)


@fixed(2)
@given(
    T=strategies.integers(120, 160),
    B=strategies.integers(1, 2),
    D=strategies.integers(1, 3),
    H=strategies.integers(1, 4),
    seed=SEEDS,
)
def test_four_times_the_steps_cost_four_times_as_much(
    cell: Cell, T: int, B: int, D: int, H: int, seed: int
) -> None:
    check_linear(cell, T, B, D, H, seed)


@pytest.fixture
def few_frames() -> Iterator[None]:
    """A stack that holds no more than a few calls."""
    depth, frame = 0, sys._getframe()
    while frame.f_back is not None:
        depth, frame = depth + 1, frame.f_back
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + OUTER_FRAMES)
    yield
    sys.setrecursionlimit(before)


def test_a_hundred_thousand_steps(cell: Cell, few_frames: None) -> None:
    """The first steps, and the gradients of a loss on them, are those of a sequence that has no others."""
    head = 50
    given = checker.example(cell, Sizes(LONG, 1, 2, 2), seed=3)
    loss_on_head = np.zeros_like(given.cotangents["h"])
    loss_on_head[:head] = given.cotangents["h"][:head]
    outputs, cache = checker.run(cell, given)
    found = cell.backward({"h": loss_on_head}, cache)
    short = given.replace(x=given.x[:head], cotangents={"h": loss_on_head[:head]})
    short_outputs, _ = checker.run(cell, short)
    expected = checker.gradients(cell, short)

    assert outputs.h.shape == given.cotangents["h"].shape
    assert np.isfinite(outputs.h).all()
    np.testing.assert_allclose(outputs.h[:head], short_outputs.h, rtol=1e-12)
    assert not found["x"][head:].any()
    found["x"] = found["x"][:head]
    assert all(error < 1e-12 for _, error in checker.differences(found, expected))
