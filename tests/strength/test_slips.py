"""Published slips: which checks let them pass, and that the strong one lets none."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from derivations.derive.catalogue import formula
from derivations.mutants.slips import PUBLISHED
from tests.judges.strength.configurations import (
    NO_FINAL,
    ONE_STEP,
    STRONG,
    TUTORIAL,
    WEAKENED,
    ZERO_STATE,
    Configuration,
    combined,
)
from tests.judges.strength.gradient_check import GradientCheck

BY_NAME = {s.name: s for s in PUBLISHED}


@cache
def check(cell: str, c: Configuration) -> GradientCheck:
    return GradientCheck(cell, c)


def caught(name: str, c: Configuration) -> bool:
    wrong = BY_NAME[name].broken()
    return check(wrong.cell, c).catches(wrong)


@pytest.mark.parametrize("name", BY_NAME)
def test_the_strong_check_catches_every_slip(name: str) -> None:
    assert caught(name, STRONG)
    assert BY_NAME[name].broken().right != formula(BY_NAME[name].formula).right


def test_pull_request_49_passes_one_step_without_a_final_cotangent() -> None:
    name = "memory-cotangent-dropped"
    assert not caught(name, combined("both", ONE_STEP, NO_FINAL))
    assert not caught(name, TUTORIAL)
    assert caught(name, ONE_STEP)
    assert caught(name, NO_FINAL)


@pytest.mark.parametrize("cell", ["lstm", "rnn", "gru"])
def test_the_lost_first_step_passes_with_a_zero_initial_state_alone(cell: str) -> None:
    name = f"first-step-left-out-{cell}"
    assert not caught(name, ZERO_STATE)
    for c in WEAKENED:
        assert caught(name, c) == c.initial_state, c.name


def test_the_lost_first_step_of_a_bias_is_hidden_by_nothing() -> None:
    assert [c.name for c in WEAKENED if not caught("first-step-left-out-recurrent-bias", c)] == []


def test_an_assigned_gradient_passes_one_step() -> None:
    assert [c.name for c in WEAKENED if not caught("gradient-assigned", c)] == [
        c.name for c in WEAKENED if c.T == 1
    ]


def test_the_lost_first_step_is_the_sum_from_the_second() -> None:
    strong = check("rnn", STRONG)
    d, h = strong.values["dh_bar"][..., 0], strong.values["h_prev"][..., 0]
    wrong = sum(d[t].T @ h[t] for t in range(1, STRONG.T))
    strong.right.gradients["U"], right = np.asarray(wrong), strong.right.gradients["U"]
    try:
        assert not caught("first-step-left-out-rnn", STRONG)
    finally:
        strong.right.gradients["U"] = right


def test_every_slip_has_a_source_and_a_name_of_its_own() -> None:
    assert len(BY_NAME) == len(PUBLISHED)
    assert all(s.source for s in PUBLISHED)
