"""What a caller may give for an array: dtypes, layouts in memory, and things that are not quite arrays.

Every function here that takes an array gives its numbers in another shape of memory or object. `call` draws a whole
call of a cell, each argument in a layout of its own.
"""

import tempfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from hypothesis import settings, strategies

from lstmref import Cell
from lstmref.check import Array
from tests.lstmref import checker
from tests.lstmref.checker import SEEDS, Example, Sizes

Change = Callable[[Array], Any]

# Each dtype that may be given, and that of the computation and of the results.
READ_AS = {np.dtype(np.float16): np.dtype(np.float32)} | {
    np.dtype(kind): np.dtype(kind) for kind in (np.float32, np.float64, np.longdouble, np.complex128)
}
DTYPES = strategies.sampled_from(list(READ_AS))
# Every axis may be empty.
ANY_SIZES = strategies.builds(
    Sizes,
    T=strategies.integers(0, 4),
    B=strategies.integers(0, 3),
    D=strategies.integers(0, 3),
    H=strategies.integers(0, 4),
)
# No axis is: what has no numbers has no nested list, no file and no layout to speak of.
SOME_SIZES = ANY_SIZES.map(lambda sizes: Sizes(*(max(1, size) for size in sizes)))


def fixed(examples: int) -> Callable[[Any], Any]:
    """The same draws in every run: a red test names a change, and not a lucky number."""
    return settings(max_examples=examples, deadline=None, derandomize=True, database=None)


def every_second(array: Array) -> Array:
    """Every second entry along each axis of a larger array, whose others are NaN."""
    larger = np.full([2 * size for size in array.shape], np.nan, array.dtype)
    view = larger[(slice(None, None, 2),) * array.ndim]
    view[...] = array
    return view


def reversed_axes(array: Array) -> Array:
    """Negative strides along every axis."""
    back = (slice(None, None, -1),) * array.ndim
    return np.ascontiguousarray(array[back])[back]


def transposed(array: Array) -> Array:
    """The first axis is the fastest; as `asfortranarray` has it, but a view."""
    return np.ascontiguousarray(array.T).T


def misaligned(array: Array) -> Array:
    """At an odd address."""
    raw = np.zeros(array.nbytes + 1, np.uint8)
    view = raw[1:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


def foreign(array: Array) -> Array:
    """In the other byte order."""
    return array.astype(array.dtype.newbyteorder())


def read_only(array: Array) -> Array:
    """A view that cannot be written to."""
    view = array.view()
    view.flags.writeable = False
    return view


def repeated(array: Array) -> Array:
    """The first entry along the first axis for all of them: zero stride. The only layout that changes the numbers."""
    return np.broadcast_to(array[:1], array.shape)


LAYOUTS: dict[str, Change] = {
    "C": lambda array: array,
    "Fortran": np.asfortranarray,
    "transposed": transposed,
    "every second": every_second,
    "reversed": reversed_axes,
    "misaligned": misaligned,
    "foreign byte order": foreign,
    "read-only": read_only,
    "zero stride": repeated,
}


class Odd(np.ndarray[Any, Any]):
    """A subclass in which everything that NumPy lets it have its way with goes wrong."""

    __array_priority__ = 1000.0

    def __mul__(self, other: Any) -> Any:
        raise AssertionError("a subclass was computed with")

    __add__ = __radd__ = __rmul__ = __sub__ = __rsub__ = __matmul__ = __rmatmul__ = __mul__
    __iadd__ = __imul__ = __getitem__ = __setitem__ = __mul__  # type: ignore[assignment]
    __array_ufunc__ = __array_function__ = None  # type: ignore[assignment]
    T = None  # type: ignore[assignment]


class WithArray:
    """Has its numbers, and its dtype, in `__array__` only."""

    def __init__(self, array: Array) -> None:
        self.hidden = array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return self.hidden if dtype is None else self.hidden.astype(dtype)


class WithInterface:
    """Has its numbers, and its dtype, in `__array_interface__` only."""

    def __init__(self, array: Array) -> None:
        self.hidden = array
        self.__array_interface__ = array.__array_interface__


def nested(array: Array, kind: type[list[Any]] | type[tuple[Any, ...]]) -> Any:
    """Lists or tuples of numbers."""
    return kind(nested(part, kind) if part.ndim else part.item() for part in array)


def memory_mapped(array: Array) -> Array:
    """In a file, open for reading."""
    with tempfile.TemporaryFile() as file:
        file.write(array.tobytes())
        file.flush()
        return np.memmap(file, array.dtype, "r", shape=array.shape)


def matrix(array: Array) -> Array:
    """A np.matrix, for which * is the matrix product, where it has two axes."""
    return array.view(np.matrix) if array.ndim == 2 else array


# They have a dtype, so x may be given so as well.
FORMS: dict[str, Change] = {
    "subclass": lambda array: array.view(Odd),
    "matrix": matrix,
    "recarray": lambda array: array.view(np.recarray),
    "memory-mapped": memory_mapped,
    "memoryview": lambda array: array.data,
    "__array__": WithArray,
    "__array_interface__": WithInterface,
}
# They have none, and are read in that of the computation.
LISTS: dict[str, Change] = {
    "list": lambda array: nested(array, list),
    "tuple": lambda array: nested(array, tuple),
    "list of arrays": list,
}


def changed(given: Example, change: Callable[[str, Array], Any]) -> Example:
    """The example with every argument replaced by `change(name, argument)`."""

    def each(group: Mapping[str, Array]) -> dict[str, Any]:
        return {name: change(name, value) for name, value in group.items()}

    return Example(each(given.params), each(given.given), each(given.cotangents))


def plain(given: Example, dtype: np.dtype[Any]) -> Example:
    """Copies of all arguments that are as plain as can be, in `dtype`."""
    return changed(given, lambda _, value: np.array(np.asarray(value), dtype, order="C"))


@strategies.composite
def call(draw: Any, cell: Cell, sizes: Sizes, dtype: np.dtype[Any], *, step: bool) -> Example:
    """Random numbers in `dtype`, each argument in a random layout."""
    given = checker.example(cell, sizes, draw(SEEDS), step=step, dtype=dtype.type)
    layouts = strategies.sampled_from(list(LAYOUTS))
    return changed(given, lambda name, value: LAYOUTS[draw(layouts, label=name)](value))
