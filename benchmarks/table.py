"""The tables as text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import targets
from benchmarks.record import Growth, Record, Speed
from benchmarks.settings import ACCELERATED, CELLS, OURS

# What each target is about, in words.
TARGETS = {
    "torch": "LSTM, one thread: time / PyTorch's, worst setting, at most",
    "mean": "LSTM, one thread: time / PyTorch's, geometric mean, at most",
    "forward": "LSTM, one thread, forward alone: time / PyTorch's, worst setting, at most",
    "products": f"LSTM, one thread, H >= {targets.LARGE_H}: time / matrix products alone, worst setting, at most",
    "loop": "LSTM, one thread, B = 1: loop's time / ours, worst setting, at least",
    "memory": "peak of memory / cache, worst setting, at most",
}


def text(record: Record) -> str:
    """All tables. A star marks what is beyond its target."""
    return "\n".join(
        [*_about(record), *_speed(record), *_memory(record), *_growth(record), *_targets(record)]
    )


def _about(record: Record) -> Iterator[str]:
    machine = record.machine
    yield f"{machine.processor}, {machine.cores} cores, {machine.memory / 2**30:.1f} GiB, {machine.system}"
    yield ", ".join(f"{name} {version}" for name, version in record.versions.items())
    yield f"{record.date}, {record.plan} run of {record.seconds:.0f} s, load before it {machine.load:.2f}"


def _speed(record: Record) -> Iterator[str]:
    both = [(cell, record.speed, "forward and backward") for cell in CELLS]
    alone = [(cell, record.forward, "forward alone") for cell in CELLS]
    for cell, every, passes in both + alone:
        rows = [one for one in every if one.cell == cell]
        for ours, of in ((OURS, targets.plain), (ACCELERATED, targets.accelerated)):
            mine = [one for one in rows if of(one)]
            if not mine:
                continue
            yield f"\n{cell}, {ours}: {passes}, milliseconds (median), and ratios"
            yield (
                f"{'(T, B, D, H)':>20} {'dtype':>8} {'threads':>7} {ours:>10} {'torch':>10} "
                f"{'/ torch':>9} {'/ products':>11} {'loop /':>8}"
            )
            yield from (_row(one, ours, of) for one in mine)
            for threads in sorted({one.threads for one in mine}):
                mean = targets.mean_ratio((one for one in mine if one.threads == threads), of)
                yield f"{'geometric mean':>29} {threads:>7} {'':>21} {mean:>9.2f}"


def _row(one: Speed, ours: str, of: targets.Ratios) -> str:
    ratios, loop = of(one), ""
    if "loop" in ratios:
        loop = f"{targets.faster_than_loop(one, of):7.1f}{_star(targets.loop(one, of))}"
    return (
        f"{one.size!s:>20} {one.dtype:>8} {one.threads:>7} "
        f"{1e3 * one.times[ours].median:>10.3f} {1e3 * one.times['torch'].median:>10.3f} "
        f"{ratios['torch'].median:>8.2f}{_star(targets.torch(one, of))} "
        f"{ratios['products'].median:>10.2f}{_star(targets.products(one, of))} {loop:>8}"
    ).rstrip()


def _star(within: bool | None) -> str:
    return "*" if within is False else " "


def _memory(record: Record) -> Iterator[str]:
    yield "\nmemory, MiB: peak of a pass, cache, returned; peak / cache; (peak - returned) / cache"
    for one in record.memory:
        sizes = " ".join(f"{size / 2**20:>9.2f}" for size in (one.peak, one.cache, one.returned))
        ratio = f"{one.ratio:>6.2f}{_star(targets.memory(one))}{one.ratio_of_work:>7.2f}"
        yield f"{one.size!s:>20} {one.dtype:>8} {one.cell:>10} {sizes} {ratio}"


def _growth(record: Record) -> Iterator[str]:
    for one in record.growth:
        fixed = ", ".join(f"{name} = {size}" for name, size in one.fixed.items())
        yield f"\ngrowth over {one.axis}: {one.cell} {one.dtype}, one thread, {fixed}"
        for size, time in zip(one.sizes, one.times, strict=True):
            each = f"  {1e6 * time.median / size:>9.2f} µs a step" if one.axis == "T" else ""
            yield f"{size:>10} {1e3 * time.median:>12.3f} ms{each}"
        yield f"  time ~ {one.axis}^{one.power.exponent:.3f}, R² {one.power.r2:.4f}; " + _tail(one)
        terms = [
            f"{1e6 * value:.3g} {_power(one.axis, k)}".strip()
            for k, value in enumerate(one.polynomial.coefficients)
        ]
        yield f"  time ~ {' + '.join(terms)} µs, off by {100 * one.polynomial.deviation:.0f} % at most"


def _tail(one: Growth) -> str:
    return f"of the largest sizes {one.axis}^{one.tail.exponent:.3f}"


def _power(axis: str, exponent: int) -> str:
    return ("", axis, f"{axis}²")[exponent]


def _targets(record: Record) -> Iterator[str]:
    by_default = [*targets.judge(record), *targets.judge_memory(record)]
    for title, verdicts in (
        ("targets", by_default),
        ("targets, with compiled loops", targets.judge(record, targets.accelerated)),
    ):
        yield f"\n{title}"
        for one in verdicts:
            met = "met" if one.is_met else f"NOT met, {one.met} of {one.of}"
            yield f"{TARGETS[one.name]} {one.limit:g}: {one.value:.2f}, {met}"
