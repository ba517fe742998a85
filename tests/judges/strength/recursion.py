"""Statements run step by step through time, and run again with one of them replaced.

One class serves both directions: the forward pass from t = 1, the backward pass from t = T. The second run computes
only what the replaced statement changes, step by step, so that a check can stop at the first difference.

What a statement reads a step off, beyond what the recursion has at that moment:

* outside of 1 … T there is nothing, and it reads zero; h a step before t = 1 is zero too, not the initial state,
  which has a name of its own (``h_prev`` at t = 1);
* what the pass has not computed yet is zero, as in arrays that a program allocates before its loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tests.judges.example import Array
from tests.judges.values import Statement

Changes = dict[str, Any]  # what a run computes otherwise at one step, by name


class Recursion:
    """A pass over T steps.

    Args:
        statements: what every step computes, in order.
        carried: by a name, the name of what the step before (in the order of the run) hands to it.
        start: by a carried name, its value at the first step of the run, (B, m, n).
        given: what is known at every step from the beginning, (T, B, m, n).
        constant: what has no step, the parameters.
        steps: the steps in the order of the run, counted from 0.
    """

    def __init__(
        self,
        statements: Sequence[Statement],
        carried: Mapping[str, str],
        start: Mapping[str, Array],
        given: Mapping[str, Array],
        constant: Mapping[str, Array],
        steps: range,
    ) -> None:
        self.statements, self.carried, self.steps = statements, carried, steps
        self._given, self._constant = given, constant
        self._order = {s.left: k for k, s in enumerate(statements)}
        self._zeros: dict[str, Array] = {}
        self.values: dict[str, Array] = {}  # of the run as it is, (T, B, m, n)
        self._run(start)

    def _run(self, start: Mapping[str, Array]) -> None:
        found: list[dict[str, Any]] = []
        for k, t in enumerate(self.steps):
            now: dict[str, Any] = {
                name: found[-1][source] if k else start[name] for name, source in self.carried.items()
            }

            def read(name: str, off: int, now: dict[str, Any] = now, t: int = t) -> Any:
                if off:
                    raise ValueError(f"{name}: a formula of one step reads another one")
                if name in self._constant:
                    return self._constant[name]
                return self._given[name][t] if name in self._given else now[name]

            for s in self.statements:
                now[s.left] = s.value(read)
            found.append(now)
        in_time = found if self.steps.step > 0 else found[::-1]
        self.values = {name: np.stack([now[name] for now in in_time]) for name in in_time[0]}
        self._zeros = {name: np.zeros_like(v[0]) for name, v in (self.values | dict(self._given)).items()}

    def again(self, other: Statement) -> Iterator[tuple[int, Changes]]:
        """Run with this statement in place of the one with the same left side: after each step, what is changed.

        Raises:
            KeyError: no statement has this left side.
        """
        place = self._order[other.left]
        changed: dict[int, Changes] = {}
        last: Changes = {}
        for t in self.steps:
            now = {name: last[source] for name, source in self.carried.items() if source in last}
            changed[t] = now
            for k, s in enumerate(self.statements):
                if k == place:
                    value = other.value(self._reader(t, place, changed))
                elif now and not s.reads.isdisjoint(now):
                    value = s.value(self._reader(t, k, changed))
                else:
                    continue
                if not np.array_equal(value, self.values[s.left][t]):
                    now[s.left] = np.broadcast_to(value, self.values[s.left][t].shape)
            yield t, now
            last = now

    def _reader(self, t: int, place: int, changed: Mapping[int, Changes]) -> Any:
        forwards = self.steps.step > 0

        def read(name: str, off: int) -> Any:
            if name in self._constant:
                return self._constant[name]
            s = t + off
            if s not in self.steps:
                return self._zeros[name]
            if name in self._given:
                return self._given[name][s]
            late = s > t if forwards else s < t
            if late or (s == t and self._order.get(name, -1) >= place):
                return self._zeros[name]
            value = changed[s].get(name)
            return self.values[name][s] if value is None else value

        return read


def whole(values: Mapping[str, Array], constant: Mapping[str, Array]) -> Any:
    """How a formula about all steps reads: all as (T, B, m, n), shifted and filled with zeros if a step off."""

    def read(name: str, off: int) -> Any:
        if name in constant:
            return constant[name]
        value = values[name]
        if off == 0:
            return value
        moved = np.zeros_like(value)
        if off < 0:
            moved[-off:] = value[:off]
        else:
            moved[:-off] = value[off:]
        return moved

    return read
