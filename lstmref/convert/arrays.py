"""Reads a framework's arrays without importing the framework, and keeps their dtype; float16 becomes float32."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from lstmref import check
from lstmref.check import Array, Given
from lstmref.errors import KindError, NotFiniteError, ShapeError

DTYPES = tuple(map(np.dtype, (np.float32, np.float64, np.longdouble)))
EXPECTED = "float16, float32, float64 or longdouble"


def read(name: str, value: Any, dtype: np.dtype[Any] | None = None, as_in: str = "") -> Array:
    """A private, C-contiguous copy of an array, or of a tensor of PyTorch or Keras, in the dtype it comes in.

    float16 comes as float32, which holds the same numbers and in which it is computed: the sum of two biases
    keeps no more than half of its digits in float16.

    Args:
        name: what errors call it.
        dtype: the one expected.
        as_in: says in errors what has it.

    Raises:
        KindError: for another dtype, bfloat16 among them, which NumPy has not.
        NotFiniteError: NaN or an infinity.

    Examples:
        >>> read("W", [[1, 2]]).dtype, read("W", np.ones(2, np.float16)).dtype
        (dtype('float64'), dtype('float32'))
    """
    try:
        for to_host in ("detach", "cpu"):  # of PyTorch: out of the graph, off the accelerator
            step = getattr(value, to_host, None)
            value = step() if callable(step) else value
        given = _dtype(value)
        if given != "bfloat16" and given and not isinstance(value, np.ndarray):
            value = np.asarray(value)
    except Exception as error:  # whatever the framework raises when its tensor has no array
        raise KindError(f"{name}: expected an array, got {type(value).__qualname__}: {error}") from error
    if given == "bfloat16":
        raise KindError(
            f"{name}: expected {EXPECTED}, got bfloat16, which NumPy has not; convert it to float32 first"
        )
    checked = check.array(name, value)
    found = checked if not isinstance(value, np.ndarray) else np.asarray(value, value.dtype.newbyteorder("="))
    found = found.astype(np.float32) if found.dtype == np.float16 else found
    if found.dtype not in DTYPES or (dtype is not None and found.dtype != dtype):
        wanted = EXPECTED if dtype is None else f"{dtype} (as {as_in})"
        raise KindError(f"{name}: expected {wanted}, got {given or found.dtype}")
    return check.own(found)


def half(values: Iterable[Any]) -> bool:
    """Whether all of a framework's arrays are of float16.

    Examples:
        >>> half([np.ones(2, np.float16)]), half([np.ones(2, np.float16), np.ones(2)])
        (True, False)
    """
    return all(_dtype(value) == "float16" for value in values)


def narrowed(values: Iterable[Array]) -> list[Array]:
    """The arrays in float16 where that holds every entry of all of them, else as they are.

    Args:
        values: arrays of any shapes, of one dtype.

    Examples:
        >>> [value.dtype.name for value in narrowed([np.ones(2, np.float32)])]
        ['float16']
        >>> [value.dtype.name for value in narrowed([np.ones(2, np.float32), np.float32([0.1])])]
        ['float32', 'float32']
    """
    whole = list(values)
    with np.errstate(over="ignore"):
        short = [value.astype(np.float16) for value in whole]
    return short if all(np.array_equal(a, b) for a, b in zip(short, whole, strict=True)) else whole


def _dtype(value: Any) -> str:
    """The name of a dtype, the same of NumPy and PyTorch; empty where there is none."""
    return str(getattr(value, "dtype", "")).removeprefix("torch.")


def shaped(name: str, value: Array, shape: tuple[int, ...]) -> Array:
    """`value` if it has that shape, else raise ShapeError.

    Args:
        value: an array of any dtype.

    Raises:
        ShapeError: otherwise.

    Examples:
        >>> shaped("weight_hh_l0", np.ones((16, 3)), (16, 4))
        Traceback (most recent call last):
        lstmref.errors.ShapeError: weight_hh_l0: expected (16, 4), got (16, 3)
    """
    if value.shape != shape:
        raise ShapeError(f"{name}: expected {shape}, got {value.shape}")
    return value


def finite(name: str, value: Array) -> Array:
    """`value` if it is finite throughout, else raise NotFiniteError: a sum of two biases may be too large.

    Args:
        value: an array of any shape.

    Raises:
        NotFiniteError: otherwise.

    Examples:
        >>> finite("b_i", np.array([1.0, np.inf]))
        Traceback (most recent call last):
        lstmref.errors.NotFiniteError: b_i: expected finite numbers, got inf at (1,)
    """
    wrong = np.argwhere(~np.isfinite(value))
    if len(wrong):
        where = tuple(int(k) for k in wrong[0])
        raise NotFiniteError(f"{name}: expected finite numbers, got {value[where]} at {where}")
    return value


__all__ = ["DTYPES", "Array", "Given", "finite", "half", "narrowed", "read", "shaped"]
