"""The strong comparison, formula by formula: the right side with true values of all that it reads, at every step.

True values are those of the unbroken passes, which agree with `lstmref` (gradient_check refuses to start otherwise,
and `tests/judges/agreement` compares every quantity by itself). Nothing hides behind anything else here: a mistake in
a gate is seen at the gate.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from derivations.derive.formula import Formula
from tests.judges.example import Array
from tests.judges.printed import value as scalar
from tests.judges.shape import at_first, is_initial, is_total
from tests.judges.strength.configurations import STRONG
from tests.judges.strength.gradient_check import GradientCheck
from tests.judges.strength.recursion import whole
from tests.judges.values import Read

TOLERANCE = 1e-9  # of the norm of the true value, at one step in all samples, or of one gradient
SEEDS = (1, 2, 3)  # what is not refused at first is tried on these too before it is called equal


class PerFormula:
    """A strong configuration of a cell, on which any formula can be judged by itself."""

    def __init__(self, check: GradientCheck) -> None:
        self._check = check
        self._read: Read = whole(check.values, check.constant)
        self._plain = {there: name for name, there in at_first(check.cell, (), check.values).items()}
        self._true: dict[str, Any] = {}

    def refuses(self, broken: Formula, original: Formula) -> bool:
        """Whether the broken right side differs, at any step, from the true value of what the original defines."""
        if original.id not in self._true:
            self._true[original.id] = self._value(original)
        true, found = self._true[original.id], self._value(broken)
        if original.pass_ == "count":
            return bool(found != self._check.right.parameters)
        once = is_total(original) or is_initial(original)
        found = np.broadcast_to(found, true.shape)
        return any(_differs(f, t) for f, t in ([(found, true)] if once else zip(found, true, strict=True)))

    def _value(self, f: Formula) -> Any:
        """A count; a gradient over time and batch; of an initial state (B, m, n); else (T, B, m, n)."""
        if f.pass_ == "count":
            return scalar(f.right, self._check.right.sizes)
        return self._check.statement(f).value(self._first if is_initial(f) else self._read)

    def _first(self, name: str, off: int) -> Any:
        """What a formula about the first step reads: what changes from step to step has another name there."""
        return self._read(self._plain[name], off)[0] if name in self._plain else self._read(name, off)


class Agreement:
    """What the numbers say of a mutant: refused, or equal to the original as far as they can tell."""

    def __init__(self, cell: str) -> None:
        self._cell = cell
        self._strong = [PerFormula(GradientCheck(cell, STRONG))]

    def refuses(self, broken: Formula, original: Formula) -> bool:
        """Whether the comparison on the strong configuration refuses it."""
        return self._strong[0].refuses(broken, original)

    def equal(self, broken: Formula, original: Formula) -> bool:
        """Whether other numbers do not refuse it either."""
        if len(self._strong) == 1:
            self._strong += [PerFormula(GradientCheck(self._cell, STRONG, seed)) for seed in SEEDS]
        return not any(s.refuses(broken, original) for s in self._strong)


def _differs(found: Array, true: Array) -> bool:
    return not float(np.linalg.norm(found - true)) <= TOLERANCE * float(np.linalg.norm(true))
