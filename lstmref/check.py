"""Reads arguments, and refuses bad ones before any arithmetic is done.

The size of an axis is read off the first argument that has it: x gives T, B and D, the first state gives H. Everything
else is compared with them, so an error about `U_f` means that `U_f` disagrees with x and the first state.

The dtype of x is that of the computation and of every result; float16 is read as float32, because sums of many
float16 products keep hardly a digit. What carries a dtype of its own (an array, a subclass of one, a buffer, an
object with `__array__`) must carry this one, in any byte order and layout. What carries none (a list, a tuple, a
number) is read in the dtype of the computation, for x in float64. A mask is refused, since it would be lost.
No array is narrowed in silence.

What is finite may still be too large: where a product overflows, the result holds infinities or NaN, and NumPy warns of
an overflow; under `np.errstate(over="raise")` it is an error.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from lstmref.errors import KindError, NameSetError, NotFiniteError, ShapeError

Array = npt.NDArray[Any]
# What a caller may give where an array is read: an array, a subclass of one, or what NumPy makes one of.
Given = npt.ArrayLike
Parameters = Mapping[str, Given]
ShapeTable = Callable[..., dict[str, tuple[int, ...]]]  # takes sizes by the letters of a layout
CacheT = TypeVar("CacheT")

DTYPES = tuple(map(np.dtype, (np.float32, np.float64, np.longdouble, np.complex128)))
READ_AS = {np.dtype(np.float16): np.dtype(np.float32)}
EXPECTED = "float16, float32, float64, longdouble or complex128"
# Any of these tells an object that has a dtype from one for which NumPy makes up a dtype, such as a list.
HAS_DTYPE = ("dtype", "__array__", "__array_interface__", "__array_struct__")
AXES = 6  # No argument has more, so no list of them is nested deeper.


def arguments(
    parameter_shapes: ShapeTable,
    letters: Sequence[str],
    axes: Mapping[str, tuple[str, ...]],
    params: Parameters,
    given: Mapping[str, Given],
) -> tuple[dict[str, Array], list[Array], dict[str, int]]:
    """Read the arguments of a cell's forward pass: params, and those that `axes` names, as arrays of one dtype.

    The parameters have the shapes that `parameter_shapes` gives for the sizes of the `letters`; a letter that
    no argument has is measured on them. Nothing is copied that need not be: the arrays may be the caller's
    own, of any layout, and must neither be written to nor kept in a cache. float16 comes back as float32.

    Args:
        axes: the axes of each argument, by letters, such as x ("T", "B", "D").
        params: the parameters by name.
        given: the arguments by these names.

    Returns:
        The parameters and the arguments, by name, and the sizes of all letters.

    Raises:
        KindError: a value of the wrong type or dtype.
        ShapeError: a wrong shape or size.
        NameSetError: a name that is missing or unknown.
        NotFiniteError: NaN or an infinity.

    Examples:
        >>> def parameter_shapes(D, H):
        ...     return {"W": (H, D)}
        >>> axes = {"x": ("T", "B", "D"), "h_0": ("B", "H")}
        >>> given = {"x": np.ones((5, 3, 2), np.float16), "h_0": np.zeros((3, 1), "f4")}
        >>> p, (x, h_0), sizes = arguments(parameter_shapes, ("D", "H"), axes, {"W": [[1, 2]]}, given)
        >>> p["W"].dtype, x.dtype, sizes
        (dtype('float32'), dtype('float32'), {'T': 5, 'B': 3, 'D': 2, 'H': 1})
    """
    sizes: dict[str, int] = {}
    first, *others = axes
    read = {first: array(first, given[first])}
    dtype = read[first].dtype
    _measure(first, read[first], axes[first], sizes)
    for name in others:
        read[name] = array(name, given[name], dtype, first)
    for name in others:
        _measure(name, read[name], axes[name], sizes)
    for letter in letters:
        if letter not in sizes:
            sizes[letter] = _measured_on(params, parameter_shapes, letters, letter)
    shapes = _shapes(parameter_shapes, **{letter: sizes[letter] for letter in letters})
    return parameters(params, shapes, dtype, first), list(read.values()), sizes


@lru_cache(maxsize=64)
def _shapes(parameter_shapes: ShapeTable, **sizes: int) -> dict[str, tuple[int, ...]]:
    """Nobody writes to them; short sequences feel it when they are made anew."""
    return parameter_shapes(**sizes)


def _measure(name: str, value: Array, axes: tuple[str, ...], sizes: dict[str, int]) -> None:
    """Raise ShapeError unless the axes have the sizes that are known; note those that are not.

    Raises:
        ShapeError: if an axis has another size than is known.
    """
    known = sizes.copy()
    if value.ndim == len(axes):
        for letter, n in zip(axes, value.shape):  # noqa: B905 -- of one length, and short sequences feel `strict`
            if sizes.setdefault(letter, n) != n:
                break
        else:
            return
    expected = ", ".join(str(known.get(letter, letter)) for letter in axes)
    raise ShapeError(f"{name}: expected ({expected}{',' * (len(axes) == 1)}), got {value.shape}")


def _measured_on(params: object, shapes: ShapeTable, letters: Sequence[str], letter: str) -> int:
    """The size of a letter that the parameters alone have; 0 where they are none that would fit: those are refused."""
    one, two = (shapes(**(dict.fromkeys(letters, 1) | {letter: size})) for size in (1, 2))
    for name, shape in one.items():
        value = np.asarray(params[name]) if isinstance(params, Mapping) and name in params else None
        for axis, (n, m) in enumerate(zip(shape, two[name], strict=True)):
            if (n, m) == (1, 2) and value is not None and value.ndim == len(shape):
                return int(value.shape[axis])
    return 0


def cotangents(
    given: Mapping[str, Given], shapes: Mapping[str, tuple[int, ...]], dtype: np.dtype[Any]
) -> dict[str, Array]:
    """Read cotangents of outputs; one that is not given is zero, as a read-only view that takes no memory.

    The others are aligned in memory, and may be the caller's own: they must not be written to, nor returned.

    Args:
        given: arrays by name.
        shapes: of each allowed name the shape that the cotangent must have.
        dtype: that of the outputs.

    Raises:
        KindError: a value of the wrong type or dtype.
        ShapeError: a wrong shape or size.
        NameSetError: a name that is missing or unknown.
        NotFiniteError: NaN or an infinity.

    Examples:
        >>> shapes, dtype = {"h": (3, 2), "c": (3, 2)}, np.dtype(float)
        >>> bool(cotangents({"h": np.ones((3, 2))}, shapes, dtype)["c"].any())
        False
        >>> cotangents({"h": np.ones(2)}, shapes, dtype)
        Traceback (most recent call last):
        lstmref.errors.ShapeError: cotangent h: expected (3, 2), got (2,)
    """
    if not isinstance(given, Mapping):
        raise KindError(f"cotangents: expected a mapping of names to arrays, got {type(given).__name__}")
    unknown = [name for name in given if name not in shapes]
    if unknown:
        raise NameSetError(f"cotangents: unknown {_listed(unknown)}; expected {_listed(shapes)}")
    found: dict[str, Array] = {}
    for name, shape in shapes.items():
        if name in given:
            label = f"cotangent {name}"
            value = array(label, given[name], dtype, "the outputs")
            same_shape(label, value, shape)
            # NumPy multiplies complex numbers with other roundings where they lie at odd addresses.
            found[name] = value if value.flags.aligned else own(value)
        else:
            # One zero at every place; a quicker way to that than broadcast_to, which short sequences feel.
            found[name] = np.ndarray(shape, dtype, bytes(dtype.itemsize), strides=tuple(0 for _ in shape))
    return found


def cache(given: object, expected: type[CacheT]) -> CacheT:
    """Return `given` if it is a cache of the class that this cell's forward makes, else raise KindError.

    Raises:
        KindError: otherwise.

    Examples:
        >>> cache((), dict)
        Traceback (most recent call last):
        lstmref.errors.KindError: cache: expected dict, got tuple
    """
    if not isinstance(given, expected):
        raise KindError(f"cache: expected {_class_name(expected)}, got {_class_name(type(given))}")
    return given


def size(name: str, value: int) -> int:
    """Return `value` as an int if it is a whole number >= 0, else raise KindError or ShapeError.

    Raises:
        KindError: otherwise.
        ShapeError: otherwise.

    Examples:
        >>> size("H", np.int64(4))
        4
        >>> size("H", -1)
        Traceback (most recent call last):
        lstmref.errors.ShapeError: H: expected a whole number >= 0, got -1
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise KindError(f"{name}: expected a whole number, got {type(value).__name__}") from None
    if number < 0:
        raise ShapeError(f"{name}: expected a whole number >= 0, got {number}")
    return number


