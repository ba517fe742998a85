"""What a cell is run on: sizes and random arguments, none of them zero or alike, with a cotangent on every output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tests.judges.shape import Axes, Shape, Table

Array = npt.NDArray[np.float64]
Named = dict[str, Array]


@dataclass(frozen=True)
class Sizes:
    """How many steps, samples, and of everything that a letter stands for: ``Sizes(4, 2, D=3, H=5)["H"]`` is 5.

    Raises:
        KeyError: there is no size of a letter that is asked for; the message names those there are.
    """

    T: int
    B: int
    letters: tuple[tuple[str, int], ...]

    def __init__(self, T: int, B: int, **letters: int) -> None:
        object.__setattr__(self, "T", T)
        object.__setattr__(self, "B", B)
        object.__setattr__(self, "letters", tuple(letters.items()))

    @property
    def of(self) -> dict[str, int]:
        """Every size by its letter."""
        return dict(self.letters)

    def __getitem__(self, letter: str) -> int:
        if letter not in self.of:
            raise KeyError(f"size {letter}: expected one of {', '.join(self.of)}")
        return self.of[letter]

    def array(self, axes: Axes) -> tuple[int, ...]:
        """The shape of an array with these axes."""
        return tuple(self[letter] for letter in axes)


class Example(NamedTuple):
    """Arguments of a run over T steps, and the loss as its cotangents on what the run gives.

    inputs, data: (T, B, *axes) each. constants: (*axes) each. initial, final: by state, (B, *axes) each; final is the
    cotangent on the state after the last step. loss: by output, (T, B, *axes), the cotangent on it at every step.
    """

    sizes: Sizes
    params: Named
    inputs: Named
    initial: Named
    loss: Named
    final: Named
    data: Named = {}  # noqa: RUF012  (a NamedTuple's default; nobody writes to it)
    constants: Named = {}  # noqa: RUF012

    @property
    def given(self) -> Named:
        """What every step is given from outside, (T, B, *axes) each."""
        return {**self.inputs, **self.data}

    @property
    def constant(self) -> Named:
        """What is the same in all steps and samples: parameters and what is given once."""
        return {**self.params, **self.constants}

    def at(self, t: int) -> Named:
        """What step t, counted from 1, is given from outside, (B, *axes) each."""
        return {name: values[t - 1] for name, values in self.given.items()}


# Sizes of letters beside D and H; none of these is ever D or H below.
OTHERS = (5, 6, 7, 8, 9)


def lettered(T: int, B: int, letters: Iterable[str], D: int, H: int) -> Sizes:
    """Sizes of a cell's letters: D and H, or of what comes first in a cell without them; the others differ."""
    letters, known = tuple(letters), {"D": D, "H": H}
    if not known.keys() & set(letters):
        known = dict(zip(letters, (D, H), strict=False))
    others = (n for n in OTHERS if n not in (D, H))
    return Sizes(T, B, **{letter: known[letter] if letter in known else next(others) for letter in letters})


def draw_sizes(rng: np.random.Generator, letters: Iterable[str] = ("D", "H")) -> Sizes:
    """T >= 3, B >= 2 and no two sizes alike, as each published slip survives a weaker check.

    D may be 1, every other size is 2 at least, so that gradients have several entries: a single one may cancel nearly
    to zero, and rounding alone would then exceed a relative tolerance.
    """
    letters = tuple(letters)
    T, B = int(rng.integers(3, 6)), int(rng.integers(2, 4))
    pool = rng.permutation(np.arange(2, 5 + max(0, len(letters) - 2)))[: len(letters)]
    sizes = {letter: int(n) for letter, n in zip(letters, pool, strict=True)}
    if len(letters) > 1 and "D" in sizes and rng.random() < 0.25:
        sizes["D"] = 1
    return Sizes(T, B, **sizes)


def draw(
    rng: np.random.Generator, sizes: Sizes, parameters: Mapping[str, tuple[int, ...]], shape: Shape
) -> Example:
    """Normal numbers; weights wide enough that 1 − tanh² and σ (1 − σ) are far from constant.

    Wider ones would saturate whole vectors of tanh, and 1 − tanh² would then have lost its digits in both programs.
    """
    normal = partial(rng.normal, 0.0, 0.6)

    def each(table: Table, *front: int) -> Named:
        return {name: np.asarray(normal((*front, *sizes.array(axes)))) for name, axes in table.items()}

    T, B = sizes.T, sizes.B
    return Example(
        sizes,
        {name: np.asarray(normal(of)) for name, of in parameters.items()},
        each(shape.inputs, T, B),
        each(shape.states, B),
        each(shape.outputs, T, B),
        each(shape.states, B),
        each(shape.data, T, B),
        each(shape.constants),
    )


def mapped(example: Example, change: Any) -> Example:
    """The example with a function applied to every array in it."""
    named: dict[str, Any] = {
        name: {key: change(value) for key, value in getattr(example, name).items()}
        for name in Example._fields
        if name != "sizes"
    }
    return example._replace(**named)
