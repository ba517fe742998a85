"""Reads a framework's arrays without importing the framework, and keeps their dtype."""

from typing import Any

import numpy as np

from lstmref import check
from lstmref.check import Array, Given
from lstmref.errors import KindError, NotFiniteError, ShapeError

DTYPES = tuple(map(np.dtype, (np.float16, np.float32, np.float64, np.longdouble)))
EXPECTED = "float16, float32, float64 or longdouble"


def read(name: str, value: Any, dtype: np.dtype[Any] | None = None, as_in: str = "") -> Array:
    """A private, C-contiguous copy of an array, or of a tensor of PyTorch or Keras, in the dtype it comes in.

    Unlike in a computation float16 stays float16. `name` stands in errors; `dtype` is the one expected, `as_in` says
    what has it. Raises KindError for another dtype, bfloat16 among them, which NumPy has not, and NotFiniteError.

    >>> read("W", [[1, 2]]).dtype, read("W", np.ones(2, np.float16)).dtype
    (dtype('float64'), dtype('float16'))
    """
    for to_host in ("detach", "cpu"):  # of PyTorch: out of the graph, off the accelerator
        step = getattr(value, to_host, None)
        value = step() if callable(step) else value
    given = str(getattr(value, "dtype", ""))
    if given.removeprefix("torch.") == "bfloat16":
        raise KindError(
            f"{name}: expected {EXPECTED}, got {given}, which NumPy has not; convert it to float32 first"
        )
    if not isinstance(value, np.ndarray) and given:
        try:
            value = np.asarray(value)
        except Exception as error:  # whatever the framework raises when its tensor has no array
            raise KindError(f"{name}: expected an array, got {type(value).__qualname__}: {error}") from error
    checked = check.array(name, value)
    found = checked if not isinstance(value, np.ndarray) else np.asarray(value, value.dtype.newbyteorder("="))
    if found.dtype not in DTYPES or (dtype is not None and found.dtype != dtype):
        wanted = EXPECTED if dtype is None else f"{dtype} (as {as_in})"
        raise KindError(f"{name}: expected {wanted}, got {found.dtype}")
    return check.own(found)


def shaped(name: str, value: Array, shape: tuple[int, ...]) -> Array:
    """`value` if it has that shape, else raise ShapeError.

    >>> shaped("weight_hh_l0", np.ones((16, 3)), (16, 4))
    Traceback (most recent call last):
    lstmref.errors.ShapeError: weight_hh_l0: expected (16, 4), got (16, 3)
    """
    if value.shape != shape:
        raise ShapeError(f"{name}: expected {shape}, got {value.shape}")
    return value


def finite(name: str, value: Array) -> Array:
    """`value` if it is finite throughout, else raise NotFiniteError: a sum of two biases may be too large.

    >>> finite("b_i", np.array([1.0, np.inf]))
    Traceback (most recent call last):
    lstmref.errors.NotFiniteError: b_i: expected finite numbers, got inf at (1,)
    """
    wrong = np.argwhere(~np.isfinite(value))
    if len(wrong):
        where = tuple(int(k) for k in wrong[0])
        raise NotFiniteError(f"{name}: expected finite numbers, got {value[where]} at {where}")
    return value


__all__ = ["DTYPES", "Array", "Given", "finite", "read", "shaped"]