def array(name: str, value: Given, dtype: np.dtype[Any] | None = None, as_in: str = "") -> Array:
    """`value` as a plain array of `dtype`, or where that is None of the dtype it comes in; any shape.

    float16 comes back as float32; what has no dtype (a list, a number) in `dtype`, where that is None in
    float64. Not copied if it need not be, so the result may be the caller's own.

    Args:
        name: what errors call it.
        value: of any shape.
        as_in: says in errors what has the dtype.

    Raises:
        KindError: a value of the wrong type or dtype.
        NotFiniteError: NaN or an infinity.

    Examples:
        >>> array("x", [1, 2.5])
        array([1. , 2.5])
        >>> array("W", np.ones(2, np.float32), np.dtype(np.float64), "x")
        Traceback (most recent call last):
        lstmref.errors.KindError: W: expected float64 (as x), got float32
        >>> array("W", [1.0, 1e300], np.dtype(np.float32), "x")
        Traceback (most recent call last):
        lstmref.errors.NotFiniteError: W: expected finite numbers, got 1e+300 at (1,), too large for float32
    """
    found = read(name, value, dtype, as_in)
    finite(name, found, value)
    return found


def read(name: str, value: Given, dtype: np.dtype[Any] | None = None, as_in: str = "") -> Array:
    """Like `array`, with entries of any value: for what has entries that do not count.

    Args:
        value: as for `array`.

    Raises:
        KindError: a value of the wrong type or dtype.

    Examples:
        >>> read("x", [1.0, np.nan])
        array([ 1., nan])
    """
    # Of an array in a dtype that is computed in, nothing need be found out; short sequences feel the difference.
    known = type(value) is np.ndarray and value.dtype in DTYPES
    found: Array = value if known else _plain(name, value, dtype)  # type: ignore[assignment]
    if dtype is None and found.dtype not in DTYPES:
        raise KindError(f"{name}: expected {EXPECTED}, got {_kind(value)}")
    if dtype is not None and found.dtype != dtype:
        raise KindError(f"{name}: expected {dtype} (as {as_in}), got {_kind(value)}")
    return found


