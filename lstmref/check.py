"""Refuses bad arguments before any arithmetic is done.

The sizes are read off two arguments: x gives T, B and D, the first state gives H. Everything else is compared
with them, so an error about `U_f` means that `U_f` disagrees with x and the first state.
Each checker returns private, C-contiguous copies: what the caller does to the arrays afterwards, such as an
in-place optimiser step between forward and backward, cannot reach a cache.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from lstmref.errors import KindError, NameSetError, NotFiniteError, ShapeError

Array = npt.NDArray[Any]
Parameters = Mapping[str, Array]
ShapeTable = Callable[[int, int], dict[str, tuple[int, ...]]]
CacheT = TypeVar("CacheT")

DTYPES = (np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.complex128))


def sequence(
    shapes: ShapeTable, params: Parameters, x: Array, **states: Array
) -> tuple[dict[str, Array], Array, list[Array]]:
    """Check the arguments of a cell's `forward` and return copies of params, x and the states.

    x is (T, B, D), every state (B, H), the parameters have `shapes(D, H)`; one dtype throughout.
    Raises KindError, ShapeError, NameSetError or NotFiniteError.
    """
    return _arguments(shapes, params, x, ("T", "B", "D"), states)


def step(
    shapes: ShapeTable, params: Parameters, x: Array, **states: Array
) -> tuple[dict[str, Array], Array, list[Array]]:
    """Like `sequence`, for a single step: x is (B, D)."""
    return _arguments(shapes, params, x, ("B", "D"), states)


def cotangents(given: Mapping[str, Array], expected: Mapping[str, Array]) -> dict[str, Array]:
    """Check cotangents against the outputs they belong to; one that is not given is zero.

    `expected` maps each allowed name to the array whose shape and dtype the cotangent must have.
    Raises KindError, ShapeError, NameSetError or NotFiniteError.
    """
    if not isinstance(given, Mapping):
        raise KindError(f"cotangents: expected a mapping of names to arrays, got {type(given).__name__}")
    unknown = [name for name in given if name not in expected]
    if unknown:
        raise NameSetError(f"cotangents: unknown {_listed(unknown)}; expected {_listed(expected)}")
    checked: dict[str, Array] = {}
    for name, output in expected.items():
        if name in given:
            label = f"cotangent {name}"
            checked[name] = _own(label, given[name], output.dtype, "the outputs")
            _same_shape(label, checked[name], output.shape)
        else:
            checked[name] = np.zeros_like(output)
    return checked


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


def _arguments(
    shapes: ShapeTable, params: Parameters, x: Array, axes: tuple[str, ...], states: Mapping[str, Array]
) -> tuple[dict[str, Array], Array, list[Array]]:
    x = _own("x", x, None, "")
    if x.ndim != len(axes):
        raise ShapeError(f"x: expected ({', '.join(axes)}), got {x.shape}")
    B, D = x.shape[-2:]
    own_states = [_own(name, state, x.dtype, "x") for name, state in states.items()]
    first = own_states[0]
    if first.ndim != 2 or first.shape[0] != B:
        raise ShapeError(f"{next(iter(states))}: expected ({B}, H), got {first.shape}")
    H = first.shape[1]
    for name, state in zip(states, own_states, strict=True):
        _same_shape(name, state, (B, H))
    return _parameters(params, shapes(D, H), x.dtype), x, own_states


def _parameters(
    params: Parameters, shapes: dict[str, tuple[int, ...]], dtype: np.dtype[Any]
) -> dict[str, Array]:
    if not isinstance(params, Mapping):
        raise KindError(f"params: expected a mapping of names to arrays, got {type(params).__name__}")
    missing = [name for name in shapes if name not in params]
    unknown = [name for name in params if name not in shapes]
    if missing or unknown:
        kinds = {"missing": missing, "unknown": unknown}
        faults = ", ".join(f"{kind} {_listed(names)}" for kind, names in kinds.items() if names)
        raise NameSetError(f"params: {faults}; expected {_listed(shapes)}")
    checked: dict[str, Array] = {}
    for name, shape in shapes.items():
        checked[name] = _own(name, params[name], dtype, "x")
        _same_shape(name, checked[name], shape)
    return checked


def _own(name: str, value: Array, dtype: np.dtype[Any] | None, as_in: str) -> Array:
    """A C-contiguous copy of `value`, once its type, dtype and finiteness are known to be right."""
    # Subclasses are refused because they change the arithmetic: `*` of np.matrix is a matrix product,
    # and a masked array would lose its mask without a word.
    if type(value) is not np.ndarray:
        raise KindError(f"{name}: expected numpy.ndarray, got {_class_name(type(value))}")
    if dtype is None and value.dtype not in DTYPES:
        raise KindError(f"{name}: expected float32, float64 or complex128, got {value.dtype}")
    if dtype is not None and value.dtype != dtype:
        raise KindError(f"{name}: expected {dtype} (as {as_in}), got {value.dtype}")
    finite = np.isfinite(value)
    if not finite.all():
        where = tuple(int(k) for k in np.argwhere(~finite)[0])
        raise NotFiniteError(f"{name}: expected finite numbers, got {value[where]} at {where}")
    return np.array(value, order="C")


def _same_shape(name: str, value: Array, shape: tuple[int, ...]) -> None:
    if value.shape != shape:
        raise ShapeError(f"{name}: expected {shape}, got {value.shape}")


def _listed(names: Any) -> str:
    return ", ".join(str(name) for name in names)


def _class_name(cls: type) -> str:
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
