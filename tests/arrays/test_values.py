"""Values at the ends of the range: up to 1e4 in size and down to the smallest denormals, in any argument.

Warnings are errors in these tests, so that none is given either.
"""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies
from hypothesis.strategies import DataObject

from lstmref import Cell
from lstmref.check import Array
from tests.arrays.audit import audit
from tests.arrays.given import DTYPES, READ_AS, SOME_SIZES, changed, fixed, plain
from tests.arrays.sensitivity import sensitivity
from tests.lstmref import checker
from tests.lstmref.checker import SEEDS, Example, Sizes

HUGE = 1e4
# Each dtype that has denormals of its own, with one in which they are ordinary numbers.
ORDINARY: list[tuple[np.dtype[Any], np.dtype[Any]]] = [(np.dtype(np.float32), np.dtype(np.float64))]
if np.finfo(np.longdouble).tiny < np.finfo(np.float64).smallest_subnormal:
    ORDINARY.append((np.dtype(np.float64), np.dtype(np.longdouble)))


def scaled(given: Example, sizes: dict[str, float], rng: np.random.Generator) -> Example:
    """Every argument in its own size, with entries of exactly plus or minus that, and zeros, among them."""

    def scale(name: str, value: Array) -> Array:
        size = sizes[name]
        found = np.clip(value * size, -size, size)
        kind = rng.random(value.shape)
        found[kind < 0.4] = size
        found[kind < 0.2] = -size
        found[kind > 0.9] = 0
        return found

    return changed(given, scale)


@fixed(30)
@given(data=strategies.data(), sizes=SOME_SIZES, seed=SEEDS, dtype=DTYPES)
def test_values_up_to_ten_thousand(
    cell: Cell, step: bool, data: DataObject, sizes: Sizes, seed: int, dtype: np.dtype[Any]
) -> None:
    """No warning, finite, and within the bounds that the equations set."""
    drawn = checker.example(cell, sizes, seed, step=step)
    each = strategies.sampled_from([1.0, 100.0, HUGE])
    huge = scaled(
        drawn, {name: data.draw(each, label=name) for name in named(drawn)}, np.random.default_rng(seed)
    )
    given = changed(huge, lambda _, value: value.astype(dtype))
    if dtype.kind == "c":  # the imaginary parts of a complex step: elsewhere sigmoid and tanh have poles
        given = changed(given, lambda _, value: value + 1e-30j)
    check_huge(cell, given, READ_AS[dtype], step=step)


def check_huge(cell: Cell, given: Example, dtype: np.dtype[Any], *, step: bool) -> None:
    """No warning, all results finite, and h within its bounds."""
    found = audit(cell, given, dtype, step=step)
    for name, value in found.items():
        assert np.isfinite(value).all(), name
    if set(cell.LAYOUT.letters) != {"D", "H"}:  # a projection makes h as large as its weights
        return
    # h is an average of -1, 1 and h before it, or a gate's share of c, which grows by 1 a step at most.
    bound = max(1.0, *(float(np.abs(state).max()) for state in given.states.values()))
    bound += 1 if step else len(given.x)
    assert np.abs(found["h"]).max() <= bound * (1 + 1e-6)


@pytest.mark.parametrize(("dtype", "wider"), ORDINARY, ids=[dtype.name for dtype, _ in ORDINARY])
@fixed(30)
@given(data=strategies.data(), sizes=SOME_SIZES, seed=SEEDS)
def test_denormals(
    cell: Cell,
    step: bool,
    dtype: np.dtype[Any],
    wider: np.dtype[Any],
    data: DataObject,
    sizes: Sizes,
    seed: int,
) -> None:
    """In inputs, weights, states and cotangents; the results are those of a dtype in which they are ordinary.

    Nothing is flushed to zero: beside the usual rounding, each result may lose a few of the smallest denormals.
    """
    info = np.finfo(dtype)
    drawn = checker.example(cell, sizes, seed, step=step, dtype=dtype.type)
    each = strategies.sampled_from(
        [1.0, float(info.tiny), float(info.tiny) / 64, 3 * float(info.smallest_subnormal)]
    )
    magnitudes = {name: data.draw(each, label=name) for name in named(drawn)}
    given = scaled(drawn, magnitudes, np.random.default_rng(seed))
    check_small(cell, given, dtype, wider, step=step)


def check_small(
    cell: Cell, given: Example, dtype: np.dtype[Any], wider: np.dtype[Any], *, step: bool
) -> None:
    """The results are those in `wider`, but for the usual rounding and a few of the smallest denormals."""
    info = np.finfo(dtype)
    found = audit(cell, given, dtype, step=step)
    expected = audit(cell, plain(given, wider), wider, step=step)
    room = sensitivity(cell, plain(given, wider), info.eps, step=step)
    for name, value in expected.items():
        usual = 64 * room[name] + 64 * info.eps * np.abs(value).max()
        assert np.abs(found[name] - value).max() <= usual + 64 * wider.type(info.smallest_subnormal), name


@fixed(20)
@given(data=strategies.data(), sizes=SOME_SIZES, seed=SEEDS, dtype=DTYPES)
def test_the_smallest_numbers_of_every_dtype(
    cell: Cell, step: bool, data: DataObject, sizes: Sizes, seed: int, dtype: np.dtype[Any]
) -> None:
    """Nothing but the smallest denormals and zeros: no warning, finite, and no larger than tanh and sigmoid say."""
    smallest = np.finfo(dtype).smallest_subnormal
    drawn = checker.example(cell, sizes, seed, step=step)
    given = changed(drawn, lambda _, value: np.rint(value).astype(dtype) * smallest)
    found = audit(cell, given, READ_AS[dtype], step=step)
    for name, value in found.items():
        assert np.abs(value).max() <= 64 * smallest, name


def named(given: Example) -> list[str]:
    """The names of all arguments, cotangents included; those of the passes do not clash."""
    return [*given.arrays(), *given.cotangents]
