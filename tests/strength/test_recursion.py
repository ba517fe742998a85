"""Running again with one statement replaced gives what running everything with it gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.judges.example import Array
from tests.judges.strength.recursion import Recursion
from tests.judges.values import Statement

T, B, H = 4, 2, 3


def of(name: str, right: Statement | None = None) -> Statement:
    """y = 2 u, s = s_prev + y and z = s y; or something else in place of one of them."""
    statements = {
        "y": Statement("y", lambda read: 2 * read("u", 0), frozenset({"u"})),
        "s": Statement("s", lambda read: read("s_prev", 0) + read("y", 0), frozenset({"s_prev", "y"})),
        "z": Statement("z", lambda read: read("s", 0) * read("y", 0), frozenset({"s", "y"})),
    }
    return right if right is not None and right.left == name else statements[name]


def recursion(steps: range, right: Statement | None = None) -> Recursion:
    rng = np.random.default_rng(3)
    u, start = rng.normal(size=(T, B, H)), rng.normal(size=(B, H))
    mark = np.zeros((T, B, H))
    mark[2] = 1
    statements = [of(n, right) for n in ("y", "s", "z")]
    return Recursion(statements, {"s_prev": "s"}, {"s_prev": start}, {"u": u, "mark": mark}, {}, steps)


def again(run: Recursion, other: Statement) -> dict[str, Array]:
    """All values of the second run."""
    values = {name: v.copy() for name, v in run.values.items()}
    for t, changes in run.again(other):
        for name, v in changes.items():
            values[name][t] = v
    return values


@pytest.mark.parametrize("steps", [range(T), range(T - 1, -1, -1)], ids=["forwards", "backwards"])
@pytest.mark.parametrize("left", ["y", "s", "z"])
def test_the_second_run_is_the_run_with_the_other_statement(steps: range, left: str) -> None:
    reads = {"y": {"u"}, "s": {"s_prev", "y"}, "z": {"s", "y"}}[left]
    other = Statement(left, lambda read: np.sin(sum(read(n, 0) for n in sorted(reads))), frozenset(reads))
    run, whole = recursion(steps), recursion(steps, other)
    found = again(run, other)
    assert found.keys() == whole.values.keys()
    for name, expected in whole.values.items():
        np.testing.assert_array_equal(found[name], expected, err_msg=name)
    assert not np.array_equal(run.values["z"], whole.values["z"])


def test_only_what_changes_is_computed() -> None:
    run = recursion(range(T))
    assert [changes for _, changes in run.again(of("s"))] == [{}] * T
    twice = Statement("z", lambda read: 2 * read("s", 0), frozenset({"s"}))
    assert [set(changes) for _, changes in run.again(twice)] == [{"z"}] * T
    late = Statement("y", lambda read: 2 * read("u", 0) + read("mark", 0), frozenset({"u", "mark"}))
    changed = [{"y", "s", "z"} if t == 2 else {"s_prev", "s", "z"} if t > 2 else set() for t in range(T)]
    assert [set(changes) for _, changes in run.again(late)] == changed


@pytest.mark.parametrize("steps", [range(T), range(T - 1, -1, -1)], ids=["forwards", "backwards"])
def test_what_is_read_a_step_off(steps: range) -> None:
    run = recursion(steps)
    u, y = run._given["u"], run.values["y"]
    zero = np.zeros((B, H))

    def read(name: str, off: int) -> list[Array]:
        other = Statement("s", lambda look: look(name, off), frozenset({name}))
        return list(again(run, other)["s"])

    done = -1 if steps.step > 0 else 1  # which neighbour has been computed

    def neighbour(values: Array, off: int) -> list[Array]:
        return [values[t + off] if 0 <= t + off < T else zero for t in range(T)]

    for off in (-1, 1):  # what is given is there at once
        np.testing.assert_array_equal(read("u", off), neighbour(u, off))
    np.testing.assert_array_equal(read("y", done), neighbour(y, done))
    np.testing.assert_array_equal(read("y", -done), [zero] * T)  # not computed yet
    np.testing.assert_array_equal(read("z", 0), [zero] * T)
    np.testing.assert_array_equal(read("s", 0), [zero] * T)


@pytest.mark.parametrize("off", [-1, 1])
def test_a_statement_of_a_recursion_reads_its_own_step(off: int) -> None:
    shifted = Statement("y", lambda read: read("u", off), frozenset({"u"}))
    with pytest.raises(ValueError, match="u: a formula of one step reads another one"):
        recursion(range(T), shifted)


def test_nothing_is_replaced_that_is_not_there() -> None:
    stranger = replace(of("y"), left="w")
    with pytest.raises(KeyError, match="w"):
        list(recursion(range(T)).again(stranger))
