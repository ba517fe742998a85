"""A configuration weakens what its name says, and nothing else."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from tests.judges.example import Example
from tests.judges.shape import of_reference
from tests.judges.strength.configurations import (
    CONFIGURATIONS,
    LAST_LOSS,
    NO_FINAL,
    ONE_STEP,
    SAME_GATES,
    SINGLE,
    STRONG,
    TINY,
    TUTORIAL,
    WEAKENED,
    ZERO_STATE,
    Configuration,
    combined,
    configuration,
    example,
)

LSTM = of_reference("lstm")
SHAPES = {"W_i": (4, 3), "U_i": (4, 4), "b_i": (4,), "W_f": (4, 3), "U_f": (4, 4), "b_f": (4,)}
FIELDS = {
    "T=1": {"T": 1},
    "batch 1": {"B": 1},
    "D=H": {"D": 4},
    "zero initial state": {"initial_state": False},
    "identical gates": {"distinct_gates": False},
    "no final cotangents": {"final_cotangents": False},
    "loss at the last step": {"loss_at_every_step": False},
    "tolerance 1e-3": {"rtol": 1e-3},
    "tiny weights": {"weight_scale": 1e-3},
    "float32 tolerance": {"rtol": 1.3e-6, "atol": 1e-5},
}


def weaker(c: Configuration) -> dict[str, object]:
    return {k: v for k, v in asdict(c).items() if k != "name" and v != getattr(STRONG, k)}


def made(c: Configuration) -> Example:
    return example("lstm", c, SHAPES, LSTM)


def test_each_takes_away_what_its_name_says() -> None:
    assert {c.name: weaker(c) for c in SINGLE} == FIELDS
    assert weaker(TUTORIAL) == {
        "T": 1,
        "B": 1,
        "initial_state": False,
        "final_cotangents": False,
        "loss_at_every_step": False,
    }
    assert combined("both", ONE_STEP, NO_FINAL) == Configuration("both", T=1, final_cotangents=False)
    assert all(len(weaker(c)) > 1 for c in WEAKENED if c not in SINGLE)


def test_the_names_are_different_and_found() -> None:
    assert len({c.name for c in CONFIGURATIONS}) == len(CONFIGURATIONS)
    assert all(configuration(c.name) is c for c in CONFIGURATIONS)
    with pytest.raises(KeyError, match=r"expected one of strong, T=1, .*, got 'weak'"):
        configuration("weak")


def test_the_strong_one_leaves_nothing_out() -> None:
    c, e = STRONG, made(STRONG)
    assert c.T >= 3
    assert c.B >= 2
    assert c.D != c.H
    values = [
        *e.params.values(),
        *e.inputs.values(),
        *e.initial.values(),
        *e.loss.values(),
        *e.final.values(),
    ]
    numbers = np.concatenate([v.ravel() for v in values])
    assert len(set(numbers)) == len(numbers)
    assert (numbers != 0).all()


def test_the_numbers_are_the_same_where_the_sizes_are() -> None:
    strong = made(STRONG)
    for c in (ZERO_STATE, SAME_GATES, NO_FINAL, LAST_LOSS, TINY):
        e = made(c)
        np.testing.assert_array_equal(e.inputs["x"], strong.inputs["x"])
        if c not in (SAME_GATES, TINY):
            assert all((e.params[n] == p).all() for n, p in strong.params.items())
    assert not any(v.any() for v in made(ZERO_STATE).initial.values())
    assert not any(v.any() for v in made(NO_FINAL).final.values())
    last = made(LAST_LOSS).loss["h"]
    assert not last[:-1].any()
    np.testing.assert_array_equal(last[-1], strong.loss["h"][-1])
    for name, p in made(TINY).params.items():
        np.testing.assert_array_equal(p, 1e-3 * strong.params[name])
    other = example("lstm", STRONG, SHAPES, LSTM, seed=1)
    assert not np.array_equal(other.inputs["x"], strong.inputs["x"])


def test_identical_gates_are_identical() -> None:
    p = made(SAME_GATES).params
    for letter in "WUb":
        np.testing.assert_array_equal(p[f"{letter}_i"], p[f"{letter}_f"])
    # U and W of one shape are still two things.
    square = example("lstm", Configuration("both", D=4, distinct_gates=False), SHAPES | {"W_i": (4, 4)}, LSTM)
    assert not np.array_equal(square.params["W_i"], square.params["U_i"])
