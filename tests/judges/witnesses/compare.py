"""Do the derived formulas give what a program gives? They are run as the recursion that they describe.

Forward from t = 1, backward from t = T, sample by sample. What the program shows is compared where the formula for it
stands; where the two differ the recursion goes on from the program's value, so that no error is charged to another
formula. What the program does not show is passed on as the formula has it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from derivations.cells import cells
from derivations.derive.formula import Formula
from tests.judges import shape
from tests.judges.agreement.check import error
from tests.judges.example import Array, Example
from tests.judges.printed import value
from tests.judges.witnesses.shown import Shown

Values = dict[str, Any]


@dataclass
class Finding:
    """The worst relative error of one formula, and where it was first too large."""

    worst: float = 0.0
    where: str = ""


def compare(
    name: str, formulas: Iterable[Formula], example: Example, shown: Iterable[Shown], tolerance: float
) -> dict[str, Finding]:
    """Compare the formulas of one cell, in the order in which one computes them, with what a program showed.

    A formula of which the program shows nothing is not among the findings.

    Raises:
        ValueError: the program shows what no formula is about.
    """
    return _Run(name, list(formulas), example, list(shown), tolerance).findings


class _Run:
    def __init__(
        self,
        name: str,
        formulas: Sequence[Formula],
        example: Example,
        shown: Sequence[Shown],
        tolerance: float,
    ) -> None:
        self.cell, self.example, self.tolerance = cells()[name], example, tolerance
        self.findings: dict[str, Finding] = {}
        self._shown: dict[str, list[Shown]] = defaultdict(list)
        for s in shown:
            self._shown[f"{name}.{s.formula}"].append(s)
        unknown = sorted(self._shown.keys() - {f.id for f in formulas})
        if unknown:
            raise ValueError(
                f"shown quantities: expected some that formulas are about, got {', '.join(unknown)}"
            )
        self._sizes = example.sizes.of
        self._constant = self._sizes.keys() | example.constant.keys()
        T, B = example.sizes.T, example.sizes.B
        self._values: list[list[Values]] = [
            [{**self._sizes, **example.constant} for _ in range(B)] for _ in range(T)
        ]
        for t in range(1, T + 1):
            self._forward_step(t, [f for f in formulas if f.pass_ == "forward"])
        if any(s.formula.startswith("backward.") for s in shown):
            self._backward([f for f in formulas if f.pass_ == "backward"])
        for f in formulas:
            if f.pass_ == "count":
                self._judge(f, np.array(float(value(f.right, self._sizes))), "the parameters")

    def _at(self, t: int) -> list[Values]:
        """What is known at step t, sample by sample."""
        return self._values[t - 1]

    def _keep(self, t: int, name: str, values: Any) -> None:
        for at, v in zip(self._at(t), values, strict=True):
            at[name] = v

    def _forward_step(self, t: int, formulas: Sequence[Formula]) -> None:
        for name, values in self.example.at(t).items():
            self._keep(t, name, values)
        for s in self.cell.states:
            before = self.example.initial[s.name] if t == 1 else [at[s.name] for at in self._at(t - 1)]
            self._keep(t, s.previous.name, before)
        for f in formulas:
            self._keep(t, f.left.name, self._judge_step(f, self._evaluate(f, self._at(t)), t))

    def _backward(self, formulas: Sequence[Formula]) -> None:
        for t in range(self.example.sizes.T, 0, -1):
            self._backward_step(t, [f for f in formulas if not _once(f)])
        for f in formulas:
            if _once(f):
                self._judge(f, self._whole(f), "the sequence")

    def _backward_step(self, t: int, formulas: Sequence[Formula]) -> None:
        for name, values in self.example.loss.items():
            self._keep(t, shape.loss_of(name), values[t - 1])
        for s in self.cell.states:
            last = t == self.example.sizes.T
            sent = (
                self.example.final[s.name] if last else [at[f"d{s.previous.name}"] for at in self._at(t + 1)]
            )
            self._keep(t, shape.arriving(s.name), sent)
        for f in formulas:
            found = self._evaluate(f, self._at(t))
            if shape.of(f).role == "parameter":
                # Samples share a parameter, so programs give the sum over them.
                self._judge(f, found.sum(axis=0), f"t = {t}", t)
            else:
                self._keep(t, f.left.name, self._judge_step(f, found, t))

    def _whole(self, f: Formula) -> Array:
        """A formula about the whole sequence: a parameter's from all steps, an initial state's from the first."""
        if shape.of(f).role == "parameter":
            return np.asarray(
                self._evaluate(f, [self._stacked(b) for b in range(self.example.sizes.B)]).sum(axis=0)
            )
        return self._evaluate(f, [self._first(at) for at in self._at(1)])

    def _stacked(self, b: int) -> Values:
        """What one sample knows, stacked in time, (T, n); a parameter as it is."""
        steps = [self._at(t + 1)[b] for t in range(self.example.sizes.T)]
        constant = self._constant
        return {n: v if n in constant else np.stack([s[n] for s in steps]) for n, v in steps[0].items()}

    def _first(self, at: Values) -> Values:
        """What is known at t = 1 under the names that a formula about the first step uses."""
        names = shape.at_first(self.cell, self._constant, at)
        return {names[n]: v for n, v in at.items()}

    def _evaluate(self, f: Formula, where: Sequence[Values]) -> Array:
        """The right side in each sample, (B, *shape); NaN where it does not have the left side's shape."""
        like = (len(where), *self.example.sizes.array(shape.axes(f.left)))
        try:
            found = np.array([value(f.right, at) for at in where])
        except ValueError:
            found = np.array(np.nan)
        return found if found.shape == like else np.full(like, np.nan)

    def _judge_step(self, f: Formula, found: Array, t: int) -> Array:
        """Compare a quantity of step t; returns what to go on with."""
        for s in self._shown.get(f.id, []):
            rows = np.ones(len(found), bool) if s.seen is None else s.seen[t - 1]
            if rows.any() and not self._note(f, found[rows], s.values[t - 1][rows], f"t = {t}"):
                seen = rows.reshape(-1, *[1] * (found.ndim - 1))
                found = np.where(seen, s.values[t - 1], found)
        return found

    def _judge(self, f: Formula, found: Array, where: str, t: int = 0) -> None:
        for s in self._shown.get(f.id, []):
            self._note(f, found, s.values[t - 1] if t else s.values, where)

    def _note(self, f: Formula, found: Array, expected: Array, where: str) -> bool:
        finding, expected = self.findings.setdefault(f.id, Finding()), np.asarray(expected, np.float64)
        # A program that gives NaN agrees with nothing, although NaN exceeds no tolerance.
        off = error(found, expected) if np.isfinite(expected).all() else float("inf")
        finding.worst = max(finding.worst, off)
        if off > self.tolerance:
            finding.where = finding.where or f"{where}: off by {off:.1e}"
        return off <= self.tolerance


def _once(f: Formula) -> bool:
    """Whether a formula is about the whole sequence and not about a step."""
    return shape.is_initial(f) or shape.is_total(f)