def finite(name: str, found: Array, given: Given | None = None) -> None:
    """Raise NotFiniteError, with the place of the first, if `found` holds NaN or an infinity.

    Args:
        found: of any shape.
        given: what it was read from: a number may have been too large for the dtype.

    Raises:
        NotFiniteError: if it does.

    Examples:
        >>> finite("x", np.array([1e300]))  # finite, though its square is not
        >>> finite("x", np.array([0.0, -np.inf]))
        Traceback (most recent call last):
        lstmref.errors.NotFiniteError: x: expected finite numbers, got -inf at (1,)
    """
    # A finite sum of squares has finite terms only, and BLAS adds up faster than NumPy looks at each. One that is not
    # may have overflowed.
    if found.flags.c_contiguous and math.isfinite(np.vdot(found, found).real):
        return
    good = np.isfinite(_stored(found))
    if not good.all():
        where = tuple(int(k) for k in np.argwhere(~good)[0])
        number = np.asarray(found if given is None else given)[where]
        reason = f", too large for {found.dtype}" if np.isfinite(number) else ""
        raise NotFiniteError(f"{name}: expected finite numbers, got {number} at {where}{reason}")


def _stored(value: Array) -> Array:
    """What is in memory of an array: of a broadcast axis one entry, however many it seems to have."""
    return value[tuple(slice(1 if step == 0 else None) for step in value.strides)]


def own(value: Array) -> Array:
    """A private, C-contiguous, writable copy of `value`; same shape and dtype.

    Args:
        value: an array of any shape.

    Examples:
        >>> own(np.broadcast_to(np.ones(()), (2, 3))).strides
        (24, 8)
    """
    return np.array(value, order="C")


def parameters(
    params: Parameters, shapes: Mapping[str, tuple[int, ...]], dtype: np.dtype[Any], as_in: str = "x"
) -> dict[str, Array]:
    """Read parameters that must have exactly the names and shapes of `shapes`; not copied if they need not be.

    Each is read as by `array`.

    Args:
        params: arrays by name.
        as_in: says in errors what has the dtype.

    Raises:
        KindError: a value of the wrong type or dtype.
        ShapeError: a wrong shape or size.
        NameSetError: a name that is missing or unknown.
        NotFiniteError: NaN or an infinity.

    Examples:
        >>> parameters({"W": np.ones((2, 3)), "b": np.ones(2)}, {"W": (2, 3), "U": (2, 2)}, np.dtype(np.float64))
        Traceback (most recent call last):
        lstmref.errors.NameSetError: params: missing U, unknown b; expected W, U
    """
    return named("params", params, shapes, dtype, as_in)


