"""One process with a fixed number of threads: reads a plan from stdin, measures, writes what it found to stdout.

The number must be set before a BLAS is loaded, hence a process of its own; `benchmarks.start` starts it.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import torch

from benchmarks import agreement, loop, memory, products, pytorch, reference
from benchmarks.case import Case, draw, touch_memory
from benchmarks.contestant import Contestant
from benchmarks.fit import polynomial, power
from benchmarks.machine import check_threads
from benchmarks.settings import (
    ACCELERATED,
    CELLS,
    CONTESTANTS,
    DTYPES,
    GROWTH_CELL,
    GROWTH_DTYPE,
    OURS,
    TAIL,
    Effort,
    Plan,
    Series,
    Size,
)
from benchmarks.timing import PAUSE, ratios, summary, take_turns

Prepare = Callable[[Case], Contestant]
Data = dict[str, Any]
PREPARE: dict[str, Prepare] = {
    OURS: reference.prepare,
    ACCELERATED: reference.prepare_accelerated,
    "torch": pytorch.prepare,
    "products": products.prepare,
    "loop": loop.prepare,
}


def compare(
    cell: str, dtype: str, size: Size, threads: int, effort: Effort, *, forward_alone: bool = False
) -> Data:
    """One row of the tables of speed. Raises DisagreementError before anything is timed."""
    case = draw(cell, dtype, size, forward_alone=forward_alone)
    contestants = {name: PREPARE[name](case) for name in CONTESTANTS[cell]}
    computed = {name: one.named(one.run()) for name, one in contestants.items() if one.named}
    expected = computed.pop(OURS)
    worst = max(agreement.deviation(name, found, expected, case.dtype) for name, found in computed.items())
    del computed, expected
    gc.collect()
    samples = take_turns(
        {name: one.run for name, one in contestants.items()},
        effort,
        before=lambda: touch_memory(size, case.dtype),
        pause=PAUSE if threads > 1 else 0.0,
    )
    others = [name for name in samples if name not in (OURS, ACCELERATED)]

    def compared(name: str) -> Data:
        return {other: asdict(ratios(samples[name], samples[other])) for other in others if name in samples}

    return {
        "cell": cell,
        "dtype": dtype,
        "threads": threads,
        "size": asdict(size),
        "rounds": len(samples[OURS]),
        "deviation": worst,
        "times": {name: asdict(summary(one)) for name, one in samples.items()},
        "ratios": compared(OURS),
        "accelerated": compared(ACCELERATED),
    }


def grow(series: Series, effort: Effort) -> Data:
    """How the time of one pass grows along a series of sizes, which take turns; and the laws that fit."""
    runs = {
        str(value): reference.prepare(draw(GROWTH_CELL, GROWTH_DTYPE, series.size(value))).run
        for value in series.values
    }
    samples = take_turns(runs, effort)
    points = [summary(samples[str(value)]) for value in series.values]
    sizes, times = list(map(float, series.values)), [one.median for one in points]
    return {
        "axis": series.axis,
        "cell": GROWTH_CELL,
        "dtype": GROWTH_DTYPE,
        "fixed": {name: size for name, size in asdict(series.fixed).items() if name != series.axis},
        "points": [{"size": value, **asdict(one)} for value, one in zip(series.values, points, strict=True)],
        "power": asdict(power(sizes, times)),
        "tail": asdict(power(sizes[-TAIL:], times[-TAIL:])),
        "polynomial": asdict(polynomial(sizes, times, series.degree)),
    }


def measure(plan: Plan, threads: int, say: Callable[[str], object]) -> Data:
    """All that is measured with so many threads; memory and growth with one thread only."""
    begin = time.monotonic()

    def effort(planned: Effort) -> Effort:
        late = time.monotonic() - begin > plan.deadline
        return replace(planned, seconds=0.0, least=min(2, planned.least)) if late else planned

    found: Data = {"speed": [], "forward": [], "memory": [], "growth": []}
    for size in plan.sizes:
        for cell in CELLS:
            for dtype in DTYPES:
                for rows, alone in (("speed", False), ("forward", True)):
                    row = compare(cell, dtype, size, threads, effort(plan.effort), forward_alone=alone)
                    found[rows].append(row)
                if threads == 1:
                    used = asdict(memory.measure(draw(cell, dtype, size)))
                    found["memory"].append({"cell": cell, "dtype": dtype, "size": asdict(size), **used})
                say(f"{threads} thread{'s'[: threads - 1]}, {cell} {dtype} {size}")
    if threads == 1:
        for series in plan.growth:
            found["growth"].append(grow(series, effort(plan.growth_effort)))
            say(f"growth over {series.axis}")
    return found


def main() -> None:
    """Reads {"plan": …, "threads": n} from stdin; says on stderr how far it is."""
    asked = json.load(sys.stdin)
    threads = int(asked["threads"])
    torch.set_num_threads(threads)
    check_threads(threads)
    gc.disable()
    found = measure(
        Plan.from_json(asked["plan"]), threads, lambda text: print(text, file=sys.stderr, flush=True)
    )
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
