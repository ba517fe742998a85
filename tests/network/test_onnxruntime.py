"""Beside ONNX Runtime's operators RNN, LSTM and GRU: both directions, and a batch of unequal `sequence_lens`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from lstmref import Architecture
from lstmref.check import Array
from lstmref.network.architecture import of_cell
from tests.network import case, frameworks
from tests.network.case import Case, made

pytestmark = pytest.mark.witness

OPERATORS: dict[str, tuple[str, dict[str, Any]]] = {
    "rnn": ("RNN", {}),
    "lstm": ("LSTM", {}),
    "gru-after": ("GRU", {"linear_before_reset": 1}),
    "gru-cho": ("GRU", {"linear_before_reset": 0}),
}
OPSET, IR = 22, 10


def observe(installed: Callable[[str], Any], given: Case, lengths: Sequence[int]) -> dict[str, Array]:
    """The outputs of the operator, in our layout; float32."""
    onnx, onnxruntime = installed("onnx"), installed("onnxruntime")
    architecture = given.architecture
    operator, attributes = OPERATORS[architecture.cell]
    order = frameworks.ONNX[architecture.cell]
    W, U, b_x, b_h = (
        np.stack(each)
        for each in zip(
            *(frameworks.stacked(order, of_cell(given.params, *where)) for where in architecture.cells()),
            strict=True,
        )
    )
    feeds = {"X": given.x, "W": W, "R": U, "B": np.concatenate([b_x, b_h], axis=1)}
    feeds |= {f"initial_{name}": state[0] for name, state in (given.states or {}).items()}
    feeds = {name: value.astype(np.float32) for name, value in feeds.items()}
    feeds["sequence_lens"] = np.array(lengths, np.int32)
    names = ["X", "W", "R", "B", "sequence_lens", *(f"initial_{name}" for name in given.states or {})]
    results = ["Y", *(f"Y_{name}" for name in given.states or {})]
    node = onnx.helper.make_node(
        operator,
        names,
        results,
        hidden_size=architecture.H,
        direction=(
            "bidirectional"
            if architecture.bidirectional
            else "reverse"
            if architecture.reverse
            else "forward"
        ),
        **attributes,
    )
    kind = onnx.TensorProto
    inputs = [
        onnx.helper.make_tensor_value_info(
            name, kind.INT32 if name == "sequence_lens" else kind.FLOAT, feeds[name].shape
        )
        for name in names
    ]
    outputs = [onnx.helper.make_tensor_value_info(name, kind.FLOAT, None) for name in results]
    graph = onnx.helper.make_graph([node], "layer", inputs, outputs)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", OPSET)], ir_version=IR)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    Y, *final = session.run(None, feeds)
    T, directions, B, H = Y.shape
    found = {"Y": Y.swapaxes(1, 2).reshape(T, B, directions * H)}
    return found | {name: value[None] for name, value in zip(given.states or {}, final, strict=True)}


@pytest.mark.parametrize(
    "lengths", [[6, 6, 6, 6], [3, 6, 1, 4], [0, 6, 2, 0]], ids=["equal", "unequal", "empty"]
)
@pytest.mark.parametrize("ways", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("name", OPERATORS)
def test_same_outputs(installed: Callable[[str], Any], name: str, ways: str, lengths: list[int]) -> None:
    architecture = Architecture(
        name, 3, 5, 1, bidirectional=ways == "bidirectional", reverse=ways == "reverse"
    )
    given = made(architecture, T=6, B=4, seed=1, lengths=lengths)
    expected = observe(installed, given, lengths)
    outputs, _ = case.run(given)
    np.testing.assert_allclose(outputs.h, expected.pop("Y"), rtol=0, atol=1e-6)
    some = np.array(lengths) > 0
    for state, value in expected.items():
        found = outputs.states[state][:, :, some]
        np.testing.assert_allclose(found, value[:, :, some], rtol=0, atol=1e-6, err_msg=state)
        # The one difference, and the operators' text decides nothing: the state after no step is the initial one
        # here, zero there.
        assert not value[:, :, ~some].any()


def test_a_difference_is_seen(installed: Callable[[str], Any]) -> None:
    given = made(Architecture("lstm", 3, 5, 1, True), T=6, B=4, seed=1, lengths=[3, 6, 1, 4])
    expected = observe(installed, given, [3, 6, 2, 4])
    outputs, _ = case.run(given)
    assert abs(outputs.h - expected["Y"]).max() > 1e-3
    assert abs(outputs.states["c"] - expected["c"]).max() > 1e-3
