"""A cell's forward equations run as code on an example: every value of every step, and whether the example is fit.

Where a function's pieces meet it has no derivative, and far out rounding alone would exceed any tolerance: an example
that comes nearer to the one or gets beyond the other is drawn anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from derivations.language import Cell
from tests.judges.example import Example, Sizes
from tests.judges.shape import names, shapes
from tests.judges.values import Context, Read, borders, lifted, statement

NEAREST, LARGEST, DRAWS = 1e-6, 1e3, 50


class UnlikeError(ValueError):
    """A cell that the judges cannot compare: it speaks of other things than the reference, or no example is fit."""


class Forward:
    """The forward equations of a cell at these sizes; every value has the two axes of its symbol at its end."""

    def __init__(self, cell: Cell, sizes: Sizes) -> None:
        self.cell, self.sizes = cell, sizes
        self.shapes = shapes(cell)
        context = Context(sizes.of, names(cell))
        self.equations = [statement(e.left.name, e.right.node, context) for e in cell.steps]
        self._borders = [of for e in cell.steps for of in borders(e.right.node, context)]

    def lifted(self, name: str, values: Any) -> Any:
        """The values of a symbol, (…, *axes), as (…, m, n)."""
        return lifted(values, self.shapes[name], self.sizes.of)

    def given(self, example: Example, t: int) -> dict[str, Any]:
        """What step t, counted from 1, is given from outside, and what is constant."""
        found = {name: self.lifted(name, values) for name, values in example.at(t).items()}
        return found | {name: self.lifted(name, values) for name, values in example.constant.items()}

    def run(self, example: Example) -> Iterator[dict[str, Any]]:
        """Every value of every step, (B, m, n) each."""
        states = {s.name: self.lifted(s.name, example.initial[s.name]) for s in self.cell.states}
        for t in range(1, example.sizes.T + 1):
            at = self.given(example, t) | {s.previous.name: states[s.name] for s in self.cell.states}
            for equation in self.equations:
                at[equation.left] = equation.value(reader(at))
            states = {s.name: at[s.name] for s in self.cell.states}
            yield at

    def is_fit(self, example: Example) -> bool:
        """Whether every value is finite and not too large, and no argument near the border of two pieces."""
        with np.errstate(all="ignore"):
            for at in self.run(example):
                if not all(np.isfinite(v).all() and np.abs(v).max(initial=0) < LARGEST for v in at.values()):
                    return False
                if any(np.min(distance(reader(at)), initial=np.inf) < NEAREST for distance in self._borders):
                    return False
        return True

    def fit(self, drawn: Callable[[int], Example]) -> Example:
        """The first example that is fit, of those that `drawn` gives for 0, 1, ….

        Raises:
            UnlikeError: none of many is.
        """
        for number in range(DRAWS):
            example = drawn(number)
            if self.is_fit(example):
                return example
        raise UnlikeError(
            f"{self.cell.name}: {DRAWS} examples were drawn, each at a border or beyond {LARGEST:g}"
        )


def reader(at: Mapping[str, Any]) -> Read:
    """Looks names up among what is known of one step."""
    return lambda name, off: at[name]
