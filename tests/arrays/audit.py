"""What every call of a cell must keep to, whatever it is given; the property tests put random calls through it.

Nothing the caller passed is modified, not a byte and not a flag. Every result is a plain, writable array of the
computation's dtype that shares no memory with an argument, with the cache or with another result. The cache is
private: whatever happens to arguments and results afterwards, `backward` gives the same again, bit by bit.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from itertools import combinations
from typing import Any

import numpy as np

from lstmref import Cell
from lstmref.check import Array
from tests.lstmref import checker
from tests.lstmref.checker import Example


def audit(cell: Cell, given: Example, dtype: np.dtype[Any], *, step: bool) -> dict[str, Array]:
    """Outputs and gradients of the cell on the example, by name; AssertionError where a promise is broken.

    The arguments may be anything that stands for an array; `dtype` is that which the results must have.
    """
    arguments = list(every(given))
    before = [snapshot(argument) for argument in arguments]
    outputs, cache = checker.run(cell, given, step=step)
    backward = checker.of(cell, step=step).backward
    results = {**outputs._asdict(), **backward(given.cotangents, cache)}
    after = [snapshot(argument) for argument in arguments]
    changed = [name for name, old, new in zip(names(given), before, after, strict=True) if old != new]
    assert not changed, f"modified: {', '.join(changed)}"

    kept = list(arrays(cache))
    passed = [np.asarray(argument) for argument in arguments]
    for name, result in results.items():
        assert type(result) is np.ndarray, f"{name}: {type(result)}"
        assert result.dtype == dtype, f"{name}: {result.dtype}"
        assert result.dtype.isnative, f"{name}: {result.dtype}"
        assert result.flags.writeable, f"{name} is read-only"
        assert not any(np.shares_memory(result, array) for array in passed), f"{name} is an argument's memory"
        assert not any(np.shares_memory(result, array) for array in kept), f"{name} is the cache's memory"
    for one, other in combinations(results, 2):
        assert not np.shares_memory(results[one], results[other]), f"{one} and {other} share memory"
    for array in kept:
        assert not any(np.shares_memory(array, argument) for argument in passed), (
            "the cache keeps an argument"
        )

    found = {name: result.copy() for name, result in results.items()}
    for result in results.values():
        result[...] = 7
    again = backward(given.cotangents, cache)
    spoilt = [name for name in again if not same(again[name], found[name])]
    assert not spoilt, f"a change of results reached the cache: {', '.join(spoilt)}"
    return found


def every(given: Example) -> Iterator[Any]:
    """Every argument of both passes, in the order of `names`."""
    yield from given.arrays().values()
    yield from given.cotangents.values()


def names(given: Example) -> Iterator[str]:
    """What stands in errors for every argument of both passes."""
    yield from given.arrays()
    yield from (f"cotangent {name}" for name in given.cotangents)


def snapshot(argument: Any) -> list[Any]:
    """Something that compares unequal after any change of the argument, of its memory's owner, or of their flags."""
    array = np.asarray(argument)
    seen = [
        (one.tobytes(), one.dtype, one.shape, one.strides, str(one.flags)) for one in (array, owner(array))
    ]
    return [type(argument), *seen]


def owner(array: Array) -> Array:
    """The array whose memory this is a view of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def arrays(kept: Any) -> Iterator[Array]:
    """Every array inside a cache, whatever it is built of."""
    if isinstance(kept, np.ndarray):
        yield kept
    elif isinstance(kept, Mapping):
        for value in kept.values():
            yield from arrays(value)
    elif isinstance(kept, tuple | list):
        for value in kept:
            yield from arrays(value)
    elif is_dataclass(kept):
        for field in fields(kept):
            yield from arrays(getattr(kept, field.name))


def same(one: Array, other: Array) -> bool:
    """Whether two arrays are the same bit by bit (of a longdouble, those that count)."""
    return (
        one.dtype == other.dtype
        and np.array_equal(one, other)
        and np.array_equal(np.signbit(one.real), np.signbit(other.real))
        and np.array_equal(np.signbit(one.imag), np.signbit(other.imag))
    )


def differing(found: Mapping[str, Array], expected: Mapping[str, Array]) -> list[str]:
    """The names under which the two do not have the same bits."""
    return [
        name
        for name in {**found, **expected}
        if name not in found or name not in expected or not same(found[name], expected[name])
    ]
