"""Any argument of any cell, spoilt in any way: refused by its name, with what was expected and what was given.

The whole text of each error is predicted here, and compared.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given, strategies

from lstmref import ArgumentError, Cell, KindError, NameSetError, NotFiniteError, ShapeError
from lstmref.check import Array
from tests.arrays import audit
from tests.arrays.given import DTYPES, LAYOUTS, READ_AS, SOME_SIZES, fixed
from tests.lstmref import checker
from tests.lstmref.checker import SEEDS, Example, Sizes

ANY_DTYPE = "float16, float32, float64, longdouble or complex128"
NOT_READ = [
    dtype
    for dtype in map(
        np.dtype, ["?", "b", "B", "h", "H", "i", "I", "q", "Q", "F", "G", "M8[s]", "m8[D]", "S2", "U3", "O"]
    )
    if dtype not in READ_AS
] + [np.dtype([("value", np.float64)])]
SHAPES = strategies.lists(strategies.integers(0, 4), max_size=4).map(tuple)


class Place(NamedTuple):
    """What is known of the argument to be spoilt."""

    label: str  # what the error calls it
    right: Array  # what it should have been
    dtype: str  # the dtype it should have, as the error says it
    shape: str  # the shape it should have, as the error says it


class Spoilt(NamedTuple):
    """What to give in its place, and how that is refused."""

    value: Any
    error: type[ArgumentError]
    text: str  # after the label; where it ends in "…", what follows is another's


class Unreadable:
    """An object that says that it is an array, and raises when it is read."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise self.error


def misshapen(draw: Any, place: Place) -> Spoilt:
    shape = draw(SHAPES)
    assume(shape != place.right.shape)
    # Where an axis is still a letter, any size of it is the right one: others are compared with it.
    axes = place.shape.strip("(,)").split(", ")
    fits = len(shape) == len(axes) and all(
        not axis.isdigit() or int(axis) == size for axis, size in zip(axes, shape, strict=True)
    )
    assume(not fits)
    value = np.ones(shape, place.right.dtype)
    return Spoilt(value, ShapeError, f"expected {place.shape}, got {shape}")


def of_a_dtype_not_read(draw: Any, place: Place) -> Spoilt:
    dtype = draw(strategies.sampled_from(NOT_READ))
    if draw(strategies.booleans()):
        dtype = dtype.newbyteorder()
    return Spoilt(np.zeros(place.right.shape, dtype), KindError, f"expected {place.dtype}, got {dtype}")


def of_another_dtype(draw: Any, place: Place) -> Spoilt:
    assume(place.label != "x")
    dtype = draw(DTYPES)
    assume(READ_AS[dtype] != READ_AS[place.right.dtype])
    return Spoilt(np.zeros(place.right.shape, dtype), KindError, f"expected {place.dtype}, got {dtype}")


def index_in(draw: Any, array: Array) -> tuple[int, ...]:
    return tuple(draw(strategies.integers(0, size - 1)) for size in array.shape)


def not_finite(draw: Any, place: Place) -> Spoilt:
    """One number, or two of which the first in reading order is named, in any layout."""
    value = place.right.copy()
    where = [index_in(draw, value) for _ in range(draw(strategies.integers(1, 2)))]
    for index in where:
        value[index] = draw(strategies.sampled_from([np.nan, np.inf, -np.inf]))
    layout = draw(strategies.sampled_from([name for name in LAYOUTS if name != "zero stride"]))
    text = f"expected finite numbers, got {value[min(where)]} at {min(where)}"
    return Spoilt(LAYOUTS[layout](value), NotFiniteError, text)


def masked(draw: Any, place: Place) -> Spoilt:
    array = np.ma.masked_array(place.right, draw(strategies.booleans()))
    given = draw(
        strategies.sampled_from([array, list(array), tuple(array)] if place.right.ndim > 1 else [array])
    )
    kind = "numpy.ma.MaskedArray" if given is array else type(given).__name__
    return Spoilt(given, KindError, f"expected an array without a mask, got {kind}")


