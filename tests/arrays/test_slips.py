"""The checker can fail: backward passes broken the way people break them are caught.

The slips of a single step are made in a backward pass of the LSTM written out once more here; with no slip it
passes, so each failure is the slip's. Those of a sequence are made by handing `backward` something wrong.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

import lstmref
from lstmref import Cell, lstm
from lstmref.check import Array
from lstmref.sequence import SequenceCache
from tests.lstmref import checker
from tests.lstmref.checker import Sizes, wrong

SIZES = Sizes(T=3, B=2, D=2, H=3)
SEED = 20
CELLS = lstmref.cells()


def lstm_step_backward(slip: str) -> Callable[[Mapping[str, Array], lstm.StepCache], dict[str, Array]]:
    """The backward pass of one LSTM step with the named slip, or with none for the empty name."""

    def backward(cotangents: Mapping[str, Array], cache: lstm.StepCache) -> dict[str, Array]:
        p, x, h_prev, c_prev, i, f, o, g, s = cache
        c = f * c_prev + i * g
        dh, dc_later = cotangents["h"], cotangents["c"]
        do = dh * (c if slip == "do without tanh" else s)
        slope = {"no slope of tanh": 1.0, "slope of tanh at h": 1 - (o * s) ** 2}.get(slip, 1 - s**2)
        dc = dh * o * slope + dc_later
        if slip == "no later c":
            dc = dh * o * slope
        if slip == "no output gate in dc":
            dc = dh * slope + dc_later
        di, df, dg = dc * g, dc * c_prev, dc * i
        if slip == "c for the previous c":
            df = dc * c
        if slip == "input and forget gate exchanged":
            di, df = df, di
        da_i, da_f, da_o = di * i * (1 - i), df * f * (1 - f), do * o * (1 - o)
        da_g = dg * (1 - g**2)
        if slip == "sigmoid for its derivative":
            da_f = df * f
        if slip == "derivative of sigmoid on the candidate":
            da_g = dg * g * (1 - g)
        if slip == "sign of the output gate":
            da_o = -da_o
        da = {"i": da_i, "f": da_f, "o": da_o, "g": da_g}
        dx = sum(da[k] @ p[f"W_{k}"] for k in da)
        dh_prev = sum(da[k] @ p[f"U_{k}"] for k in da if not (slip == "a gate lost in dh" and k == "f"))
        if slip == "U not transposed":
            dh_prev = sum(da[k] @ p[f"U_{k}"].T for k in da)
        gradients = {"x": dx, "h_prev": dh_prev, "c_prev": dc if slip == "no forget gate in dc" else dc * f}
        for k in da:
            gradients[f"W_{k}"] = da[k].T @ x
            gradients[f"U_{k}"] = da[k].T @ (o * s if slip == "h for the previous h" else h_prev)
            gradients[f"b_{k}"] = da[k].mean(axis=0) if slip == "mean over the batch" else da[k].sum(axis=0)
        return gradients

    return backward


STEP_SLIPS = {  # slip -> a gradient that it must spoil
    "do without tanh": "W_o",
    "no slope of tanh": "W_f",
    "slope of tanh at h": "W_f",
    "no later c": "c_prev",
    "no output gate in dc": "U_i",
    "c for the previous c": "W_f",
    "input and forget gate exchanged": "U_f",
    "sigmoid for its derivative": "b_f",
    "derivative of sigmoid on the candidate": "b_g",
    "sign of the output gate": "b_o",
    "a gate lost in dh": "h_prev",
    "U not transposed": "h_prev",
    "no forget gate in dc": "c_prev",
    "h for the previous h": "U_g",
    "mean over the batch": "b_i",
}


def test_without_a_slip_the_step_passes() -> None:
    assert wrong(CELLS["lstm"], SIZES, SEED, step=True, backward=lstm_step_backward("")) == {}


@pytest.mark.parametrize(("slip", "spoilt"), STEP_SLIPS.items())
def test_a_slip_in_the_step_is_caught(slip: str, spoilt: str) -> None:
    assert spoilt in wrong(CELLS["lstm"], SIZES, SEED, step=True, backward=lstm_step_backward(slip))


def test_a_lost_cotangent_is_caught(cell: Cell, step: bool) -> None:
    """Also the one on the final memory c_T, which many implementations forget."""
    backward = checker.of(cell, step=step).backward
    for lost in checker.of(cell, step=step).results:

        def without(cotangents: Mapping[str, Array], cache: object, lost: str = lost) -> dict[str, Array]:
            return backward({name: value for name, value in cotangents.items() if name != lost}, cache)

        failures = wrong(cell, SIZES, SEED, step=step, backward=without)
        # The cotangent of c does not reach the output gate of the last step, nor a projection behind it.
        projection = {"W_r"} if "P" in cell.LAYOUT.letters else set()
        reached = {name for name in checker.parameter_shapes(cell, SIZES) if "_o" not in name} - projection
        assert set(failures) >= reached, lost


def test_a_tiny_error_in_any_gradient_is_caught(cell: Cell, step: bool) -> None:
    """One entry, off by 1e-10 of the largest, makes that gradient and no other fail."""
    backward = checker.of(cell, step=step).backward
    given = checker.example(cell, SIZES, SEED, step=step)
    for name in given.arrays():

        def off(cotangents: Mapping[str, Array], cache: object, name: str = name) -> dict[str, Array]:
            found = backward(cotangents, cache)
            found[name].flat[-1] += 1e-10 * np.abs(found[name]).max()
            return found

        assert set(wrong(cell, SIZES, SEED, step=step, backward=off)) == {name}


def test_a_missing_or_transposed_gradient_is_caught() -> None:
    def broken(cotangents: Mapping[str, Array], cache: Any) -> dict[str, Array]:
        found = CELLS["lstm"].backward(cotangents, cache)
        del found["b_i"]
        return found | {"W_i": found["W_i"].T, "U_f": found["U_f"].T}

    assert set(wrong(CELLS["lstm"], SIZES, SEED, backward=broken)) == {"b_i", "W_i", "U_f"}


def test_the_memory_after_for_the_memory_before_is_caught() -> None:
    def broken(cotangents: Mapping[str, Array], cache: SequenceCache) -> dict[str, Array]:
        late = cache.kept._replace(c=np.roll(cache.kept.c, -1, axis=0))
        return CELLS["lstm"].backward(cotangents, cache._replace(kept=late))

    assert "W_f" in wrong(CELLS["lstm"], SIZES, SEED, backward=broken)


def test_the_missing_slope_of_tanh_is_caught() -> None:
    """`ds = o * top_diff_h + top_diff_s` is right for the linear output alone."""

    linear = CELLS["lstm-linear"]
    _, theirs = checker.run(linear, checker.example(linear, SIZES, SEED))

    def broken(cotangents: Mapping[str, Array], cache: SequenceCache) -> dict[str, Array]:
        return linear.backward(cotangents, theirs._replace(kept=cache.kept))

    assert {"W_i", "W_f", "W_g", "c_0"} <= set(wrong(CELLS["lstm"], SIZES, SEED, backward=broken))


@pytest.mark.parametrize("name", ["rnn", "gru", "gru-cho", "gru-after"])
def test_the_state_after_for_the_state_before_is_caught(name: str) -> None:
    cell = CELLS[name]

    def broken(cotangents: Mapping[str, Array], cache: SequenceCache) -> dict[str, Array]:
        late = cache.kept._replace(states=np.roll(cache.kept.states, -1, axis=0))
        return cell.backward(cotangents, cache._replace(kept=late))

    assert any(key.startswith("U") for key in wrong(cell, SIZES, SEED, backward=broken))


def test_one_candidate_bias_for_both_is_caught() -> None:
    """With the reset gate after the product, the gradients of b_nx and b_nh differ by the factor r."""

    def broken(cotangents: Mapping[str, Array], cache: SequenceCache) -> dict[str, Array]:
        found = CELLS["gru-after"].backward(cotangents, cache)
        return found | {"b_nh": found["b_nx"]}

    assert set(wrong(CELLS["gru-after"], SIZES, SEED, backward=broken)) == {"b_nh"}


def test_a_loss_on_the_last_step_only_is_caught(cell: Cell) -> None:
    def broken(cotangents: Mapping[str, Array], cache: object) -> dict[str, Array]:
        last = np.zeros_like(cotangents["h"])
        last[-1] = cotangents["h"][-1]
        return cell.backward({**cotangents, "h": last}, cache)

    assert "x" in wrong(cell, SIZES, SEED, backward=broken)
