"""A damaged record is refused in words; a whole one is read as it is, and is all that is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import record
from benchmarks.record import RecordError
from benchmarks.settings import FULL, Size
from tests.benchmarks import fixture


def test_a_whole_record_is_read(tmp_path: Path) -> None:
    path = tmp_path / "latest.json"
    found = record.write(fixture.record(), path)
    assert record.load(path) == found
    assert list(tmp_path.iterdir()) == [path]
    assert found.machine.processor == "Processor 9"
    first = found.speed[0]
    assert (first.cell, first.dtype, first.threads, first.size) == ("lstm", "float32", 1, Size(4, 1, 50, 100))
    assert first.times["torch"].median == fixture.SECONDS["torch"]
    assert first.ratios["torch"].median == 0.5
    assert found.memory[0].ratio == 7 / 5
    assert found.memory[0].ratio_of_work == 6 / 5
    assert found.growth[0].sizes == (10, 100, 1000, 10_000)


def test_a_record_of_old_has_no_forward_pass_alone() -> None:
    data = fixture.record()
    alone = record.read(data).forward
    assert all(one.forward_alone for one in alone)
    assert not any(one.forward_alone for one in record.read(data).speed)
    del data["forward"]
    assert alone
    assert record.read(data).forward == ()


def put(*path: Any) -> Callable[[Any], None]:
    """Put the last at the place that the others name."""
    *steps, last, value = path

    def change(data: Any) -> None:
        for step in steps:
            data = data[step]
        data[last] = value

    return change


def drop(*path: Any) -> Callable[[Any], None]:
    *steps, last = path

    def change(data: Any) -> None:
        for step in steps:
            data = data[step]
        del data[last]

    return change


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (put("format", 1), "format: 2 was expected"),
        (put("date", "yesterday"), "date: 'yesterday' does not match"),
        (put("seconds", "330"), "seconds: '330' is not of type 'number'"),
        (put("machine", "processor", ""), "machine/processor: '' should be non-empty"),
        (put("machine", "path", "/somewhere"), "machine: Additional properties"),
        (drop("versions", "blas"), "versions: 'blas' is a required property"),
        (drop("growth"), "the whole: 'growth' is a required property"),
        (put("speed", 0, "times", "torch", "median", 0.0), "speed/0/times/torch/median: 0.0 is less than"),
        (put("speed", 0, "times", "torch", "median", -1.0), "speed/0/times/torch/median: -1.0 is less than"),
        (put("speed", 3, "rounds", 1.5), "speed/3/rounds: 1.5 is not of type 'integer'"),
        (put("speed", 0, "dtype", "float16"), "speed/0/dtype: 'float16' is not one of"),
        (put("speed", 0, "dtype", "float64"), "speed: expected lstm float64 1 .* once, got it 2 times"),
        (drop("speed", 5), "speed: expected .* once, got it 0 times"),
        (drop("forward", 5), "forward: expected .* once, got it 0 times"),
        (
            drop("forward", 0, "times", "loop"),
            "forward/0/times: expected loop, lstmref, numba, products, torch, got",
        ),
        (drop("memory", 0), "memory: expected lstm float32 .* once, got it 0 times"),
        (put("memory", 0, "peak", 10), "memory/0: expected a peak that holds the cache"),
        (
            drop("speed", 0, "times", "loop"),
            "speed/0/times: expected loop, lstmref, numba, products, torch, got",
        ),
        (drop("speed", 0, "ratios", "torch"), "speed/0/ratios: expected loop, products, torch, got"),
        (
            drop("speed", 0, "accelerated", "torch"),
            "speed/0/accelerated: expected loop, products, torch, got",
        ),
        (
            put("speed", 0, "accelerated", "torch", fixture.spread(0.3)),
            "speed/0/accelerated/torch: expected within",
        ),
        (put("speed", 0, "ratios", "torch", fixture.spread(0.3)), "speed/0/ratios/torch: expected within"),
        (put("speed", 0, "times", "torch", "q1", 1.0), "speed/0/times/torch: expected least <= q1"),
        (put("growth", 0, "points", 0, "size", 1000), "growth/0: expected sizes that grow"),
        (put("growth", 0, "axis", "B"), "growth: expected B once, got it 2 times"),
        (put("growth", 0, "points", 0, "most", 1e-9), "growth/0, size 10: expected least"),
        (put("growth", 0, "polynomial", "coefficients", [-1.0, 2.0]), "growth/0/polynomial/coefficients/0"),
    ],
)
def test_damage_is_refused_and_leaves_the_old_record(
    tmp_path: Path, damage: Callable[[Any], None], said: str
) -> None:
    path = tmp_path / "latest.json"
    record.write(fixture.record(), path)
    before = path.read_bytes()
    data = fixture.record()
    damage(data)
    with pytest.raises(RecordError, match=f"^latest.json: {said}"):
        record.write(data, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(RecordError, match=f"^latest.json: {said}"):
        record.load(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "not JSON"), ('{"format": 1', "not JSON"), ('{"seconds": NaN}', "not JSON: NaN is no number"),
     ("[]", r"the whole: \[\] is not of type 'object'")],
)  # fmt: skip
def test_what_is_no_record_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "latest.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecordError, match=f"^latest.json: {said}"):
        record.load(path)


def test_a_record_that_is_not_there_says_what_writes_it(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"^latest.json: not found; `make bench` writes it$"):
        record.load(tmp_path / "latest.json")


def test_the_latest_record_is_that_of_a_full_run() -> None:
    found = record.load()
    assert found.plan == "full"
    assert {one.size for one in found.speed} == set(FULL.sizes)
    assert {one.axis: one.sizes for one in found.growth} == {one.axis: one.values for one in FULL.growth}
