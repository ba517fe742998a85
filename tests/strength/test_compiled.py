"""Compiled expressions have the value of the NumPy source that is printed, for one step and for all at once."""

from __future__ import annotations

import numpy as np
import pytest
from sympy import Identity, MatrixSymbol

from derivations.derive.catalogue import formula, of_cell
from derivations.derive.formula import Formula
from derivations.language.expressions import AFTER, BEFORE, AtStep, Elementwise, TimeSum, add, negate
from tests.judges.example import Array
from tests.judges.printed import value
from tests.judges.strength.recursion import whole
from tests.judges.values import compiled, number, statement

T, B, SIZES = 3, 2, {"D": 3, "H": 4}
CELLS = ("gru-after", "lstm-linear", "rnn")
Arrays = dict[str, Array]


def arrays(f: Formula) -> tuple[Arrays, Arrays]:
    """Random values of what a formula reads: of the quantities (T, B, n), and of the parameters."""
    rng = np.random.default_rng(7)
    quantities: Arrays = {}
    parameters: Arrays = {}
    for s in f.used:
        shape = tuple(number(n, SIZES) for n in s.shape)
        if s.role == "parameter":
            parameters[s.name] = rng.normal(size=shape)
        else:
            quantities[s.name] = rng.normal(size=(T, B, *shape))
    return quantities, parameters


def one(quantities: Arrays, b: int, t: int | None = None) -> Arrays:
    """One sample, at one step or stacked in time."""
    return {name: plain(v[:, b] if t is None else v[t, b]) for name, v in quantities.items()}


def plain(values: Array) -> Array:
    """Without the second axis of a column."""
    return values[..., 0] if values.shape[-1] == 1 else values


@pytest.mark.parametrize("cell", CELLS)
def test_the_value_is_that_of_the_printed_source(cell: str) -> None:
    for f in of_cell(cell):
        if f.pass_ == "count":
            continue
        quantities, parameters = arrays(f)
        constant = {name: plain(v) for name, v in parameters.items()}
        found = statement(f.left.name, f.right, SIZES).value(whole(quantities, parameters))
        if isinstance(f.right, TimeSum):
            expected = sum(value(f.right, constant | one(quantities, b)) for b in range(B))
        else:
            rows = [[value(f.right, constant | one(quantities, b, t)) for b in range(B)] for t in range(T)]
            expected = np.array(rows)
        np.testing.assert_allclose(plain(found), expected, rtol=1e-13, atol=1e-15, err_msg=f.id)


def test_one_step_of_a_sum() -> None:
    total = formula("rnn.backward.U")
    quantities, parameters = arrays(total)
    read = whole(quantities, parameters)
    d, h = quantities["dh_bar"][..., 0], quantities["h_prev"][..., 0]
    for when, t in (("1", 0), ("T", T - 1)):
        np.testing.assert_allclose(compiled(AtStep(total.right.body, when), SIZES)(read), d[t].T @ h[t])
    rest = add(total.right, negate(AtStep(total.right.body, "1")))
    np.testing.assert_allclose(compiled(rest, SIZES)(read), sum(d[t].T @ h[t] for t in range(1, T)))


def test_a_symbol_a_step_off_is_zero_outside_the_sequence() -> None:
    c = np.arange(1.0, 1 + T * B * 4).reshape(T, B, 4)
    read = whole({"c": c}, {})
    for end, moved in ((BEFORE, [np.zeros((B, 4)), c[0], c[1]]), (AFTER, [c[1], c[2], np.zeros((B, 4))])):
        made = statement("h", MatrixSymbol(f"c{end}", 4, 1), SIZES)
        assert made.reads == {"c"}
        np.testing.assert_array_equal(made.value(read), moved)


def test_what_has_no_value_is_refused() -> None:
    for node in (Identity(3), Elementwise("tanh'", MatrixSymbol("c", 3, 1))):
        with pytest.raises(TypeError, match="no value for"):
            compiled(node, SIZES)
