"""Reads arguments, and refuses bad ones before any arithmetic is done.

The sizes are read off two arguments: x gives T, B and D, the first state gives H. Everything else is compared
with them, so an error about `U_f` means that `U_f` disagrees with x and the first state. The dtype of x is that
of the computation; float16 is read as float32, because sums of many float16 products keep hardly a digit.
What is not an array (a list, a number) is read in the dtype of the computation; for x that is float64.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from lstmref.errors import KindError, NameSetError, NotFiniteError, ShapeError

Array = npt.NDArray[Any]
# What a caller may give where an array is read: an array, a subclass of one, or what NumPy makes one of.
Given = npt.ArrayLike
Parameters = Mapping[str, Given]
ShapeTable = Callable[[int, int], dict[str, tuple[int, ...]]]
CacheT = TypeVar("CacheT")

DTYPES = tuple(map(np.dtype, (np.float32, np.float64, np.longdouble, np.complex128)))
READ_AS = {np.dtype(np.float16): np.dtype(np.float32)}
EXPECTED = "float16, float32, float64, longdouble or complex128"


def sequence(
    shapes: ShapeTable, params: Parameters, x: Given, **states: Given
) -> tuple[dict[str, Array], Array, list[Array]]:
    """Read the arguments of a cell's `forward`: params, x and the states, as arrays of one dtype.

    x is (T, B, D), every state (B, H), the parameters have `shapes(D, H)`. Nothing is copied that need not be:
    the arrays may be the caller's own, of any layout, and must neither be written to nor kept in a cache.
    Raises KindError, ShapeError, NameSetError or NotFiniteError.
    """
    return _arguments(shapes, params, x, ("T", "B", "D"), states)


def step(
    shapes: ShapeTable, params: Parameters, x: Given, **states: Given
) -> tuple[dict[str, Array], Array, list[Array]]:
    """Like `sequence`, for a single step: x is (B, D).

    These are private, C-contiguous copies, ready to be kept: what the caller does to the arrays afterwards, such as
    an in-place optimiser step between forward and backward, cannot reach a cache.
    """
    p, read, read_states = _arguments(shapes, params, x, ("B", "D"), states)
    return {name: own(value) for name, value in p.items()}, own(read), [own(state) for state in read_states]


def cotangents(given: Mapping[str, Given], expected: Mapping[str, Array]) -> dict[str, Array]:
    """Read cotangents of outputs; one that is not given is zero, as a read-only view that takes no memory.

    `expected` maps each allowed name to an array that has the shape and dtype that the cotangent must have.
    The arrays may be the caller's own: they must not be written to, nor returned.
    Raises KindError, ShapeError, NameSetError or NotFiniteError.
    """
    if not isinstance(given, Mapping):
        raise KindError(f"cotangents: expected a mapping of names to arrays, got {type(given).__name__}")
    unknown = [name for name in given if name not in expected]
    if unknown:
        raise NameSetError(f"cotangents: unknown {_listed(unknown)}; expected {_listed(expected)}")
    found: dict[str, Array] = {}
    for name, output in expected.items():
        if name in given:
            label = f"cotangent {name}"
            found[name] = array(label, given[name], output.dtype, "the outputs")
            _same_shape(label, found[name], output.shape)
        else:
            found[name] = np.broadcast_to(np.zeros((), output.dtype), output.shape)
    return found


def cache(given: object, expected: type[CacheT]) -> CacheT:
    """Return `given` if it is a cache of the class that this cell's forward makes, else raise KindError."""
    if not isinstance(given, expected):
        raise KindError(f"cache: expected {_class_name(expected)}, got {_class_name(type(given))}")
    return given


def size(name: str, value: int) -> int:
    """Return `value` as an int if it is a whole number >= 0, else raise KindError or ShapeError."""
    try:
        number = operator.index(value)
    except TypeError:
        raise KindError(f"{name}: expected a whole number, got {type(value).__name__}") from None
    if number < 0:
        raise ShapeError(f"{name}: expected a whole number >= 0, got {number}")
    return number


