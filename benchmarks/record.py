"""The record of a run: `benchmarks/latest.json`, as typed values. Refuses one that is damaged.

Its shape is `benchmarks/latest.schema.json`. Beside the shape, numbers must be finite and in order, and every setting
must be there once, for every cell, dtype and number of threads: what a page shows is then a whole run.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema

from benchmarks.fit import Polynomial, Power
from benchmarks.settings import ACCELERATED, CONTESTANTS, OURS, Axis, Size
from benchmarks.timing import Summary

FORMAT = 2
LATEST = Path(__file__).with_name("latest.json")
# Of a division done twice.
ROUNDING = 1e-12
SCHEMA = Path(__file__).with_name("latest.schema.json")


class RecordError(ValueError):
    """The record cannot be read, or is not a whole run."""


@dataclass(frozen=True)
class Speed:
    """One setting. `times` are seconds of one pass, forward and backward or forward alone, by contestant; `ratios` are
    lstmref's time over that of each other, `accelerated` those of its compiled loops, where the cell has such;
    `deviation` is the largest between the numbers that they computed."""

    cell: str
    dtype: str
    threads: int
    size: Size
    rounds: int
    deviation: float
    times: dict[str, Summary]
    ratios: dict[str, Summary]
    accelerated: dict[str, Summary]
    forward_alone: bool = False


@dataclass(frozen=True)
class Usage:
    """Bytes at the peak of one pass, in the cache, and in what was returned to the caller."""

    cell: str
    dtype: str
    size: Size
    peak: int
    cache: int
    returned: int

    @property
    def ratio(self) -> float:
        """The peak as a multiple of the cache."""
        return self.peak / self.cache

    @property
    def ratio_of_work(self) -> float:
        """The same, without what is returned to the caller."""
        return (self.peak - self.returned) / self.cache


@dataclass(frozen=True)
class Growth:
    """Seconds of one pass while one size grows, and the laws fitted to them; `tail` is that of the largest sizes."""

    axis: Axis
    cell: str
    dtype: str
    fixed: dict[str, int]
    sizes: tuple[int, ...]
    times: tuple[Summary, ...]
    power: Power
    tail: Power
    polynomial: Polynomial


@dataclass(frozen=True)
class Machine:
    """What it ran on; `load` is how many processes wanted to run in the minute before."""

    processor: str
    cores: int
    memory: int
    system: str
    load: float


@dataclass(frozen=True)
class Record:
    """One run; `forward` are the rows of the forward pass alone, of which records of old have none."""

    plan: str
    date: str
    seconds: float
    machine: Machine
    versions: dict[str, str]
    speed: tuple[Speed, ...]
    forward: tuple[Speed, ...]
    memory: tuple[Usage, ...]
    growth: tuple[Growth, ...]


def load(path: Path = LATEST) -> Record:
    """Read a record. Raises RecordError, which names the file and the place in it."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except FileNotFoundError:
        raise RecordError(f"{path.name}: not found; `make bench` writes it") from None
    except ValueError as error:
        raise RecordError(f"{path.name}: not JSON: {error}") from None
    return read(data, path.name)


def read(data: Any, name: str = "record") -> Record:
    """A record from what JSON holds. Raises RecordError, with `name` in front."""
    found = min(
        _validator().iter_errors(data), key=lambda error: list(map(str, error.absolute_path)), default=None
    )
    if found is not None:
        raise RecordError(f"{name}: {_place(found.absolute_path)}: {found.message[:200]}")
    record = Record(
        data["plan"],
        data["date"],
        data["seconds"],
        Machine(**data["machine"]),
        data["versions"],
        tuple(map(_speed, data["speed"])),
        tuple(replace(_speed(one), forward_alone=True) for one in data.get("forward", ())),
        tuple(Usage(**one | {"size": Size(**one["size"])}) for one in data["memory"]),
        tuple(map(_growth, data["growth"])),
    )
    for problem in _problems(record):
        raise RecordError(f"{name}: {problem}")
    return record


