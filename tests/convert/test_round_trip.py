"""There and back gives the same bits, from either side, whatever the numbers, sizes, layers, directions and biases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lstmref import Architecture, convert
from lstmref.check import Array
from lstmref.convert import OnnxLayer, Weights
from lstmref.convert.layouts import LAYOUTS
from tests.convert import drawn


def back(framework: str, written: Any, weights: Weights) -> Weights:
    """Read what was written. A Keras GRU without biases needs the option that it was built with."""
    cell = weights.architecture.cell
    options = drawn.said(framework, cell, weights.architecture.bidirectional)
    if framework == "keras" and cell.startswith("gru") and len(written[0]) in (2, 4):
        return convert.from_keras(written, cell=cell, reset_after=cell == "gru-after", **options)
    return drawn.READ[framework](written, cell=cell, **options)


@pytest.mark.parametrize(("framework", "cell"), drawn.EVERY)
@settings(max_examples=40)
@given(data=st.data())
def test_from_lstmref(framework: str, cell: str, data: st.DataObject) -> None:
    weights = data.draw(drawn.weights(cell))
    assert drawn.same(back(framework, drawn.WRITE[framework](weights), weights), weights)


@pytest.mark.parametrize(("framework", "cell"), drawn.EVERY)
@settings(max_examples=40)
@given(data=st.data())
def test_from_lstmref_after_training(framework: str, cell: str, data: st.DataObject) -> None:
    """Parts of biases that no longer add up to them, or to which only some entries still add up."""
    weights = data.draw(drawn.weights(cell))
    source = data.draw(drawn.sources(weights.dtype))
    summed = {name: value.shape for name, value in weights.params.items() if drawn_bias(name)}
    split = {name: (source(shape), source(shape)) for name, shape in summed.items()}
    weights = replace(weights, split=split)
    assert drawn.same(back(framework, drawn.WRITE[framework](weights), weights), weights)


def drawn_bias(name: str) -> bool:
    """A bias of which only the sum acts."""
    own = name.rpartition(".")[2]
    return own.startswith("b") and own not in ("b_nx", "b_nh")


def sizes(data: st.DataObject) -> tuple[int, int, int, bool, drawn.Source, bool]:
    """D, H, layers, both directions, arrays, with biases."""
    whole, flag = st.integers, st.booleans()
    source = data.draw(st.sampled_from(drawn.DTYPES).flatmap(drawn.sources))
    layers = data.draw(whole(1, 3))
    return data.draw(whole(0, 3)), data.draw(whole(1, 3)), layers, data.draw(flag), source, data.draw(flag)


def summable(*pairs: tuple[Array, Array]) -> None:
    """Two biases whose sum is too large are refused; not here."""
    with np.errstate(over="ignore"):
        assume(all(np.isfinite(x + h).all() for x, h in pairs))


@pytest.mark.parametrize("cell", drawn.CELLS["pytorch"])
@settings(max_examples=40)
@given(data=st.data(), prefix=st.sampled_from(["", "rnn.", "encoder.0."]))
def test_from_pytorch(cell: str, data: st.DataObject, prefix: str) -> None:
    D, H, layers, both, source, biased = sizes(data)
    k = {"rnn": 1, "lstm": 4, "gru-after": 3}[cell]
    state: dict[str, Array] = {}
    for layer in range(layers):
        for suffix in ("", "_reverse") if both else ("",):
            inputs = D if layer == 0 else H * (2 if both else 1)
            shapes: dict[str, tuple[int, ...]] = {"weight_ih": (k * H, inputs), "weight_hh": (k * H, H)}
            if biased:
                shapes |= {"bias_ih": (k * H,), "bias_hh": (k * H,)}
            own = {n: source(shape) for n, shape in shapes.items()}
            if biased:
                summable((own["bias_ih"], own["bias_hh"]))
            state |= {f"{prefix}{n}_l{layer}{suffix}": value for n, value in own.items()}
    weights = convert.from_pytorch(
        {**state, "other": np.ones(1)} if prefix else state, prefix, **drawn.said("pytorch", cell)
    )
    assert weights.architecture == Architecture(cell, D, H, layers, both)
    assert weights.biased == biased
    assert drawn.same_arrays(convert.to_pytorch(weights, prefix), state)


@pytest.mark.parametrize("cell", drawn.CELLS["keras"])
@settings(max_examples=40)
@given(data=st.data())
def test_from_keras(cell: str, data: st.DataObject) -> None:
    D, H, layers, both, source, biased = sizes(data)
    k = {"rnn": 1, "lstm": 4}.get(cell, 3)
    bias = (2, k * H) if cell == "gru-after" else (k * H,)
    stack = []
    for layer in range(layers):
        inputs = D if layer == 0 else H * (2 if both else 1)
        shapes = ((inputs, k * H), (H, k * H), *([bias] if biased else []))
        own = [source(shape) for _ in range(1 + both) for shape in shapes]
        if cell == "gru-after":
            summable(*((b[0], b[1]) for b in own[2::3] if biased))
        stack.append(own)
    option: dict[str, Any] = {"reset_after": cell == "gru-after"} if k == 3 else {}
    weights = convert.from_keras(stack, cell=cell, **option, **drawn.said("keras", cell, both))
    assert weights.architecture == Architecture(cell, D, H, layers, both)
    assert weights.biased == biased
    assert drawn.same_lists(convert.to_keras(weights), stack)


@pytest.mark.parametrize("cell", drawn.CELLS["onnx"])
@settings(max_examples=40)
@given(data=st.data(), direction=st.sampled_from(["forward", "reverse", "bidirectional"]))
def test_from_onnx(cell: str, data: st.DataObject, direction: str) -> None:
    D, H, layers, _, source, biased = sizes(data)
    both = direction == "bidirectional"
    op_type = {"rnn": "RNN", "lstm": "LSTM", "lstm-linear": "LSTM"}.get(cell, "GRU")
    k, n = {"RNN": 1, "LSTM": 4, "GRU": 3}[op_type], 1 + both
    attributes: dict[str, Any] = {"hidden_size": H, "direction": direction}
    if op_type == "GRU":
        attributes["linear_before_reset"] = int(cell == "gru-after")
    if cell == "lstm-linear":
        attributes["activations"] = ["Sigmoid", "Tanh", "Affine"] * n
        attributes |= {"activation_alpha": [1.0] * n, "activation_beta": [0.0] * n}
    stack = []
    for layer in range(layers):
        inputs = D if layer == 0 else n * H
        shapes = ((n, k * H, inputs), (n, k * H, H), (n, 2 * k * H))
        W, R, B = (source(shape) for shape in shapes)
        summable(*((b[: k * H], b[k * H :]) for b in B))
        stack.append(OnnxLayer(op_type, W, R, B if biased else None, attributes))
    weights = convert.from_onnx(stack, cell=cell)
    assert weights.architecture == Architecture(cell, D, H, layers, both, reverse=direction == "reverse")
    assert weights.biased == biased
    assert drawn.same_lists(convert.to_onnx(weights), stack)


@settings(max_examples=40)
@given(data=st.data(), cell=st.sampled_from(["gru", "gru-cho"]))
def test_z_turned_twice(data: st.DataObject, cell: str) -> None:
    weights = data.draw(drawn.weights(cell))
    other = {"gru": "gru-cho", "gru-cho": "gru"}[cell]
    turned = convert.to_cell(weights, other)
    assert turned.architecture.cell == other
    assert drawn.same(convert.to_cell(turned, cell), weights)
    for name, value in weights.params.items():
        opposite = name.endswith(("W_z", "U_z", "b_z"))
        assert drawn.bits(turned.params[name]) == drawn.bits(-value if opposite else value)


def test_z_turned_with_the_parts_of_its_biases() -> None:
    rng = np.random.default_rng(4)
    W, R, B = rng.normal(size=(1, 6, 3)), rng.normal(size=(1, 6, 2)), rng.normal(size=(1, 12))
    for cell in ("gru", "gru-cho"):
        weights = convert.from_onnx(OnnxLayer("GRU", W, R, B), cell=cell)
        assert len(weights.split) == 3
        for name, (x, h) in weights.split.items():
            assert drawn.bits(x + h) == drawn.bits(weights.params[name])


@pytest.mark.parametrize("framework", LAYOUTS)
def test_nothing_is_shared_and_nothing_is_changed(framework: str) -> None:
    """In-place training of either side must not reach the other."""
    weights = drawn.of(Architecture("gru-after", 2, 3, 2, bidirectional=True), seed=1)
    before = {name: value.copy() for name, value in weights.params.items()}
    written = drawn.WRITE[framework](weights)
    flat: list[Array] = (
        list(written.values())
        if framework == "pytorch"
        else [array for layer in written for array in layer if isinstance(array, np.ndarray)]
    )
    assert all(array.flags.c_contiguous and array.flags.owndata for array in flat)
    read = back(framework, written, weights)
    copies = [array.copy() for array in flat]
    for value in read.params.values():
        value += 1
    assert all(drawn.bits(a) == drawn.bits(b) for a, b in zip(flat, copies, strict=True))
    for array in flat:
        array += 1
    assert drawn.same_arrays(weights.params, before)


def test_from_one_framework_to_another_and_back() -> None:
    """PyTorch's two biases survive ONNX, which has two, and their sums Keras, which for an LSTM has one."""
    rng = np.random.default_rng(5)
    shapes = {"weight_ih_l0": (8, 3), "weight_hh_l0": (8, 2), "bias_ih_l0": (8,), "bias_hh_l0": (8,)}
    state = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    weights = convert.from_pytorch(state)
    there = convert.from_onnx(convert.to_onnx(weights))
    assert drawn.same_arrays(convert.to_pytorch(there), state)
    said = drawn.said("keras", "lstm")
    assert drawn.same(convert.from_keras(convert.to_keras(weights), **said), weights)
