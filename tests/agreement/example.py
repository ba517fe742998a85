"""What a cell is run on: sizes and random arguments, none of them zero or alike, with a cotangent on every output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
ShapeTable = Mapping[str, tuple[int, ...]]


class Sizes(NamedTuple):
    """How many steps, samples, inputs and hidden units."""

    T: int
    B: int
    D: int
    H: int


class Example(NamedTuple):
    """Arguments of a run over T steps, and the loss as its cotangents on what the run gives."""

    sizes: Sizes
    params: dict[str, Array]
    x: Array  # (T, B, D)
    initial: dict[str, Array]  # by state, (B, H) each
    loss: Array  # (T, B, H), the cotangent on the output of every step
    final: dict[str, Array]  # by state, (B, H) each, the cotangent on the state after the last step


def draw_sizes(rng: np.random.Generator) -> Sizes:
    """T >= 3, B >= 2 and D != H, as each published slip survives a weaker check.

    H >= 2 gives every gradient several entries: a single one may cancel nearly to zero, and rounding alone would
    then exceed a relative tolerance.
    """
    T, B, H = int(rng.integers(3, 6)), int(rng.integers(2, 4)), int(rng.integers(2, 5))
    D = int(rng.choice([n for n in range(1, 5) if n != H]))
    return Sizes(T, B, D, H)


def draw(rng: np.random.Generator, sizes: Sizes, shapes: ShapeTable, states: tuple[str, ...]) -> Example:
    """Normal numbers; weights wide enough that 1 − tanh² and σ (1 − σ) are far from constant.

    Wider ones would saturate whole vectors of tanh, and 1 − tanh² would then have lost its digits in both programs.
    """
    T, B, D, H = sizes

    def normal(*shape: int) -> Array:
        return rng.normal(0.0, 0.6, shape)

    return Example(
        sizes,
        {name: normal(*shape) for name, shape in shapes.items()},
        normal(T, B, D),
        {name: normal(B, H) for name in states},
        normal(T, B, H),
        {name: normal(B, H) for name in states},
    )
