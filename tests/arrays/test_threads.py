"""Calls do not interfere: neither in threads at once nor one after the other. The same call gives the same bits."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from hypothesis import given, strategies

from lstmref import Cell
from lstmref.check import Array
from tests.arrays.audit import differing
from tests.arrays.given import READ_AS, SOME_SIZES, fixed
from tests.arrays.interleave import at_once
from tests.lstmref import checker
from tests.lstmref.checker import SEEDS, Example, Sizes

REAL = strategies.sampled_from([dtype for dtype in READ_AS if dtype.kind == "f"])
Results = dict[str, Array]


def both_passes(cell: Cell, given: Example, step: bool) -> Results:
    outputs, cache = checker.run(cell, given, step=step)
    return {**outputs._asdict(), **checker.of(cell, step=step).backward(given.cotangents, cache)}


def interfering(cell: Cell, examples: list[Example], *, step: bool, times: int = 20) -> set[str]:
    """What threads compute otherwise than a thread alone does: each thread an example, several times over."""

    def several(given: Example) -> list[Results]:
        return [both_passes(cell, given, step) for _ in range(times)]

    calls: list[Callable[[], list[Results]]] = [partial(several, given) for given in examples]
    alone = [call() for call in calls]
    return {
        name
        for found, expected in zip(at_once(calls), alone, strict=True)
        for one, other in zip(found, expected, strict=True)
        for name in differing(one, other)
    }


@fixed(5)
@given(
    cases=strategies.lists(strategies.tuples(SOME_SIZES, SEEDS, REAL), min_size=4, max_size=4),
)
def test_threads_with_calls_of_their_own(
    cell: Cell, step: bool, cases: list[tuple[Sizes, int, np.dtype[Any]]]
) -> None:
    """Of different sizes and dtypes, so that a buffer kept for one would be wrong for another."""
    examples = [
        checker.example(cell, sizes, seed, step=step, dtype=dtype.type) for sizes, seed, dtype in cases
    ]
    assert not interfering(cell, examples, step=step)


@fixed(5)
@given(sizes=SOME_SIZES, seeds=strategies.lists(SEEDS, min_size=4, max_size=4, unique=True))
def test_threads_with_calls_of_one_size(cell: Cell, step: bool, sizes: Sizes, seeds: list[int]) -> None:
    """Of the same sizes and dtype, so that they would share a buffer kept for them."""
    assert not interfering(cell, [checker.example(cell, sizes, seed, step=step) for seed in seeds], step=step)


@fixed(5)
@given(sizes=SOME_SIZES, seed=SEEDS)
def test_threads_with_one_cache(cell: Cell, step: bool, sizes: Sizes, seed: int) -> None:
    """`backward` only reads the cache: four threads may use one, each with other cotangents."""
    given = checker.example(cell, sizes, seed, step=step)
    _, cache = checker.run(cell, given, step=step)
    backward = checker.of(cell, step=step).backward
    calls = [
        partial(backward, {name: k * value for name, value in given.cotangents.items()}, cache)
        for k in range(4)
    ]
    alone = [call() for call in calls]
    for found, expected in zip(at_once(calls), alone, strict=True):
        assert not differing(found, expected)


@fixed(10)
@given(sizes=SOME_SIZES, seed=SEEDS, other=SOME_SIZES, dtype=REAL)
def test_a_call_repeated_gives_the_same_bits(
    cell: Cell, step: bool, sizes: Sizes, seed: int, other: Sizes, dtype: np.dtype[Any]
) -> None:
    """Also after another call, and wherever the arguments lie in memory."""
    given = checker.example(cell, sizes, seed, step=step, dtype=dtype.type)
    first = both_passes(cell, given, step)
    for between in range(3):
        both_passes(cell, checker.example(cell, other, seed + between, step=step), step)
        again = checker.example(cell, sizes, seed, step=step, dtype=dtype.type)
        assert not differing(both_passes(cell, again, step), first)
