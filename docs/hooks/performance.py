"""What `make bench` measured, as tables and plots. Every number comes from the record; the targets judge it here.

Not named `benchmarks`: MkDocs puts this folder before all others while it loads the hook, and would take this for that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup

from benchmarks import record, targets
from benchmarks.record import Growth, Record, RecordError, Speed
from benchmarks.settings import ACCELERATED, OURS, TAIL
from docs.hooks import measured, plot
from docs.hooks.view import View
from docs.hooks.words import Words

FILE = Path("benchmarks", "latest.json")
# Behind the name of a cell, asks for its forward pass alone; behind that, for its compiled loops.
FORWARD, SUFFIX = "-forward", "-accelerated"
RATIOS = {OURS: targets.plain, ACCELERATED: targets.accelerated}
# How many points a fitted curve is drawn through.
CURVE = 48


class PartError(ValueError):
    """A marker that asks for a part which the record does not have."""


def part(view: View, name: str) -> Markup:
    """One part of the record: `targets`, `memory`, `growth`, `machine`, the speed of a cell by its name, or, with
    `-forward` after it, that of its forward pass alone, and with `-accelerated` that of its compiled loops.

    Raises `RecordError` when the record is damaged, `PartError` when it has no such part.
    """
    path = view.site.project / FILE
    if not path.exists():
        return measured.not_run(view)
    known = _load(path, path.stat().st_mtime_ns)
    if name in PARTS:
        return PARTS[name](view, known)
    speeds = _by_cell(known)
    if name not in speeds:
        raise PartError(f"{name}: expected {', '.join([*PARTS, *speeds])}")
    return _speed(view, speeds[name], ACCELERATED if name.endswith(SUFFIX) else OURS)


def _by_cell(known: Record) -> dict[str, list[Speed]]:
    """The rows of each cell under its name, and once more, with a suffix, those that have compiled loops."""
    found: dict[str, list[Speed]] = {}
    for one in (*known.speed, *known.forward):
        name = one.cell + FORWARD * one.forward_alone
        found.setdefault(name, []).append(one)
        if one.accelerated:
            found.setdefault(name + SUFFIX, []).append(one)
    return found


@cache
def _load(path: Path, _changed: int) -> Record:
    return record.load(path)


def digits(words: Words, value: float, count: int = 3) -> str:
    """A number with so many digits that count, and never fewer than it has before the point."""
    if value == 0:
        return "0"
    after = max(0, count - 1 - math.floor(math.log10(abs(value))))
    return words.number(round(value)) if after == 0 else f"{value:.{after}f}"


def time(words: Words, seconds: float) -> str:
    """A time with its unit: 217 µs, 1.35 ms, 2.2 s."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size or unit == "µs":
            return f"{digits(words, seconds / size)} {unit}"
    raise AssertionError("unreachable")


@dataclass(frozen=True)
class Cell:
    """A ratio as the table shows it; `within` its target, or None where it has none."""

    text: str
    within: bool | None


# -- targets ---------------------------------------------------------------------


def _targets(view: View, known: Record) -> Markup:
    """A line a target: by default, and with compiled loops, where that makes a difference."""
    words = view.words
    compiled = {one.name: one for one in targets.judge(known, targets.accelerated)}
    rows = [
        (
            words.say(f"benchmarks.target-{one.name}", H=targets.LARGE_H),
            words.say(f"benchmarks.at-{'least' if one.name == 'loop' else 'most'}", n=f"{one.limit:g}"),
            [_verdict(words, either) if either else None for either in (one, compiled.get(one.name))],
        )
        for one in [*targets.judge(known), *targets.judge_memory(known)]
    ]
    return view.render("benchmarks_targets.html", rows=rows)


def _verdict(words: Words, one: targets.Verdict) -> tuple[str, str, bool]:
    """The value, how many settings meet the target, and whether all do."""
    settings = words.say("benchmarks.settings", met=one.met, of=one.of) if one.of > 1 else ""
    return digits(words, one.value), settings, one.is_met


# -- speed -----------------------------------------------------------------------


def _speed(view: View, rows: list[Speed], ours: str) -> Markup:
    """The settings of one cell, as it is by default or with compiled loops: a table a number of threads, then what
    was made sure of before.
    """
    words = view.words
    tables = []
    for threads in sorted({one.threads for one in rows}):
        mine = [one for one in rows if one.threads == threads]
        title = words.say("benchmarks.one-thread" if threads == 1 else "benchmarks.threads", n=threads)
        mean = digits(words, targets.mean_ratio(mine, RATIOS[ours]))
        tables.append((title, [_row(words, one, ours) for one in mine], mean))
    worst: dict[str, float] = {}
    for one in rows:
        worst[one.dtype] = max(worst.get(one.dtype, 0.0), one.deviation)
    off = [f"{dtype} {measured.scientific(value)}" for dtype, value in worst.items()]
    rounds = [one.rounds for one in rows]
    return view.render(
        "benchmarks_speed.html",
        cell=words.say(f"cells.{rows[0].cell}"),
        layer={"lstm": "nn.LSTM", "gru-after": "nn.GRU", "rnn": "nn.RNN"}[rows[0].cell],
        tables=tables,
        ours=words.say("benchmarks.compiled") if ours == ACCELERATED else ours,
        has_loop=any("loop" in one.ratios for one in rows),
        agreement=words.say("benchmarks.agreement", deviations=words.listed(off)),
        rounds=words.say("benchmarks.rounds", least=min(rounds), most=max(rounds)),
    )


