"""Expressions have the value of the NumPy source that is printed for them, for one step and for all at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sympy import Identity, MatrixSymbol

from derivations.cells import cells
from derivations.derive.catalogue import formula, of_cell
from derivations.derive.formula import Formula
from derivations.language.expressions import Atom, AtStep, Elementwise, TimeSum, add, negate
from tests.judges.example import Array, Named, lettered
from tests.judges.printed import value
from tests.judges.shape import axes, letters, names
from tests.judges.strength.recursion import whole
from tests.judges.values import Context, compiled, lifted, statement

T, B = 3, 2


class Drawn:
    """Positive random values of what a formula reads: of what changes over time (T, B, *axes), else (*axes)."""

    def __init__(self, f: Formula) -> None:
        cell, rng = cells()[f.cell], np.random.default_rng(7)
        self.sizes = lettered(T, B, letters(cell), 3, 4)
        self.context = Context(self.sizes.of, names(cell))
        self.constant: Named = {}
        self.moving: Named = {}
        self._shapes = {s.name: s.shape for s in f.used}
        for s in f.used:
            here = self.constant if s.role in ("parameter", "constant") else self.moving
            front = () if here is self.constant else (T, B)
            here[s.name] = rng.uniform(0.1, 2, size=(*front, *self.sizes.array(axes(s))))

    def lifted(self, named: Named) -> Named:
        return {n: lifted(v, self._shapes[n], self.sizes.of) for n, v in named.items()}

    def read(self) -> Any:
        """How a formula about all steps reads."""
        return whole(self.lifted(self.moving), self.lifted(self.constant))

    def one(self, b: int, t: int | None = None) -> dict[str, Any]:
        """One sample, at one step or stacked in time, as printed source reads it."""
        moving = {n: v[:, b] if t is None else v[t, b] for n, v in self.moving.items()}
        return {**self.sizes.of, **self.constant, **moving}


@pytest.mark.parametrize("cell", cells())
def test_the_value_is_that_of_the_printed_source(cell: str) -> None:
    for f in of_cell(cell):
        if f.pass_ == "count":
            continue
        drawn = Drawn(f)
        found = statement(f.left.name, f.right, drawn.context).value(drawn.read())
        if isinstance(f.right, TimeSum):
            expected: Any = sum(value(f.right, drawn.one(b)) for b in range(B))
        else:
            expected = np.array([[value(f.right, drawn.one(b, t)) for b in range(B)] for t in range(T)])
        expected = lifted(expected, f.left.shape, drawn.sizes.of)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14, err_msg=f.id)


def test_one_step_of_a_sum() -> None:
    total = formula("rnn.backward.U")
    drawn = Drawn(total)
    d, h = drawn.moving["dh_bar"], drawn.moving["h_prev"]
    for when, t in (("1", 0), ("T", T - 1)):
        found = compiled(AtStep(total.right.body, when), drawn.context)(drawn.read())
        np.testing.assert_allclose(found, d[t].T @ h[t])
    rest = add(total.right, negate(AtStep(total.right.body, "1")))
    expected = sum(d[t].T @ h[t] for t in range(1, T))
    np.testing.assert_allclose(compiled(rest, drawn.context)(drawn.read()), expected)


def shifted(node: Atom, by: int) -> Atom:
    """A symbol one step too early or too late; what it is called says nothing."""
    return node.with_key("elsewhere", replace(node.key, offset=node.key.offset + by))


def test_a_symbol_a_step_off_is_zero_outside_the_sequence() -> None:
    f = formula("lstm.backward.o")
    drawn = Drawn(formula("lstm.backward.i"))
    values: Array = drawn.lifted(drawn.moving)["g"]
    nothing = np.zeros_like(values[0])
    read = whole({"g": values, "c_prev": values}, {})
    symbols = f.symbols
    for name in ("g", "c_prev"):
        for by, moved in ((-1, [nothing, values[0], values[1]]), (1, [values[1], values[2], nothing])):
            made = statement("h", shifted(symbols[name].node, by), drawn.context)
            if (name, by) == ("c_prev", 1):  # the state of the step before, one step later, has a name
                assert made.reads == {"c"}
                continue
            assert made.reads == {name}
            np.testing.assert_array_equal(made.value(read), moved)


def test_what_has_no_value_is_refused() -> None:
    for node in (Identity(3), Elementwise("tanh'", MatrixSymbol("c", 3, 1))):
        with pytest.raises(TypeError, match="no value for"):
            compiled(node, Context({}))