def named(
    what: str,
    given: Mapping[str, Given],
    shapes: Mapping[str, tuple[int, ...]],
    dtype: np.dtype[Any],
    as_in: str,
    label: str = "",
) -> dict[str, Array]:
    """Read a mapping, called `what` in errors, as `parameters` reads params; see `parameters`.

    Args:
        given: names to arrays, with exactly the names and shapes of `shapes`.
        label: stands in errors before each name.

    Examples:
        >>> named("states", {"h": [[1.0, 2.0]]}, {"h": (1, 3)}, np.dtype(np.float32), "x", label="state ")
        Traceback (most recent call last):
        lstmref.errors.ShapeError: state h: expected (1, 3), got (1, 2)
    """
    if not isinstance(given, Mapping):
        raise KindError(f"{what}: expected a mapping of names to arrays, got {type(given).__name__}")
    missing = [name for name in shapes if name not in given]
    unknown = [name for name in given if name not in shapes]
    if missing or unknown:
        kinds = {"missing": missing, "unknown": unknown}
        faults = ", ".join(f"{kind} {_listed(names)}" for kind, names in kinds.items() if names)
        raise NameSetError(f"{what}: {faults}; expected {_listed(shapes)}")
    found: dict[str, Array] = {}
    for name, shape in shapes.items():
        found[name] = read(label + name, given[name], dtype, as_in)
        same_shape(label + name, found[name], shape)  # first: the values of what does not fit may be many
        finite(label + name, found[name], given[name])
    return found


def _plain(name: str, value: Given, dtype: np.dtype[Any] | None) -> Array:
    """A plain ndarray in the machine's byte order, float16 widened; a subclass is read for its values alone."""
    if _masked(value, AXES):
        raise KindError(f"{name}: expected an array without a mask, got {_class_name(type(value))}")
    try:
        found = np.asarray(value)
        has_dtype = _has_dtype(value)
    except Exception as error:  # whatever an object's own __array__ raises, or NumPy of a ragged list
        raise KindError(f"{name}: expected an array, got {_class_name(type(value))}: {error}") from error
    if not has_dtype and found.dtype.kind in "biuf":
        with np.errstate(over="ignore", under="ignore"):  # what overflows is found not to be finite
            return found.astype(dtype or np.float64)
    native = found.dtype.newbyteorder("=")
    wanted = READ_AS.get(native, native)
    return found if found.dtype == wanted else np.broadcast_to(_stored(found).astype(wanted), found.shape)


def _masked(value: object, depth: int) -> bool:
    """Whether an array with a mask is given, alone or in a list, where NumPy would drop the mask."""
    if isinstance(value, list | tuple) and depth:
        return any(_masked(item, depth - 1) for item in value)
    return isinstance(value, np.ma.MaskedArray)


def _has_dtype(value: object) -> bool:
    if any(hasattr(value, name) for name in HAS_DTYPE):
        return True
    try:
        memoryview(value)  # type: ignore[arg-type]
    except TypeError:
        return False
    return True


def _kind(value: Given) -> str:
    """What was given, for an error about a dtype: `int64`, `NoneType`, `list of object`."""
    found = np.asarray(value)
    if _has_dtype(value):
        return str(found.dtype)
    return _class_name(type(value)) + (f" of {found.dtype}" if found.ndim else "")


def same_shape(name: str, value: Array, shape: tuple[int, ...]) -> None:
    """Raise ShapeError unless `value`, of any dtype, has exactly that shape, such as (B, H).

    Args:
        value: an array of any dtype.

    Raises:
        ShapeError: unless `value`, of any dtype, has exactly that shape, such as (B, H).

    Examples:
        >>> same_shape("U_f", np.ones((4, 3)), (4, 4))
        Traceback (most recent call last):
        lstmref.errors.ShapeError: U_f: expected (4, 4), got (4, 3)
    """
    if value.shape != shape:
        raise ShapeError(f"{name}: expected {shape}, got {value.shape}")


def _listed(names: Any) -> str:
    return ", ".join(str(name) for name in names)


def _class_name(cls: type) -> str:
    return cls.__name__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__name__}"