def array(name: str, value: Given, dtype: np.dtype[Any] | None = None, as_in: str = "") -> Array:
    """`value` as an array of `dtype`, or where that is None of the dtype it comes in; not copied if it need not be.

    `name` stands in errors, `as_in` says there what has the dtype. Raises KindError, ShapeError or NotFiniteError.
    """
    found = _plain(name, value, dtype)
    if dtype is None and found.dtype not in DTYPES:
        raise KindError(f"{name}: expected {EXPECTED}, got {found.dtype}")
    if dtype is not None and found.dtype != dtype:
        raise KindError(f"{name}: expected {dtype} (as {as_in}), got {found.dtype}")
    finite = np.isfinite(found)
    if not finite.all():
        where = tuple(int(k) for k in np.argwhere(~finite)[0])
        raise NotFiniteError(f"{name}: expected finite numbers, got {found[where]} at {where}")
    return found


def own(value: Array) -> Array:
    """A private, C-contiguous, writable copy."""
    return np.array(value, order="C")


def _plain(name: str, value: Given, dtype: np.dtype[Any] | None) -> Array:
    """A plain ndarray in the machine's byte order, float16 widened; a subclass is read for its values alone."""
    if isinstance(value, np.ma.MaskedArray):
        raise KindError(f"{name}: expected an array without a mask, got {_class_name(type(value))}")
    try:
        found = np.asarray(value)
    except Exception as error:  # whatever an object's own __array__ raises, or NumPy of a ragged list
        raise KindError(f"{name}: expected an array, got {_class_name(type(value))}: {error}") from error
    if not hasattr(value, "dtype") and found.dtype.kind in "biuf":
        return found.astype(dtype or np.float64)
    native = found.dtype.newbyteorder("=")
    return found.astype(READ_AS.get(native, native), copy=False)


def _arguments(
    shapes: ShapeTable, params: Parameters, x: Given, axes: tuple[str, ...], states: Mapping[str, Given]
) -> tuple[dict[str, Array], Array, list[Array]]:
    x = array("x", x)
    if x.ndim != len(axes):
        raise ShapeError(f"x: expected ({', '.join(axes)}), got {x.shape}")
    B, D = x.shape[-2:]
    read = [array(name, state, x.dtype, "x") for name, state in states.items()]
    first = read[0]
    if first.ndim != 2 or first.shape[0] != B:
        raise ShapeError(f"{next(iter(states))}: expected ({B}, H), got {first.shape}")
    H = first.shape[1]
    for name, state in zip(states, read, strict=True):
        _same_shape(name, state, (B, H))
    return parameters(params, shapes(D, H), x.dtype), x, read


def parameters(
    params: Parameters, shapes: Mapping[str, tuple[int, ...]], dtype: np.dtype[Any], as_in: str = "x"
) -> dict[str, Array]:
    """Read parameters that must have exactly the names and shapes of `shapes`; not copied if they need not be.

    Raises KindError, ShapeError, NameSetError or NotFiniteError.
    """
    if not isinstance(params, Mapping):
        raise KindError(f"params: expected a mapping of names to arrays, got {type(params).__name__}")
    missing = [name for name in shapes if name not in params]
    unknown = [name for name in params if name not in shapes]
    if missing or unknown:
        kinds = {"missing": missing, "unknown": unknown}
        faults = ", ".join(f"{kind} {_listed(names)}" for kind, names in kinds.items() if names)
        raise NameSetError(f"params: {faults}; expected {_listed(shapes)}")
    found: dict[str, Array] = {}
    for name, shape in shapes.items():
        found[name] = array(name, params[name], dtype, as_in)
        _same_shape(name, found[name], shape)
    return found


def _same_shape(name: str, value: Array, shape: tuple[int, ...]) -> None:
    if value.shape != shape:
        raise ShapeError(f"{name}: expected {shape}, got {value.shape}")


def _listed(names: Any) -> str:
    return ", ".join(str(name) for name in names)


def _class_name(cls: type) -> str:
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