def unreadable(draw: Any, place: Place) -> Spoilt:
    kind = draw(
        strategies.sampled_from([ValueError, TypeError, RuntimeError, KeyError, OSError, ZeroDivisionError])
    )
    text = draw(strategies.text(max_size=5))
    error = kind(text)
    return Spoilt(Unreadable(error), KindError, f"expected an array, got {__name__}.Unreadable: {error}")


def no_array(draw: Any, place: Place) -> Spoilt:
    value = draw(strategies.sampled_from([None, "text", {1.0: 2.0}, {1.0}, object(), ..., len, 10**400]))
    return Spoilt(value, KindError, f"expected {place.dtype}, got {type(value).__name__}")


def list_of_no_numbers(draw: Any, place: Place) -> Spoilt:
    inner, dtype = draw(
        strategies.sampled_from([(None, "object"), ("1", "<U1"), ({}, "object"), (10**400, "object")])
    )
    given = np.full(place.right.shape, inner, object).tolist()
    return Spoilt(given, KindError, f"expected {place.dtype}, got list of {dtype}")


def ragged(draw: Any, place: Place) -> Spoilt:
    return Spoilt([[1.0], [1.0, 2.0]], KindError, "expected an array, got list: …")


def too_large(draw: Any, place: Place) -> Spoilt:
    """Numbers in a list are read in the dtype of the computation, and those of a list go beyond float32's."""
    assume(place.label != "x" and READ_AS[place.right.dtype] == np.float32)
    value = np.zeros(place.right.shape)
    index = index_in(draw, value)
    value[index] = draw(strategies.sampled_from([1e39, -1e300]))
    text = f"expected finite numbers, got {value[index]} at {index}, too large for float32"
    return Spoilt(value.tolist(), NotFiniteError, text)


WAYS: list[Callable[[Any, Place], Spoilt]] = [
    misshapen,
    of_a_dtype_not_read,
    of_another_dtype,
    not_finite,
    masked,
    unreadable,
    no_array,
    list_of_no_numbers,
    ragged,
    too_large,
]


def places(cell: Cell, given: Example, dtype: np.dtype[Any], *, step: bool) -> dict[str, Place]:
    """Every argument of both passes by the key under which `exchanged` finds it."""
    found: dict[str, Place] = {}
    seen: dict[str, int] = {}
    for name, axes in checker.of(cell, step=step).arguments.items():
        value = given.given[name]
        shape = "(" + ", ".join(str(seen.get(letter, letter)) for letter in axes) + ")"
        found[name] = Place(name, value, f"{dtype} (as x)" if found else ANY_DTYPE, shape)
        seen |= zip(axes, value.shape, strict=True)
    for name, value in given.params.items():
        found[name] = Place(name, value, f"{dtype} (as x)", str(value.shape))
    for name, value in given.cotangents.items():
        label = f"cotangent {name}"
        found[label] = Place(label, value, f"{dtype} (as the outputs)", str(value.shape))
    return found


def exchanged(given: Example, label: str, value: Any) -> Example:
    """The example with one argument exchanged."""
    if label.startswith("cotangent "):
        return given.replace(cotangents=given.cotangents | {label.removeprefix("cotangent "): value})
    if label in given.given:
        return given.replace(given=given.given | {label: value})
    return given.replace(params=given.params | {label: value})


