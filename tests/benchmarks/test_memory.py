"""Memory: what can be reached counts once, and a peak is found where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

import lstmref
from benchmarks.case import draw
from benchmarks.memory import measure, nbytes
from benchmarks.settings import Size

WHOLE = np.zeros((10, 10))  # 800 bytes


class Pair(NamedTuple):
    first: object
    second: object


@dataclass
class Holder:
    held: object


class Slotted:
    __slots__ = ("empty", "held")

    def __init__(self, held: object) -> None:
        self.held = held


@pytest.mark.parametrize(
    ("thing", "expected"),
    [
        (WHOLE, 800),
        (WHOLE[2:3], 800),  # a view keeps all of it alive
        (WHOLE.T[1:][::2], 800),
        ([WHOLE, WHOLE.T, (WHOLE[0],)], 800),
        ([WHOLE, WHOLE.copy()], 1600),
        (Pair({"a": WHOLE}, Holder(np.zeros(5, np.float32))), 820),
        (Slotted(Holder([WHOLE])), 800),
        ({"n": 3, "s": "text", "none": None, "kind": np.float32}, 0),
    ],
)
def test_bytes_that_can_be_reached(thing: object, expected: int) -> None:
    assert nbytes(thing) == expected


def test_a_circle_ends() -> None:
    circle: list[Any] = [WHOLE]
    circle.append(circle)
    assert nbytes(circle) == 800


class Hungry:
    """A cell whose backward pass needs 3 MB for a moment, beside a cache of 2 MB and a gradient of 1 MB."""

    STATES = ("h", "c")

    @staticmethod
    def forward(params: Any, x: Any, h_0: Any, c_0: Any) -> tuple[Any, Any]:
        return Holder(None), [np.zeros(2_000_000, np.uint8)]

    @staticmethod
    def backward(cotangents: Any, cache: Any) -> dict[str, Any]:
        gradient = np.ones(1_000_000, np.uint8)
        for_a_moment = np.ones(3_000_000, np.uint8)
        gradient += for_a_moment[:1_000_000]
        return {"x": gradient}


def test_the_peak_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    case = draw("lstm", "float64", Size(2, 1, 2, 2))
    monkeypatch.setattr(lstmref, "cell", lambda name: Hungry)
    found = measure(case)
    assert (found.cache, found.returned) == (2_000_000, 1_000_000)
    assert found.peak == pytest.approx(6_000_000, rel=0.01)


@pytest.mark.parametrize("cell", ["lstm", "gru-after"])
def test_the_reference_holds_its_cache_and_what_it_returns(cell: str) -> None:
    found = measure(draw(cell, "float32", Size(50, 8, 16, 32)))
    assert found.peak > found.cache + found.returned / 2
    assert found.peak < 10 * found.cache
    # At least the gates, the states, the input: K + H + D numbers of four bytes a step and sequence.
    assert found.cache > 50 * 8 * (3 * 32 + 32 + 16) * 4