def write(data: dict[str, Any], path: Path) -> Record:
    """Check what a run found and put it at `path` in one go; raises RecordError and leaves the old one otherwise."""
    record = read(data, path.name)
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        new.write_text(json.dumps(data, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    return record


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def _place(path: Iterable[str | int]) -> str:
    return "/".join(map(str, path)) or "the whole"


def _speed(data: dict[str, Any]) -> Speed:
    summaries = {
        kind: {name: Summary(**one) for name, one in data[kind].items()}
        for kind in ("times", "ratios", "accelerated")
    }
    return Speed(**data | {"size": Size(**data["size"]), **summaries})


def _growth(data: dict[str, Any]) -> Growth:
    points = [dict(one) for one in data["points"]]
    sizes = tuple(one.pop("size") for one in points)
    polynomial = data["polynomial"]
    return Growth(
        data["axis"],
        data["cell"],
        data["dtype"],
        data["fixed"],
        sizes,
        tuple(Summary(**one) for one in points),
        Power(**data["power"]),
        Power(**data["tail"]),
        Polynomial(tuple(polynomial["coefficients"]), polynomial["deviation"]),
    )


def _problems(record: Record) -> Iterable[str]:
    """What a schema cannot say."""
    for name, rows in (("speed", record.speed), ("forward", record.forward)):
        # records of old have no rows of the forward pass alone
        yield from _not_whole(name, [(one.cell, one.dtype, one.threads, one.size) for one in rows])
    yield from _not_whole("memory", [(one.cell, one.dtype, one.size) for one in record.memory])
    yield from _not_whole("growth", [(one.axis,) for one in record.growth])
    sizes = {one.size for one in record.speed}
    if sizes != {one.size for one in record.memory}:
        yield "memory: expected the sizes of speed"
    if record.forward and sizes != {one.size for one in record.forward}:
        yield "forward: expected the sizes of speed"
    for name, rows in (("speed", record.speed), ("forward", record.forward)):
        for number, speed in enumerate(rows):
            yield from _not_a_comparison(f"{name}/{number}", speed)
    for number, usage in enumerate(record.memory):
        if usage.peak < max(usage.cache, usage.returned):
            yield f"memory/{number}: expected a peak that holds the cache, and what is returned, got {usage.peak}"
    for number, growth in enumerate(record.growth):
        if list(growth.sizes) != sorted(set(growth.sizes)):
            yield f"growth/{number}: expected sizes that grow, got {', '.join(map(str, growth.sizes))}"
        for size, one in zip(growth.sizes, growth.times, strict=True):
            yield from _out_of_order(f"growth/{number}, size {size}", one)


def _not_a_comparison(place: str, speed: Speed) -> Iterable[str]:
    """Everyone took part, and each ratio can be one of these times."""
    everyone = set(CONTESTANTS[speed.cell])
    others = everyone - {OURS, ACCELERATED}
    for kind, found, expected in (
        ("times", speed.times, everyone),
        ("ratios", speed.ratios, others),
        ("accelerated", speed.accelerated, others if ACCELERATED in everyone else set()),
    ):
        if found.keys() != expected:
            yield f"{place}/{kind}: expected {', '.join(sorted(expected))}, got {', '.join(sorted(found))}"
            return
        for name, one in found.items():
            yield from _out_of_order(f"{place}/{kind}/{name}", one)
    for kind, ratios, ours in (
        ("ratios", speed.ratios, OURS),
        ("accelerated", speed.accelerated, ACCELERATED),
    ):
        for name, ratio in ratios.items():
            own, other = speed.times[ours], speed.times[name]
            low, high = own.least / other.most, own.most / other.least
            if not low * (1 - ROUNDING) <= ratio.least <= ratio.most <= high * (1 + ROUNDING):
                yield f"{place}/{kind}/{name}: expected within {low:.3g} and {high:.3g}, as the times have it"


def _out_of_order(place: str, one: Summary) -> Iterable[str]:
    found = [one.least, one.q1, one.median, one.q3, one.most]
    if found != sorted(found):
        yield f"{place}: expected least <= q1 <= median <= q3 <= most, got {', '.join(map(str, found))}"


def _not_whole(name: str, found: list[tuple[Any, ...]]) -> Iterable[str]:
    """Every combination of the values that stand at each place must be there once."""
    if not found:
        return
    counts = Counter(found)
    for setting in product(*(dict.fromkeys(column) for column in zip(*found, strict=True))):
        if counts[setting] != 1:
            yield f"{name}: expected {' '.join(map(str, setting))} once, got it {counts[setting]} times"
