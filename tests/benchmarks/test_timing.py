"""The harness with a clock of the test's own: turns, samples and ratios."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle

import pytest

from benchmarks.settings import Effort
from benchmarks.timing import SAMPLE, ratios, summary, take_turns


class Machine:
    """A clock that stands still but while something runs, and a list of who ran."""

    def __init__(self) -> None:
        self.now = 0.0
        self.ran: list[str] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.ran.append("pause")
        self.now += seconds

    def takes(self, name: str, seconds: Sequence[float]) -> Callable[[], None]:
        """Something whose calls take so long, one after the other and then from the start again."""
        durations = cycle(seconds)

        def run() -> None:
            self.ran.append(name)
            self.now += next(durations)

        return run


def test_everyone_has_one_turn_a_round() -> None:
    machine = Machine()
    runs = {name: machine.takes(name, [1.0]) for name in "abc"}
    samples = take_turns(runs, Effort(0.0, 3, 9), clock=machine.clock)
    assert "".join(machine.ran) == "abc" + 3 * "abc"
    assert samples == {name: [1.0] * 3 for name in "abc"}


def test_what_comes_before_each_turn_is_not_counted() -> None:
    machine = Machine()
    runs = {name: machine.takes(name, [1.0]) for name in "ab"}
    before = machine.takes("-", [7.0])
    samples = take_turns(runs, Effort(0.0, 2, 9), before=before, clock=machine.clock)
    assert "".join(machine.ran) == "ab" + 2 * "-a-b"
    assert samples == {name: [1.0] * 2 for name in "ab"}


def test_a_machine_that_is_slow_for_a_while_does_not_move_the_ratio() -> None:
    # The first call is not counted. In the second of three rounds everything takes ten times as long.
    machine = Machine()
    runs = {"ours": machine.takes("ours", [9, 1, 10, 1]), "theirs": machine.takes("theirs", [9, 2, 20, 2])}
    samples = take_turns(runs, Effort(0.0, 3, 3), clock=machine.clock)
    assert samples == {"ours": [1, 10, 1], "theirs": [2, 20, 2]}
    found = ratios(samples["ours"], samples["theirs"])
    assert (found.least, found.median, found.most) == (0.5, 0.5, 0.5)


def test_a_ratio_is_the_median_of_quotients_round_by_round() -> None:
    # The quotient of the medians would be 2 / 2.
    assert ratios([1.0, 2.0, 9.0], [2.0, 4.0, 1.0]).median == 0.5
    with pytest.raises(ValueError, match=r"shorter|longer"):
        ratios([1.0, 2.0], [1.0])


def test_what_is_quick_is_called_several_times_a_sample_and_once_before() -> None:
    machine = Machine()
    samples = take_turns(
        {"quick": machine.takes("quick", [SAMPLE / 4])}, Effort(0.0, 2, 2), clock=machine.clock
    )
    assert len(machine.ran) == 1 + 2 * (1 + 4)
    assert samples["quick"] == pytest.approx([SAMPLE / 4] * 2)


def test_a_pause_is_not_part_of_a_sample() -> None:
    machine = Machine()
    runs = {"a": machine.takes("a", [1.0])}
    samples = take_turns(runs, Effort(0.0, 2, 2), pause=5.0, clock=machine.clock, sleep=machine.sleep)
    assert machine.ran == ["a", "pause", "a", "pause", "a"]
    assert samples["a"] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("effort", "rounds"), [(Effort(2.5, 1, 9), 3), (Effort(2.5, 5, 9), 5), (Effort(99.0, 1, 4), 4)]
)
def test_rounds_go_on_for_a_time_but_not_less_or_more_than_told(effort: Effort, rounds: int) -> None:
    machine = Machine()
    samples = take_turns({"a": machine.takes("a", [1.0])}, effort, clock=machine.clock)
    assert len(samples["a"]) == rounds


def test_a_summary_has_the_quartiles() -> None:
    found = summary([5.0, 1.0, 4.0, 2.0, 3.0])
    assert (found.least, found.q1, found.median, found.q3, found.most) == (1, 2, 3, 4, 5)
    assert summary([7.0]).q1 == summary([7.0]).most == 7.0
