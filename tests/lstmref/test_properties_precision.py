"""What a dtype promises: longdouble more digits than float64, and float16 those of float32."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies

import lstmref
from lstmref import Cell
from lstmref.check import Array
from tests.lstmref import checker, precise
from tests.lstmref.audit import audit
from tests.lstmref.checker import SEEDS, Example, Sizes
from tests.lstmref.given import ANY_SIZES, changed, fixed, plain

EPS = {kind: float(np.finfo(kind).eps) for kind in (np.float32, np.float64, np.longdouble)}
# Two sequences and two units or more: a single number may cancel nearly to zero, and then it has fewer digits.
FEW = strategies.builds(
    Sizes,
    T=strategies.integers(1, 3),
    B=strategies.just(2),
    D=strategies.integers(1, 2),
    H=strategies.just(2),
)
wider = pytest.mark.skipif(
    EPS[np.longdouble] >= EPS[np.float64],
    reason="longdouble has no more digits than float64 on this platform",
)


def name_of(cell: Cell) -> str:
    return next(name for name, found in lstmref.cells().items() if found is cell)


def more_digits(given: Example) -> Example:
    """The example in longdouble, with digits that no float64 has."""
    third = np.longdouble(EPS[np.float64]) / 3
    return changed(given, lambda _, value: value.astype(np.longdouble) * (1 + third))


def largest_error(
    cell: Cell, given: Example, expected: dict[str, Any], kind: type[Any], *, step: bool
) -> float:
    found: dict[str, Array] = audit(cell, plain(given, np.dtype(kind)), np.dtype(kind), step=step)
    return max(precise.errors(found, expected))


@wider
@fixed(6)
@given(sizes=FEW, seed=SEEDS)
def test_longdouble_is_right_to_its_own_digits(cell: Cell, step: bool, sizes: Sizes, seed: int) -> None:
    """Against fifty digits: an error of a few units in longdouble's last place, far below any that float64 makes."""
    given = more_digits(checker.example(cell, sizes, seed, step=step))
    expected = precise.results(name_of(cell), given, step=step)
    long = largest_error(cell, given, expected, np.longdouble, step=step)
    double = largest_error(cell, given, expected, np.float64, step=step)
    assert long < 64 * EPS[np.longdouble]
    assert long < double / 50


@wider
def test_a_result_through_float64_is_not_right_to_longdouble_digits(cell: Cell, step: bool) -> None:
    """The bound above refuses what float64 computes, and weights alone rounded to float64."""
    given = more_digits(checker.example(cell, Sizes(3, 2, 2, 2), seed=2, step=step))
    expected = precise.results(name_of(cell), given, step=step)
    assert largest_error(cell, given, expected, np.float64, step=step) > 64 * EPS[np.longdouble]
    rounded = {name: value.astype(np.float64).astype(np.longdouble) for name, value in given.params.items()}
    narrowed = given._replace(params=rounded)
    assert largest_error(cell, narrowed, expected, np.longdouble, step=step) > 64 * EPS[np.longdouble]


@fixed(4)
@given(sizes=FEW, seed=SEEDS)
def test_float64_is_right_to_its_own_digits(cell: Cell, step: bool, sizes: Sizes, seed: int) -> None:
    given = checker.example(cell, sizes, seed, step=step)
    expected = precise.results(name_of(cell), given, step=step)
    assert largest_error(cell, given, expected, np.float64, step=step) < 64 * EPS[np.float64]


@fixed(25)
@given(sizes=ANY_SIZES, seed=SEEDS)
def test_float16_is_computed_in_float32(cell: Cell, step: bool, sizes: Sizes, seed: int) -> None:
    check_float16(cell, checker.example(cell, sizes, seed, step=step, dtype=np.float16), step=step)


def check_float16(cell: Cell, given: Example, *, step: bool) -> None:
    """The results are those of the same numbers in float64, to the digits of float32 and not of float16."""
    found = audit(cell, given, np.dtype(np.float32), step=step)
    expected = audit(cell, plain(given, np.dtype(np.float64)), np.dtype(np.float64), step=step)
    for name, value in expected.items():
        scale = np.abs(value).max(initial=0)
        np.testing.assert_allclose(
            found[name], value, rtol=0, atol=64 * EPS[np.float32] * scale, err_msg=name
        )