def refusal(cell: Cell, given: Example, *, step: bool) -> ArgumentError:
    """The error of the call. None of its arguments is modified."""
    readable = [value for value in audit.every(given) if isinstance(value, np.ndarray)]
    before = [audit.snapshot(value) for value in readable]

    def both_passes() -> None:
        _, cache = checker.run(cell, given, step=step)
        checker.of(cell, step=step).backward(given.cotangents, cache)

    with pytest.raises(ArgumentError) as caught:
        both_passes()
    assert before == [audit.snapshot(value) for value in readable]
    return caught.value


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@fixed(15)
@given(data=strategies.data(), sizes=SOME_SIZES, seed=SEEDS, dtype=DTYPES)
def test_a_spoilt_argument(
    cell: Cell,
    step: bool,
    way: Callable[[Any, Place], Spoilt],
    data: strategies.DataObject,
    sizes: Sizes,
    seed: int,
    dtype: np.dtype[Any],
) -> None:
    given = checker.example(cell, sizes, seed, step=step, dtype=dtype.type)
    place = data.draw(strategies.sampled_from(list(places(cell, given, READ_AS[dtype], step=step).values())))
    spoilt = way(data.draw, place)
    error = refusal(cell, exchanged(given, place.label, spoilt.value), step=step)
    assert type(error) is spoilt.error
    start, _, _ = f"{place.label}: {spoilt.text}".partition("…")
    assert str(error).startswith(start)
    assert str(error) == start or spoilt.text.endswith("…")


@fixed(20)
@given(data=strategies.data(), sizes=SOME_SIZES, seed=SEEDS)
def test_an_argument_that_others_do_not_fit(
    cell: Cell, step: bool, data: strategies.DataObject, sizes: Sizes, seed: int
) -> None:
    """The first argument says of what dtype all is, and the first that has an axis how large that is: what differs
    from them is named, not they.
    """
    given = checker.example(cell, sizes, seed, step=step)
    axes, known = checker.of(cell, step=step).arguments, sizes.of(cell)
    first, second, *_ = axes
    what = data.draw(strategies.sampled_from(["B", "dtype", *cell.LAYOUT.letters]))
    if what == "dtype":
        changed = given.replace(x=given.x.astype(np.float32))
        expected = f"{second}: expected float32 (as {first}), got float64"
    else:
        other = data.draw(strategies.integers(0, 5).filter(lambda size: size != known[what]))
        owner, *others = [name for name, letters in axes.items() if what in letters]
        new = known | {what: other}
        changed = given.replace(
            given=given.given | {owner: np.ones(tuple(new[letter] for letter in axes[owner]))}
        )
        if others:
            before = list(axes)[: list(axes).index(others[0])]
            seen = {letter for name in before for letter in axes[name]}
            said = ", ".join(str(new[letter]) if letter in seen else letter for letter in axes[others[0]])
            expected = f"{others[0]}: expected ({said}), got {given.given[others[0]].shape}"
        else:
            right = cell.parameter_shapes(**{letter: new[letter] for letter in cell.LAYOUT.letters})
            name = next(name for name, shape in right.items() if given.params[name].shape != shape)
            expected = f"{name}: expected {right[name]}, got {given.params[name].shape}"
    assert str(refusal(cell, changed, step=step)) == expected


@fixed(15)
@given(data=strategies.data(), sizes=SOME_SIZES, seed=SEEDS)
def test_names(cell: Cell, step: bool, data: strategies.DataObject, sizes: Sizes, seed: int) -> None:
    """Every name that is missing or unknown is listed, in order, and what was expected."""
    given = checker.example(cell, sizes, seed, step=step)
    every = list(given.params)
    missing = [name for name in every if data.draw(strategies.booleans())]
    strange = strategies.text("WUbxyz_", min_size=1, max_size=4).filter(lambda name: name not in every)
    unknown = data.draw(strategies.lists(strange, max_size=3, unique=True))
    assume(missing or unknown)
    params = {name: value for name, value in given.params.items() if name not in missing}
    error = refusal(cell, given.replace(params=params | dict.fromkeys(unknown, given.x)), step=step)
    faults = [
        f"{kind} {', '.join(names)}" for kind, names in (("missing", missing), ("unknown", unknown)) if names
    ]
    assert type(error) is NameSetError
    assert str(error) == f"params: {', '.join(faults)}; expected {', '.join(every)}"

    assume(unknown)
    with_unknown = given.replace(cotangents=given.cotangents | dict.fromkeys(unknown, given.x))
    error = refusal(cell, with_unknown, step=step)
    assert type(error) is NameSetError
    expected = ", ".join(given.cotangents)
    assert str(error) == f"cotangents: unknown {', '.join(unknown)}; expected {expected}"
