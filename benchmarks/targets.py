"""What the speed and the memory of the reference ought to be, and whether a record is there.

The targets of speed are judged twice: for the passes as they are by default, `plain`, and for those with compiled
loops, `accelerated`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from benchmarks.record import Record, Speed, Usage
from benchmarks.timing import Summary

# One LSTM on one thread, times PyTorch's time: in every setting, and as the geometric mean of all.
RATIO_TO_TORCH, MEAN_RATIO_TO_TORCH = 1.0, 0.6
# Its forward pass alone, which PyTorch has written for it.
FORWARD_RATIO_TO_TORCH = 1.2
# Times the time of the matrix products alone, where these are large enough to count.
RATIO_TO_PRODUCTS, LARGE_H = 1.3, 256
# A loop over steps and gates takes so many times our time, with a batch of one.
RATIO_OF_LOOP = 5.0
# Peak of memory, times the cache.
PEAK_TO_CACHE = 1.5


Ratios = Callable[[Speed], Mapping[str, Summary]]


def plain(speed: Speed) -> Mapping[str, Summary]:
    """The ratios of the passes by default."""
    return speed.ratios


def accelerated(speed: Speed) -> Mapping[str, Summary]:
    """The ratios of the passes with compiled loops; empty where a cell has none."""
    return speed.accelerated


@dataclass(frozen=True)
class Verdict:
    """A target, the value that counts (the worst of all settings, or their mean), and how many settings meet it."""

    name: str
    limit: float
    value: float
    met: int
    of: int

    @property
    def is_met(self) -> bool:
        """Whether every setting meets it."""
        return self.met == self.of


def torch(speed: Speed, of: Ratios = plain) -> bool | None:
    """Whether a row is within its target beside PyTorch; None where it has none."""
    limit = FORWARD_RATIO_TO_TORCH if speed.forward_alone else RATIO_TO_TORCH
    return of(speed)["torch"].median <= limit if _counts(speed, of) else None


def products(speed: Speed, of: Ratios = plain) -> bool | None:
    """Whether a row is within its target beside the matrix products; None where it has none."""
    large = _counts(speed, of) and not speed.forward_alone and speed.size.H >= LARGE_H
    return of(speed)["products"].median <= RATIO_TO_PRODUCTS if large else None


def loop(speed: Speed, of: Ratios = plain) -> bool | None:
    """Whether a row is within its target beside the loop; None where it has none."""
    single = _counts(speed, of) and not speed.forward_alone and speed.size.B == 1
    return faster_than_loop(speed, of) >= RATIO_OF_LOOP if single else None


def memory(usage: Usage) -> bool:
    """Whether a peak is within its target."""
    return usage.ratio <= PEAK_TO_CACHE


def faster_than_loop(speed: Speed, of: Ratios = plain) -> float:
    """How many times our time the loop takes."""
    return 1 / of(speed)["loop"].median


def mean_ratio(speeds: Iterable[Speed], of: Ratios = plain) -> float:
    """The geometric mean of the ratios to PyTorch. Raises ValueError if there is none."""
    logs = [math.log(of(one)["torch"].median) for one in speeds]
    if not logs:
        raise ValueError("expected one row or more, got none")
    return math.exp(sum(logs) / len(logs))


def judge(record: Record, of: Ratios = plain) -> list[Verdict]:
    """All targets of speed of which the record has a setting."""
    ours = [one for one in record.speed if _counts(one, of)]
    worst = [
        _worst("torch", RATIO_TO_TORCH, ours, of, torch, lambda one: of(one)["torch"].median),
        _worst("products", RATIO_TO_PRODUCTS, ours, of, products, lambda one: of(one)["products"].median),
        _worst("loop", RATIO_OF_LOOP, ours, of, loop, lambda one: faster_than_loop(one, of), worst=min),
    ]
    found = [one for one in worst if one is not None]
    if ours:
        mean = mean_ratio(ours, of)
        found.insert(1, Verdict("mean", MEAN_RATIO_TO_TORCH, mean, int(mean <= MEAN_RATIO_TO_TORCH), 1))
    alone = [one for one in record.forward if _counts(one, of)]
    limit = FORWARD_RATIO_TO_TORCH
    verdict = _worst("forward", limit, alone, of, torch, lambda one: of(one)["torch"].median)
    return [*found, verdict] if verdict else found


def judge_memory(record: Record) -> list[Verdict]:
    """The target of memory, if the record has a setting."""
    if not record.memory:
        return []
    met = sum(memory(one) for one in record.memory)
    peak = max(one.ratio for one in record.memory)
    return [Verdict("memory", PEAK_TO_CACHE, peak, met, len(record.memory))]


def _counts(speed: Speed, of: Ratios) -> bool:
    """The targets of speed are those of the LSTM on one thread."""
    return speed.cell == "lstm" and speed.threads == 1 and bool(of(speed))


def _worst(
    name: str,
    limit: float,
    speeds: Iterable[Speed],
    of: Ratios,
    within: Callable[[Speed, Ratios], bool | None],
    value: Callable[[Speed], float],
    worst: Callable[[Iterable[float]], float] = max,
) -> Verdict | None:
    verdicts = [(one, within(one, of)) for one in speeds]
    judged = [(one, met) for one, met in verdicts if met is not None]
    if not judged:
        return None
    return Verdict(
        name, limit, worst(value(one) for one, _ in judged), sum(met for _, met in judged), len(judged)
    )
