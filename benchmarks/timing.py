"""Times things that take turns, so that a machine that is slow for a while is slow for all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.settings import Effort

Run = Callable[[], object]
Clock = Callable[[], float]
# A sample lasts at least so long, in seconds: what is quicker is called several times and its mean is the sample.
SAMPLE = 0.005
# Threads of one BLAS keep spinning for a while after their work is done, which would slow the next one's turn.
PAUSE = 0.03


@dataclass(frozen=True)
class Summary:
    """Some numbers in short: the least, the quartiles around the median, the most."""

    least: float
    q1: float
    median: float
    q3: float
    most: float


def summary(values: Sequence[float]) -> Summary:
    """The summary of one number or more.

    >>> summary([3.0, 1.0, 2.0, 5.0, 4.0])
    Summary(least=1.0, q1=2.0, median=3.0, q3=4.0, most=5.0)
    """
    if len(values) == 1:
        return Summary(*[values[0]] * 5)
    q1, median, q3 = statistics.quantiles(values, n=4, method="inclusive")
    return Summary(min(values), q1, median, q3, max(values))


def ratios(ones: Sequence[float], others: Sequence[float]) -> Summary:
    """How many times the others' time the ones take, round by round: neighbours in time are divided.

    >>> ratios([2.0, 40.0, 6.0], [1.0, 10.0, 3.0]).median
    2.0
    """
    return summary([one / other for one, other in zip(ones, others, strict=True)])


def take_turns(
    runs: Mapping[str, Run],
    effort: Effort,
    *,
    before: Run = lambda: None,
    pause: float = 0.0,
    clock: Clock = time.perf_counter,
    sleep: Callable[[float], object] = time.sleep,
) -> dict[str, list[float]]:
    """Seconds that one call of each run takes, a list of samples each: in every round each has one turn, in order.

    The first call of each is not counted. Before each turn `before` is called, there is a pause of so many seconds,
    and where a turn has several calls one that is not counted.
    """
    calls = {name: _calls(run, clock) for name, run in runs.items()}
    samples: dict[str, list[float]] = {name: [] for name in runs}
    begin = clock()
    rounds = 0
    while rounds < effort.least or (rounds < effort.most and clock() - begin < effort.seconds):
        for name, run in runs.items():
            before()
            if pause:
                sleep(pause)
            if calls[name] > 1:
                run()
            start = clock()
            for _ in range(calls[name]):
                run()
            samples[name].append((clock() - start) / calls[name])
        rounds += 1
    return samples


def _calls(run: Run, clock: Clock) -> int:
    """How many calls make a sample."""
    start = clock()
    run()
    return max(1, round(SAMPLE / max(clock() - start, 1e-9)))
