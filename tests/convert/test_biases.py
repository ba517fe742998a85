"""A bias in two parts: whatever the parts were, those that are written add up to it, to the last bit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmref import Architecture, ConversionError, convert
from lstmref.convert.biases import part, whole
from tests.convert import drawn


@pytest.mark.parametrize("dtype", drawn.DTYPES)
@given(data=st.data())
def test_parts_add_up(dtype: type, data: st.DataObject) -> None:
    source = data.draw(drawn.sources(dtype))
    b, x, h = source((6,)), source((6,)), source((6,))
    for pair in (None, (x, h)):
        assert drawn.bits(whole(part(b, pair))) == drawn.bits(b)


@pytest.mark.parametrize("dtype", drawn.DTYPES)
@given(data=st.data())
def test_parts_that_still_add_up_are_kept(dtype: type, data: st.DataObject) -> None:
    source = data.draw(drawn.sources(dtype))
    x, h = source((6,)), source((6,))
    b = whole((x, h))
    kept = np.isfinite(b)
    for found, given_ in zip(part(np.where(kept, b, b.dtype.type(1)), (x, h)), (x, h), strict=True):
        assert drawn.bits(found[kept]) == drawn.bits(given_[kept])


def test_after_a_step_of_training_the_state_keeps_its_part() -> None:
    x, h = np.array([1.0, 2.0, 0.5]), np.array([0.5, 0.25, 4.0])
    b = x + h
    b[1] += 0.5
    new_x, new_h = part(b, (x, h))
    assert new_x.tolist() == [1.0, 2.5, 0.5]
    assert new_h.tolist() == h.tolist()


def test_a_part_too_far_from_the_sum_is_dropped() -> None:
    """1e-20 is no sum of 1 and anything in float64."""
    new_x, new_h = part(np.array([1e-20, 3.0]), (np.array([0.0, 2.0]), np.array([1.0, 1.0])))
    assert (new_x.tolist(), new_h.tolist()) == ([1e-20, 2.0], [0.0, 1.0])


def test_trained_in_another_dtype() -> None:
    """float16 weights are computed with in float32; the parts follow, and those too large for it do not."""
    weights = drawn.of(Architecture("rnn", 1, 2), seed=1, dtype=np.float32)
    split = {"0.forward.b": (np.array([1e300, 1.0]), np.array([1.0, 2.0]))}
    trained = replace(
        weights, params=weights.params | {"0.forward.b": np.array([2.0, 3.0], np.float32)}, split=split
    )
    state = convert.to_pytorch(trained)
    assert state["bias_ih_l0"].tolist() == [1.0, 1.0]
    assert state["bias_hh_l0"].tolist() == [1.0, 2.0]


@pytest.mark.parametrize("framework", ["pytorch", "keras", "onnx"])
def test_biases_that_were_not_there_stay_away_while_they_are_zero(framework: str) -> None:
    weights = replace(drawn.of(Architecture("lstm", 2, 3), seed=1), biased=False)
    write = drawn.WRITE[framework]
    zero = replace(weights, params={n: v * 0 if ".b_" in n else v for n, v in weights.params.items()})
    without, forced = write(zero), write(zero, bias=True)
    assert count(without) == 2
    assert count(forced) in (3, 4)
    with pytest.raises(
        ConversionError, match=r"^0\.forward\.b_i: expected zeros, as the weights came without"
    ):
        write(weights)
    with pytest.raises(ConversionError, match=r"^0\.forward\.b_i: expected zeros, for bias=False, got "):
        write(replace(weights, biased=True), bias=False)
    assert count(write(weights, bias=True)) == count(forced)


def count(written: Any) -> int:
    """How many arrays there are."""
    values = written.values() if isinstance(written, dict) else [a for layer in written for a in layer]
    return sum(isinstance(value, np.ndarray) for value in values)
