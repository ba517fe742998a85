"""On what a gradient check is run: a strong configuration, and weaker ones as they are found in practice.

Each weaker one takes one thing away from the strong one, so that what it misses is missed for that reason. Some take
away several: what one of them misses alone, and what only both together miss, are different lessons.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from zlib import crc32

import numpy as np

from tests.judges.example import Array, Example, Sizes, draw, lettered
from tests.judges.shape import Shape


@dataclass(frozen=True)
class Configuration:
    """Sizes, numbers and tolerance of one gradient check.

    Attributes:
        T, B, D, H: how many steps, samples, inputs and hidden units.
        initial_state: whether the initial states are random; else zero.
        distinct_gates: whether every gate has weights of its own; else all start from the same.
        loss_at_every_step: whether the loss reads the output of every step; else of the last alone.
        final_cotangents: whether a cotangent arrives on the final states from outside; else zero.
        weight_scale: what the drawn parameters (standard deviation 0.6) are multiplied by.
        rtol, atol: a gradient passes if the norm of its error is at most rtol times its norm plus atol times
            the square root of its number of entries.
    """

    name: str
    T: int = 4
    B: int = 3
    D: int = 3
    H: int = 4
    initial_state: bool = True
    distinct_gates: bool = True
    loss_at_every_step: bool = True
    final_cotangents: bool = True
    weight_scale: float = 1.0
    rtol: float = 1e-7
    atol: float = 0.0

    def sizes(self, letters: Iterable[str] = ("D", "H")) -> Sizes:
        """A size for each letter of a cell: D and H, or what comes first in a cell without them; no others alike."""
        return lettered(self.T, self.B, letters, self.D, self.H)

    def record(self) -> dict[str, Any]:
        """For the report."""
        return asdict(self)


STRONG = Configuration("strong")
# Each takes one thing away.
ONE_STEP = Configuration("T=1", T=1)
ONE_SAMPLE = Configuration("batch 1", B=1)
SQUARE = Configuration("D=H", D=4)
ZERO_STATE = Configuration("zero initial state", initial_state=False)
SAME_GATES = Configuration("identical gates", distinct_gates=False)
NO_FINAL = Configuration("no final cotangents", final_cotangents=False)
LAST_LOSS = Configuration("loss at the last step", loss_at_every_step=False)
LOOSE = Configuration("tolerance 1e-3", rtol=1e-3)
TINY = Configuration("tiny weights", weight_scale=1e-3)
FLOAT32 = Configuration(
    "float32 tolerance", rtol=1.3e-6, atol=1e-5
)  # what torch.testing.assert_close grants float32
SINGLE = (ONE_STEP, ONE_SAMPLE, SQUARE, ZERO_STATE, SAME_GATES, NO_FINAL, LAST_LOSS, LOOSE, TINY, FLOAT32)


def combined(name: str, *parts: Configuration) -> Configuration:
    """The strong configuration with everything taken away that any of the parts takes away."""
    weaker: dict[str, Any] = {}
    for part in parts:
        weaker |= {key: value for key, value in asdict(part).items() if value != getattr(STRONG, key)}
    return replace(STRONG, **weaker | {"name": name})


TUTORIAL = combined("usual tutorial check", ONE_STEP, ONE_SAMPLE, ZERO_STATE, NO_FINAL, LAST_LOSS)
SEVERAL = (
    combined("T=1, no final cotangents", ONE_STEP, NO_FINAL),
    combined("T=1, zero initial state", ONE_STEP, ZERO_STATE),
    combined("tiny weights, tolerance 1e-3", TINY, LOOSE),
    combined("tiny weights, float32 tolerance", TINY, FLOAT32),
    TUTORIAL,
)
WEAKENED = SINGLE + SEVERAL
CONFIGURATIONS = (STRONG, *WEAKENED)


def configuration(name: str) -> Configuration:
    """The configuration of this name.

    Raises:
        KeyError: there is none; the message names those there are.
    """
    for c in CONFIGURATIONS:
        if c.name == name:
            return c
    raise KeyError(
        f"configuration: expected one of {', '.join(c.name for c in CONFIGURATIONS)}, got {name!r}"
    )


def example(
    cell: str,
    c: Configuration,
    parameters: Mapping[str, tuple[int, ...]],
    shape: Shape,
    letters: Iterable[str] = ("D", "H"),
    seed: int = 0,
) -> Example:
    """The arguments of a run: the same numbers each time for the same cell, sizes and seed, then weakened."""
    rng = np.random.default_rng([crc32(cell.encode()), seed])
    drawn = draw(rng, c.sizes(letters), parameters, shape)
    params = drawn.params if c.distinct_gates else _alike(drawn.params)
    return drawn._replace(
        params={name: c.weight_scale * p for name, p in params.items()},
        initial=drawn.initial if c.initial_state else _zero(drawn.initial),
        loss=drawn.loss if c.loss_at_every_step else {o: _last_alone(v) for o, v in drawn.loss.items()},
        final=drawn.final if c.final_cotangents else _zero(drawn.final),
    )


def _alike(params: dict[str, Array]) -> dict[str, Array]:
    """The first of each letter and shape for all of them: what reseeding inside the initialiser does."""
    first: dict[tuple[str, tuple[int, ...]], Array] = {}
    return {name: first.setdefault((name.partition("_")[0], p.shape), p) for name, p in params.items()}


def _zero(states: dict[str, Array]) -> dict[str, Array]:
    return {name: np.zeros_like(s) for name, s in states.items()}


def _last_alone(loss: Array) -> Array:
    last = np.zeros_like(loss)
    last[-1] = loss[-1]
    return last
