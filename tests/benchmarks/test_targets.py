"""The verdicts: what is within its target, what is beyond it, and what has none."""

from __future__ import annotations

import pytest

from benchmarks import record, table, targets
from tests.benchmarks import fixture


def test_all_are_met() -> None:
    read = record.read(fixture.record())
    found = {one.name: one for one in [*targets.judge(read), *targets.judge_memory(read)]}
    assert list(found) == ["torch", "mean", "products", "loop", "forward", "memory"]
    assert all(one.is_met for one in found.values())
    # Two sizes in two precisions, one of them with H >= 256, one with B = 1.
    assert [one.of for one in found.values()] == [4, 1, 2, 2, 4, 12]
    values = [one.value for one in found.values()]
    assert values == pytest.approx([0.5, 0.5, 1.25, 7.0, 0.5, 1.4])
    values = [one.value for one in targets.judge(read, targets.accelerated)]
    assert values == pytest.approx([0.48, 0.48, 1.2, 7.0 / 0.96, 0.48])


def test_one_setting_beyond_its_target_is_one_not_met() -> None:
    data = fixture.record()
    (row,) = (
        one
        for one in data["speed"]
        if (one["cell"], one["threads"], one["dtype"], one["size"]["H"]) == ("lstm", 1, "float32", 512)
    )
    fixture.slow(row, "torch", 2.0)
    fixture.slow(row, "products", 1.31)
    found = {one.name: one for one in targets.judge(record.read(data))}
    assert (found["torch"].met, found["torch"].value) == (3, 2.0)
    assert (found["products"].met, found["products"].value) == (1, 1.31)
    assert found["mean"].value == pytest.approx((0.5**3 * 2) ** (1 / 4))
    assert not found["mean"].is_met
    found = {one.name: one for one in targets.judge(record.read(data), targets.accelerated)}
    assert (found["torch"].met, found["torch"].of) == (3, 4)
    assert found["torch"].value == pytest.approx(1.92)
    assert found["products"].is_met  # 0.96 * 1.31
    text = table.text(record.read(data))
    assert "  2.00* " in text
    assert " 1.31*" in text
    assert text.count("NOT met") == 5


def test_a_slow_gru_or_more_threads_have_no_target() -> None:
    data = fixture.record()
    for row in data["speed"]:
        if row["cell"] == "gru-after" or row["threads"] == 2:
            fixture.slow(row, "torch", 9.0)
    assert all(one.is_met for one in targets.judge(record.read(data)))


def test_a_loop_that_is_too_fast_and_a_peak_that_is_too_high() -> None:
    data = fixture.record()
    fixture.slow(data["speed"][0], "loop", 1 / 4)
    data["memory"][3]["peak"] = 8 * 2**20
    found = {one.name: one for one in targets.judge(record.read(data))}
    assert (found["loop"].met, found["loop"].value) == (1, 4.0)
    (memory,) = targets.judge_memory(record.read(data))
    assert (memory.met, memory.value) == (11, 1.6)


def test_a_mean_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="one row or more"):
        targets.mean_ratio([])