def _row(words: Words, one: Speed, ours: str) -> tuple[str, str, str, str, str, list[Cell]]:
    """Size, dtype, our median with its quartiles, PyTorch's, and the ratios."""
    of = RATIOS[ours]
    time = one.times[ours]
    ratios = [
        Cell(digits(words, of(one)["torch"].median), targets.torch(one, of)),
        Cell(digits(words, of(one)["products"].median), targets.products(one, of)),
    ]
    if "loop" in of(one):
        ratios.append(Cell(digits(words, targets.faster_than_loop(one, of)), targets.loop(one, of)))
    between = f"{digits(words, 1e3 * time.q1)}–{digits(words, 1e3 * time.q3)}"
    return (
        str(one.size),
        one.dtype,
        digits(words, 1e3 * time.median),
        between,
        digits(words, 1e3 * one.times["torch"].median),
        ratios,
    )


# -- memory ----------------------------------------------------------------------


def _memory(view: View, known: Record) -> Markup:
    words = view.words
    rows = [
        (
            str(one.size),
            words.say(f"cells.{one.cell}"),
            one.dtype,
            [digits(words, size / 2**20) for size in (one.peak, one.cache, one.returned)],
            Cell(digits(words, one.ratio), targets.memory(one)),
            digits(words, one.ratio_of_work),
        )
        for one in known.memory
    ]
    return view.render("benchmarks_memory.html", rows=rows)


# -- growth ----------------------------------------------------------------------


def _growth(view: View, known: Record) -> Markup:
    """A plot an axis, the fitted laws, and all points as a table."""
    words = view.words
    plots = []
    for one in known.growth:
        fixed = ", ".join(f"{name} = {size}" for name, size in one.fixed.items())
        rows = [
            (words.number(size), time(words, at.median), time(words, at.median / size))
            for size, at in zip(one.sizes, one.times, strict=True)
        ]
        title = words.say("benchmarks.growth-over", axis=one.axis)
        said = words.say(
            "benchmarks.growth-of", cell=words.say(f"cells.{one.cell}"), dtype=one.dtype, fixed=fixed
        )
        plots.append((title, said, Markup(_drawing(words, one, title)), _laws(view, one), rows, one.axis))
    return view.render("benchmarks_growth.html", plots=plots)


def _drawing(words: Words, one: Growth, title: str) -> str:
    """In milliseconds; the curve is the polynomial."""
    points = [plot.Point(size, 1e3 * at.median) for size, at in zip(one.sizes, one.times, strict=True)]
    first, last = one.sizes[0], one.sizes[-1]
    between = [first * (last / first) ** (k / (CURVE - 1)) for k in range(CURVE)]
    curve = [plot.Point(size, 1e3 * _value(one, size)) for size in between]
    text = words.say(
        "benchmarks.plot-text",
        title=title,
        first=words.number(first),
        last=words.number(last),
        low=time(words, one.times[0].median),
        high=time(words, one.times[-1].median),
    )
    return plot.svg(points, curve, one.axis, words.say("benchmarks.milliseconds"), text)


def _value(one: Growth, size: float) -> float:
    return sum(value * size**power for power, value in enumerate(one.polynomial.coefficients))


def _laws(view: View, one: Growth) -> list[Markup]:
    """The fitted laws in words and TeX."""
    words = view.words

    def say(key: str, **places: object) -> Markup:
        return Markup(words.say(f"benchmarks.{key}")).format(**places)

    def law(exponent: float) -> Markup:
        return view.inline(rf"t \propto {one.axis}^{{{exponent:.2f}}}")

    off = words.say("phrase.percent", n=digits(words, max(0.1, 100 * one.polynomial.deviation), 2))
    return [
        say("law-polynomial", law=view.inline(polynomial(words, one)), percent=off),
        say("law-power", law=law(one.power.exponent), r2=f"{one.power.r2:.4f}"),
        say("law-tail", law=law(one.tail.exponent), size=words.number(one.sizes[-TAIL])),
    ]


def polynomial(words: Words, one: Growth) -> str:
    """The fitted polynomial as TeX, in microseconds; a power that has no part in it is left out."""
    terms = []
    for power, value in enumerate(one.polynomial.coefficients):
        if value > 0:
            variable = ("", rf"\,{one.axis}", rf"\,{one.axis}^{{{power}}}")[min(power, 2)]
            number = digits(words, 1e6 * value).replace(",", "{,}")
            terms.append(number + variable)
    total = " + ".join(terms)
    return rf"t \approx {f'({total})' if len(terms) > 1 else total}\,\mu\mathrm{{s}}"


# -- machine ---------------------------------------------------------------------


def _machine(view: View, known: Record) -> Markup:
    words, machine = view.words, known.machine
    rows: Iterable[tuple[str, str]] = [
        (words.say("benchmarks.date"), known.date),
        (words.say("benchmarks.processor"), machine.processor),
        (words.say("benchmarks.cores"), str(machine.cores)),
        (words.say("benchmarks.main-memory"), f"{machine.memory / 2**30:.1f} GiB"),
        (words.say("benchmarks.system"), machine.system),
        (words.say("benchmarks.load"), f"{machine.load:.2f}"),
        *((words.say(f"benchmarks.version-{name}"), version) for name, version in known.versions.items()),
        (
            words.say("benchmarks.run"),
            words.say(f"benchmarks.run-{known.plan}", minutes=f"{known.seconds / 60:.1f}"),
        ),
    ]
    return view.render("benchmarks_machine.html", rows=list(rows))


PARTS: dict[str, Callable[[View, Record], Markup]] = {
    "targets": _targets,
    "memory": _memory,
    "growth": _growth,
    "machine": _machine,
}
ERRORS = (RecordError, PartError)
