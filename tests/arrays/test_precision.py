"""What a dtype promises: longdouble more digits than float64, and float16 those of float32."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies

import lstmref
from lstmref import Cell
from tests.arrays import precise
from tests.arrays.audit import audit
from tests.arrays.given import ANY_SIZES, changed, fixed, plain
from tests.arrays.sensitivity import sensitivity
from tests.lstmref import checker
from tests.lstmref.checker import SEEDS, Example, Sizes

EPS = {kind: float(np.finfo(kind).eps) for kind in (np.float32, np.float64, np.longdouble)}
UNITS = 200.0  # of the last place: some 50 were seen in thousands of draws; an error of float64 is 2000 of longdouble's
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


class Judge:
    """Measures what a dtype makes of an example, in units of the last place of `kind`, against fifty digits."""

    def __init__(self, cell: Cell, given: Example, kind: type[Any], *, step: bool) -> None:
        self.cell, self.step, self.eps = cell, step, EPS[kind]
        self.expected = precise.results(name_of(cell), given, step=step)
        # Sixteen times the unit, as the computation itself makes an error of a few.
        moved = sensitivity(cell, plain(given, np.dtype(kind)), 16 * self.eps, step=step)
        self.room = {name: value / 16 for name, value in moved.items()}

    def error(self, given: Example, kind: type[Any]) -> float:
        """Of the cell's results when all is given in `kind`."""
        found = audit(self.cell, plain(given, np.dtype(kind)), np.dtype(kind), step=self.step)
        return precise.error(found, self.expected, self.room, self.eps)


@wider
@fixed(6)
@given(sizes=FEW, seed=SEEDS)
def test_longdouble_is_right_to_its_own_digits(cell: Cell, step: bool, sizes: Sizes, seed: int) -> None:
    """An error of a few units in longdouble's last place, far below any that float64 makes."""
    given = more_digits(checker.example(cell, sizes, seed, step=step))
    judge = Judge(cell, given, np.longdouble, step=step)
    long = judge.error(given, np.longdouble)
    assert long < UNITS
    assert long < judge.error(given, np.float64) / 50


@wider
def test_a_result_through_float64_is_not_right_to_longdouble_digits(cell: Cell, step: bool) -> None:
    """The bound above refuses what float64 computes, and weights alone rounded to float64."""
    given = more_digits(checker.example(cell, Sizes(3, 2, 2, 2), seed=2, step=step))
    judge = Judge(cell, given, np.longdouble, step=step)
    assert judge.error(given, np.float64) > UNITS
    rounded = {name: value.astype(np.float64).astype(np.longdouble) for name, value in given.params.items()}
    assert judge.error(given.replace(params=rounded), np.longdouble) > UNITS


@fixed(4)
@given(sizes=FEW, seed=SEEDS)
def test_float64_is_right_to_its_own_digits(cell: Cell, step: bool, sizes: Sizes, seed: int) -> None:
    given = checker.example(cell, sizes, seed, step=step)
    assert Judge(cell, given, np.float64, step=step).error(given, np.float64) < UNITS


@fixed(25)
@given(sizes=ANY_SIZES, seed=SEEDS)
def test_float16_is_computed_in_float32(cell: Cell, step: bool, sizes: Sizes, seed: int) -> None:
    check_float16(cell, checker.example(cell, sizes, seed, step=step, dtype=np.float16), step=step)


def check_float16(cell: Cell, given: Example, *, step: bool) -> None:
    """The results are those of the same numbers in float64, to the digits of float32 and not of float16."""
    found = audit(cell, given, np.dtype(np.float32), step=step)
    expected = audit(cell, plain(given, np.dtype(np.float64)), np.dtype(np.float64), step=step)
    room = sensitivity(cell, plain(given, np.dtype(np.float64)), EPS[np.float32], step=step)
    for name, value in expected.items():
        most = 64 * (room[name] + EPS[np.float32] * np.abs(value).max(initial=0))
        assert np.abs(found[name] - value).max(initial=0) <= most, name
