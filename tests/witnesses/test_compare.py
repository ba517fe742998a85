"""The comparison itself, held against a recursion written out here: what is seen counts, what is not does not."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from sympy import MatAdd

from derivations.derive.catalogue import of_cell
from tests.judges.example import Array, Example, Sizes
from tests.judges.witnesses.compare import compare
from tests.judges.witnesses.gates import Gates
from tests.judges.witnesses.shown import Shown, example

SIZES = Sizes(4, 2, D=3, H=2)
TOLERANCE = 1e-12


@pytest.fixture
def given() -> Example:
    return example("rnn", SIZES, seed=1)


def h_of(given: Example) -> Array:
    """Elman's recursion in four lines."""
    p, found = given.params, [given.initial["h"]]
    for x in given.inputs["x"]:
        found.append(np.tanh(x @ p["W"].T + found[-1] @ p["U"].T + p["b"]))
    return np.array(found[1:])


def found_of_h(given: Example, shown: Shown) -> tuple[float, str]:
    found = compare("rnn", of_cell("rnn"), given, [shown], TOLERANCE)
    assert found.keys() == {"rnn.forward.h"}
    return found["rnn.forward.h"].worst, found["rnn.forward.h"].where


def test_only_what_is_shown_is_found(given: Example) -> None:
    worst, where = found_of_h(given, Shown("forward.h", h_of(given)))
    assert worst <= TOLERANCE
    assert where == ""


def test_a_wrong_value_is_found_once(given: Example) -> None:
    h = h_of(given)
    h[1, 0, 1] += 1e-3
    worst, where = found_of_h(given, Shown("forward.h", h))
    assert 1e-4 < worst < 1e-1
    assert where.startswith("t = 2: ")


@pytest.mark.parametrize(("seen_there", "refuted"), [(False, False), (True, True)])
def test_what_is_not_seen_does_not_count(given: Example, seen_there: bool, refuted: bool) -> None:
    h, seen = h_of(given), np.ones((SIZES.T, SIZES.B), bool)
    h[3, 1] = 7.0
    seen[3, 1] = seen_there
    worst, _ = found_of_h(given, Shown("forward.h", h, seen))
    assert (worst > TOLERANCE) is refuted


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_refuted(given: Example, value: float) -> None:
    h = h_of(given)
    h[0, 0, 0] = value
    worst, where = found_of_h(given, Shown("forward.h", h))
    assert worst == math.inf
    assert where.startswith("t = 1: ")


def test_another_shape_is_refuted(given: Example) -> None:
    worst, _ = found_of_h(given, Shown("forward.h", h_of(given)[..., :1]))
    assert worst == math.inf


@pytest.mark.parametrize("added", [(), ("h_prev",)])
def test_a_formula_that_does_not_fit_is_refuted(given: Example, added: tuple[str, ...]) -> None:
    """x has another size than h, and x + h_{t−1} has none."""
    right = next(f for f in of_cell("rnn") if f.id == "rnn.forward.h")
    parts = [right.symbols[name].node for name in ("x", *added)]
    broken = replace(right, right=MatAdd(*parts) if added else parts[0])
    found = compare("rnn", [broken], given, [Shown("forward.h", h_of(given))], TOLERANCE)
    assert found["rnn.forward.h"].worst == math.inf


def test_what_no_formula_is_about_is_refused(given: Example) -> None:
    with pytest.raises(ValueError, match=r"got rnn\.forward\.q$"):
        compare("rnn", of_cell("rnn"), given, [Shown("forward.q", h_of(given))], TOLERANCE)


def test_the_number_of_parameters_is_compared(given: Example) -> None:
    for more, refuted in ((0, False), (1, True)):
        number = np.array(float(2 * 3 + 2 * 2 + 2 + more))
        found = compare("rnn", of_cell("rnn"), given, [Shown("count.parameters", number)], TOLERANCE)
        assert (found["rnn.count.parameters"].worst > TOLERANCE) is refuted


def test_gates_come_out_as_they_went_in() -> None:
    rng = np.random.default_rng(2)
    params = example("gru-after", SIZES, seed=3).params
    gates = Gates(("z", "r", "n"), negated=("r",), two_biases=("n",))
    for letter in "WU":
        back = dict(gates.part(letter, gates.stack(letter, params)))
        assert back.keys() == {f"{letter}_{g}" for g in "zrn"}
        for name, values in back.items():
            np.testing.assert_array_equal(values, params[name])
    on_x, on_h = gates.biases(params, rng)
    sides = dict(gates.part("b", on_x, "x")), dict(gates.part("b", on_h, "h"))
    np.testing.assert_array_equal(sides[0]["b_nx"], params["b_nx"])
    np.testing.assert_array_equal(sides[1]["b_nh"], params["b_nh"])
    for name in ("b_z", "b_r"):
        np.testing.assert_allclose(sides[0][name] + sides[1][name], params[name], rtol=1e-14)
        assert (sides[1][name] != 0).all()
    assert (gates.stack("W", params)[2:4] == -params["W_r"]).all()
