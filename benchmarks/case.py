"""One setting with its numbers: parameters, input, initial states, and the cotangent that comes back on every h."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

import lstmref
from benchmarks.settings import Size

Array = npt.NDArray[Any]
# What a contestant is asked for, under lstmref's names: "h", and the gradient in x, the initial states, the parameters.
Numbers = dict[str, Array]


@dataclass(frozen=True)
class Case:
    """The same numbers for everyone. Nobody may write to them."""

    cell: str
    dtype: np.dtype[Any]
    size: Size
    params: dict[str, Array]
    x: Array  # (T, B, D)
    states: dict[str, Array]  # (B, H) each, in the order in which the cell takes them
    dh: Array  # (T, B, H)
    forward_alone: bool = False  # no backward pass: `dh` is not used


def draw(cell: str, dtype: str, size: Size, seed: int = 0, *, forward_alone: bool = False) -> Case:
    """A case with numbers of the magnitude that training has: weights of about 1/sqrt(H), all else of about 1."""
    rng = np.random.default_rng(seed)
    kind = np.dtype(dtype)

    def normal(*shape: int) -> Array:
        drawn = rng.standard_normal(shape).astype(kind)
        drawn.flags.writeable = False
        return drawn

    T, B, D, H = size.T, size.B, size.D, size.H
    module = lstmref.cell(cell)
    scale = kind.type(1 / np.sqrt(H))
    params = {}
    for name, shape in module.parameter_shapes(D, H).items():
        params[name] = normal(*shape) * scale
        params[name].flags.writeable = False
    states = {name: normal(B, H) for name in module.STATES}
    return Case(cell, kind, size, params, normal(T, B, D), states, normal(T, B, H), forward_alone)


# More than any contestant needs at once, as multiples of all h.
AT_ONCE = 12


def touch_memory(size: Size, dtype: np.dtype[Any]) -> None:
    """Take as much memory as a pass needs, write to it, and give it back.

    Memory that is free for a while the host of a virtual machine may take away, and to get it back takes longer than
    a pass does. After a contestant that needs little that time would fall to whoever comes next.
    """
    np.ones(AT_ONCE * size.T * size.B * size.H, dtype)
