"""What the speed and the memory of the reference ought to be, and whether a record is there."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks.record import Record, Speed, Usage

# One LSTM on one thread, times PyTorch's time: in every setting, and as the geometric mean of all.
RATIO_TO_TORCH, MEAN_RATIO_TO_TORCH = 1.0, 0.6
# Times the time of the matrix products alone, where these are large enough to count.
RATIO_TO_PRODUCTS, LARGE_H = 1.3, 256
# A loop over steps and gates takes so many times our time, with a batch of one.
RATIO_OF_LOOP = 5.0
# Peak of memory, times the cache.
PEAK_TO_CACHE = 1.5


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


def torch(speed: Speed) -> bool | None:
    """Whether a row is within its target beside PyTorch; None where it has none."""
    return None if not _counts(speed) else speed.ratios["torch"].median <= RATIO_TO_TORCH


def products(speed: Speed) -> bool | None:
    """Whether a row is within its target beside the matrix products; None where it has none."""
    large = _counts(speed) and speed.size.H >= LARGE_H
    return speed.ratios["products"].median <= RATIO_TO_PRODUCTS if large else None


def loop(speed: Speed) -> bool | None:
    """Whether a row is within its target beside the loop; None where it has none."""
    single = _counts(speed) and speed.size.B == 1
    return faster_than_loop(speed) >= RATIO_OF_LOOP if single else None


def memory(usage: Usage) -> bool:
    """Whether a peak is within its target."""
    return usage.ratio <= PEAK_TO_CACHE


def faster_than_loop(speed: Speed) -> float:
    """How many times our time the loop takes."""
    return 1 / speed.ratios["loop"].median


def mean_ratio(speeds: Iterable[Speed], name: str = "torch") -> float:
    """The geometric mean of the ratios. Raises ValueError if there is none."""
    logs = [math.log(one.ratios[name].median) for one in speeds]
    if not logs:
        raise ValueError("expected one row or more, got none")
    return math.exp(sum(logs) / len(logs))


def judge(record: Record) -> list[Verdict]:
    """All targets of which the record has a setting."""
    ours = [one for one in record.speed if _counts(one)]
    found = [_worst("torch", RATIO_TO_TORCH, ours, torch, lambda one: one.ratios["torch"].median)]
    if ours:
        mean = mean_ratio(ours)
        found.append(Verdict("mean", MEAN_RATIO_TO_TORCH, mean, int(mean <= MEAN_RATIO_TO_TORCH), 1))
    found.append(
        _worst("products", RATIO_TO_PRODUCTS, ours, products, lambda one: one.ratios["products"].median)
    )
    found.append(_worst("loop", RATIO_OF_LOOP, ours, loop, faster_than_loop, worst=min))
    peaks = [one.ratio for one in record.memory]
    if peaks:
        met = sum(memory(one) for one in record.memory)
        found.append(Verdict("memory", PEAK_TO_CACHE, max(peaks), met, len(peaks)))
    return [one for one in found if one is not None]


def _counts(speed: Speed) -> bool:
    """The targets of speed are those of the LSTM on one thread."""
    return speed.cell == "lstm" and speed.threads == 1


def _worst(
    name: str,
    limit: float,
    speeds: Iterable[Speed],
    within: Callable[[Speed], bool | None],
    value: Callable[[Speed], float],
    worst: Callable[[Iterable[float]], float] = max,
) -> Verdict | None:
    judged = [one for one in speeds if within(one) is not None]
    if not judged:
        return None
    return Verdict(
        name, limit, worst(map(value, judged)), sum(bool(within(one)) for one in judged), len(judged)
    )
