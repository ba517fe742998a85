"""Attributes of ONNX operators: what changes no result is passed over, the rest refused; ONNX Runtime says which is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lstmref import ConversionError, convert, network
from lstmref.check import Array
from lstmref.convert import OnnxLayer
from tests.convert import drawn

pytestmark = pytest.mark.witness

T, B, D, H = 6, 3, 2, 4
LINEAR: dict[str, Any] = {"activations": ["Sigmoid", "Tanh", "Affine"]}
ONE: dict[str, Any] = {"activation_alpha": [1.0], "activation_beta": [0.0]}
ZEROS = np.zeros((1, 3 * H), np.float32)


def layer(op_type: str, P: Array | None = None, **attributes: Any) -> OnnxLayer:
    k = {"RNN": 1, "GRU": 3, "LSTM": 4}[op_type]
    n = 2 if attributes.get("direction") == "bidirectional" else 1
    rng = np.random.default_rng(1)
    shapes = ((n, k * H, D), (n, k * H, H), (n, 2 * k * H))
    W, R, bias = (rng.normal(size=shape).astype(np.float32) for shape in shapes)
    return OnnxLayer(op_type, W, R, bias, {"hidden_size": H, **attributes}, P)


def inputs() -> Array:
    """Of all magnitudes, so that gates are saturated at some steps and not at others."""
    rng = np.random.default_rng(2)
    drawn_ = rng.normal(size=(T, B, D)) * np.array([1, 10, 1e3, 1, 1e6, 1])[:, None, None]
    found: Array = drawn_.astype(np.float32)
    return found


def runtime(program: Any, of: OnnxLayer) -> Array:
    """Y of the operator alone, as ONNX Runtime has it, in our layout."""
    helper = program.helper
    feeds = {"X": inputs(), **{n: v for n, v in zip("WRB", of[1:4], strict=True) if v is not None}}
    names = ["X", "W", "R", "B"]
    if of.P is not None:
        feeds["P"] = of.P
        names += ["", "", "", "P"]
    node = helper.make_node(of.op_type, names, ["Y"], **of.attributes)
    number = program.TensorProto.FLOAT
    given = [helper.make_tensor_value_info(name, number, value.shape) for name, value in feeds.items()]
    graph = helper.make_graph([node], "graph", given, [helper.make_tensor_value_info("Y", number, None)])
    opsets = [helper.make_opsetid("", program.OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=program.IR)
    session = program.onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (Y,) = session.run(None, feeds)
    found: Array = Y.swapaxes(1, 2).reshape(T, B, -1)
    return found


@pytest.mark.parametrize(
    ("op_type", "usual", "more"),
    [
        ("LSTM", {}, {"activation_alpha": [0.5, 0.5, 0.5]}),
        ("LSTM", {}, {"activation_beta": [0.1]}),
        ("RNN", {}, {"activation_alpha": [0.5]}),
        ("GRU", {}, {"activation_alpha": [0.5], "activation_beta": [0.5]}),
        ("LSTM", {"direction": "bidirectional"}, {"activation_alpha": [0.5] * 6}),
        ("LSTM", LINEAR | ONE, LINEAR | {"activation_alpha": [1.0]}),
        ("LSTM", LINEAR | ONE, LINEAR | {"activation_alpha": [1.0, 1.0, 0.5]}),
        ("LSTM", LINEAR | ONE, LINEAR | {"activation_alpha": [1.0], "activation_beta": [0.0, 0.5]}),
        ("LSTM", {}, {"clip": 1e9}),
        ("GRU", {}, {"clip": 1e9}),
        ("RNN", {}, {"clip": 1e9}),
        ("LSTM", {}, {"clip": 105.0}),
        ("GRU", {"linear_before_reset": 1}, {"linear_before_reset": 1, "clip": 105.0}),
        ("LSTM", LINEAR | ONE, LINEAR | ONE | {"clip": 3.4028235e38}),
        ("LSTM", {}, {"P": ZEROS}),
        ("LSTM", {}, {"P": -ZEROS}),
        ("LSTM", {}, {"activations": ["sigmoid", "TANH", "tanh"]}),
    ],
    ids=str,
)
def test_what_changes_no_result_converts(
    program: Callable[[str], Any], op_type: str, usual: dict[str, Any], more: dict[str, Any]
) -> None:
    here, plain = layer(op_type, **usual | more), layer(op_type, **usual)
    there = program("onnxruntime")
    np.testing.assert_array_equal(runtime(there, here), runtime(there, plain))
    weights = convert.from_onnx(here)
    assert drawn.same(weights, convert.from_onnx(plain))
    outputs, _ = network.forward(weights.architecture, weights.params, inputs())
    scale = max(1.0, float(np.abs(outputs.h).max()))
    np.testing.assert_allclose(outputs.h, runtime(there, here), rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize("clip", [104.0, 3.0, 1e-3])
def test_a_clip_that_is_not_seen_to_change_nothing_is_refused(clip: float) -> None:
    with pytest.raises(
        ConversionError, match=r"^layer 0 clip: expected none, or at least 105, which changes no result"
    ):
        convert.from_onnx(layer("LSTM", clip=clip))


@pytest.mark.parametrize("clip", [105.0, 1e9])
def test_a_clip_of_what_has_no_bound_is_refused(clip: float) -> None:
    """c itself grows without end where its activation is linear, and whether it is clipped ONNX leaves open."""
    with pytest.raises(
        ConversionError, match=r"^layer 0 clip: expected none, or at least 3\.40\d*e\+38, which"
    ):
        convert.from_onnx(layer("LSTM", **LINEAR, **ONE, clip=clip))


@pytest.mark.parametrize(
    ("usual", "more", "message"),
    [
        (LINEAR | ONE, LINEAR | {"activation_alpha": [0.5]}, "expected alpha (1.0,) and beta (0.0,)"),
        (LINEAR | ONE, LINEAR, "got () and ()"),
        (LINEAR | ONE, LINEAR | {"activation_alpha": [0.5, 0.5, 1.0]}, "got (0.5,) and ()"),
        (
            LINEAR | ONE,
            LINEAR | {"activation_alpha": [1.0], "activation_beta": [0.5]},
            "got (1.0,) and (0.5,)",
        ),
        ({}, {"clip": 3.0}, "clip: expected none"),
        ({}, {"input_forget": 1}, "input_forget: expected 0"),
        ({}, {"P": ZEROS + np.float32(0.5)}, "P: expected none, or zeros"),
        ({}, {"activations": ["HardSigmoid", "Tanh", "Tanh"]}, "activations: expected Sigmoid"),
    ],
    ids=str,
)
def test_what_changes_the_result_is_refused(
    program: Callable[[str], Any], usual: dict[str, Any], more: dict[str, Any], message: str
) -> None:
    there = program("onnxruntime")
    here, plain = layer("LSTM", **more), layer("LSTM", **usual)
    assert abs(runtime(there, here) - runtime(there, plain)).max() > 1e-3
    with pytest.raises(ConversionError) as caught:
        convert.from_onnx(here)
    assert message in str(caught.value)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
def test_the_bound_of_a_clip_is_where_sigmoid_is_reached(dtype: type) -> None:
    """Of each dtype: at the bound that the message gives sigmoid rounds to 0, and well below it does not."""
    from lstmref.activations import sigmoid

    of = layer("LSTM")
    wide = of._replace(**{name: getattr(of, name).astype(dtype) for name in "WRB"}, attributes={"clip": 1.0})
    with pytest.raises(ConversionError) as caught:
        convert.from_onnx(wide)
    bound = int(str(caught.value).partition("at least ")[2].partition(",")[0])
    exact = np.exp(np.array([-bound, -0.9 * bound], dtype))
    assert exact[0] < np.finfo(dtype).smallest_subnormal or exact[0] == 0
    assert exact[1] > 0
    assert sigmoid(np.array([bound], dtype))[0] == 1
    convert.from_onnx(wide._replace(attributes={"clip": float(bound)}))
