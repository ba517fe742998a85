"""Operators out of ONNX models: wherever their weights stand, and nothing that they are given is lost in silence."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from lstmref import Architecture, ConversionError, KindError, NameSetError, convert, network
from lstmref.check import Array
from lstmref.convert import OnnxLayer
from tests.convert import drawn

D, H = 3, 4
OPSET, IR = 22, 10


def layer(op_type: str = "LSTM", seed: int = 0, dtype: Any = np.float32, D: int = D) -> OnnxLayer:
    """An operator with random weights."""
    k = {"RNN": 1, "GRU": 3, "LSTM": 4}[op_type]
    rng = np.random.default_rng(seed)
    W, R, B = (
        rng.normal(size=shape).astype(dtype) for shape in ((1, k * H, D), (1, k * H, H), (1, 2 * k * H))
    )
    return OnnxLayer(op_type, W, R, B, {"hidden_size": H})


def tensors(of: OnnxLayer, end: str = "") -> list[Any]:
    """Its weights as initialisers W, R, B, with `end` behind the names."""
    values = zip("WRB", of[1:4], strict=True)
    return [numpy_helper.from_array(value, name + end) for name, value in values if value is not None]


def model(
    nodes: Sequence[Any], initializers: Sequence[Any] = (), inputs: Sequence[str] = ("X",), **more: Any
) -> Any:
    """A model that is given X and other inputs of three axes."""
    value = helper.make_tensor_value_info
    given = [value(name, TensorProto.FLOAT, [None] * 3) for name in inputs]
    outputs = [value(nodes[-1].output[0], TensorProto.FLOAT, None)]
    graph = helper.make_graph(list(nodes), "graph", given, outputs, list(initializers))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR, **more)


def lstm(*inputs: str, name: str = "lstm", **attributes: Any) -> Any:
    """An LSTM operator with weights W, R, B and what else it is given."""
    given = ["X", "W", "R", "B", *inputs]
    return helper.make_node("LSTM", given, [f"Y of {name}"], name=name, hidden_size=H, **attributes)


def expected() -> convert.Weights:
    return convert.from_onnx(layer())


def test_a_path_bytes_and_a_model(tmp_path: Path) -> None:
    here = model([lstm()], tensors(layer()))
    path = tmp_path / "model.onnx"
    path.write_bytes(here.SerializeToString())
    for source in (here, here.SerializeToString(), path, str(path)):
        assert drawn.same(convert.from_onnx_file(source), expected())
    onnx.save_model(
        here, tmp_path / "outside.onnx", save_as_external_data=True, size_threshold=0, location="data"
    )
    assert (tmp_path / "data").stat().st_size > 0
    assert drawn.same(convert.from_onnx_file(tmp_path / "outside.onnx"), expected())
    content = (tmp_path / "outside.onnx").read_bytes()
    with pytest.raises(ConversionError, match=r"^lstm W: expected a constant that can be read, got 'W'"):
        convert.from_onnx_file(content)


def constant(name: str, value: Array) -> Any:
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value))


def test_weights_that_are_constants_or_computed_of_them() -> None:
    of = layer()
    assert of.B is not None
    doubled, axes = (of.W[0] * 2).astype(np.float64), np.array([0])
    parts = np.split(of.B, 2, axis=1)
    nodes = [
        constant("w", doubled),
        helper.make_node("Cast", ["w"], ["w32"], to=TensorProto.FLOAT),
        constant("half", np.full((), 0.5, np.float32)),
        helper.make_node("Mul", ["w32", "half"], ["w1"]),
        helper.make_node("Unsqueeze", ["w1", "axes"], ["W"]),
        helper.make_node("Identity", ["r"], ["R"]),
        helper.make_node("Concat", ["b0", "b1"], ["B"], axis=1),
        lstm(),
    ]
    given = {"axes": axes, "r": of.R, "b0": parts[0], "b1": parts[1]}
    here = model(nodes, [numpy_helper.from_array(value, name) for name, value in given.items()])
    assert drawn.same(convert.from_onnx_file(here), expected())


def test_a_sparse_initialiser() -> None:
    of = layer()
    R = np.where(of.R > 0, of.R, np.float32(0))
    flat = np.flatnonzero(R)
    here = model([lstm()], [each for each in tensors(of) if each.name != "R"])
    values = numpy_helper.from_array(R.ravel()[flat], "R")
    indices = numpy_helper.from_array(flat.astype(np.int64), "R_indices")
    here.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, list(R.shape)))
    assert drawn.same(convert.from_onnx_file(here), convert.from_onnx(of._replace(R=R)))


def test_weights_that_are_known_only_when_it_runs() -> None:
    others = [each for each in tensors(layer()) if each.name != "R"]
    for nodes in ([lstm()], [helper.make_node("Neg", ["r"], ["R"]), lstm()]):
        here = model(nodes, others, inputs=["X", "R", "r"][:: len(nodes)])
        with pytest.raises(
            ConversionError, match=r"^lstm R: expected an initialiser or a constant, got 'R', which"
        ):
            convert.from_onnx_file(here)


def test_every_optional_input_is_read_at_its_place() -> None:
    """What a reader of the inputs 1 to 3 alone gets wrong."""
    peepholes = numpy_helper.from_array(np.full((1, 3 * H), 0.5, np.float32), "P")
    here = model([lstm("", "", "", "P")], [*tensors(layer()), peepholes])
    with pytest.raises(ConversionError, match=r"^layer 0 P: expected none, or zeros, got 0\.5"):
        convert.from_onnx_file(here)
    (node,) = convert.onnx_nodes(here)
    assert node.layer.P is not None
    assert node.layer.P.tolist() == [[0.5] * 12]
    without = helper.make_node("LSTM", ["X", "W", "R"], ["Y"], hidden_size=H)
    read = convert.from_onnx_file(model([without], tensors(layer()._replace(B=None))))
    assert not read.biased
    first = helper.make_node("LSTM", ["X", "W", "R", "", "lengths"], ["", "h"], hidden_size=H)
    (node,) = convert.onnx_nodes(model([first], tensors(layer()._replace(B=None)), inputs=["X", "lengths"]))
    assert (node.name, node.layer.B, node.given) == ("h", None, {"sequence_lens": "lengths"})


def test_attributes_are_kept() -> None:
    options: dict[str, Any] = {"direction": "reverse", "layout": 1, "activation_alpha": [0.5]}
    here = model([lstm(**options)], tensors(layer()))
    (node,) = convert.onnx_nodes(here)
    assert node.layer.attributes == {
        "hidden_size": H,
        "direction": b"reverse",
        "layout": 1,
        "activation_alpha": [0.5],
    }
    assert convert.from_onnx_file(here).architecture == Architecture("lstm", D, H, reverse=True)


def two() -> Any:
    """Two operators, one without a name, the second reading the outputs of the first."""
    nodes = [
        helper.make_node("GRU", ["X", "W0", "R0", "B0"], ["first"], hidden_size=H),
        helper.make_node("Squeeze", ["first", "one"], ["between"]),
        helper.make_node("GRU", ["between", "W1", "R1", "B1"], ["Y"], hidden_size=H, name="second"),
    ]
    weights = tensors(layer("GRU"), "0") + tensors(layer("GRU", 1, D=H), "1")
    return model(nodes, [*weights, numpy_helper.from_array(np.array([1]), "one")])


def test_several_operators_are_named_and_not_guessed() -> None:
    here = two()
    for asked in (None, "third", ["first", "third"], [], 5):
        with pytest.raises(
            NameSetError,
            match=r"^node: expected the name of a recurrent operator, or a list of them for a stack, got .*; "
            r"there are first \(GRU\), second \(GRU\)$",
        ):
            convert.from_onnx_file(here, asked)  # type: ignore[arg-type]
    stack = [layer("GRU"), layer("GRU", 1, D=H)]
    assert drawn.same(convert.from_onnx_file(here, ["first", "second"]), convert.from_onnx(stack))
    assert drawn.same(
        convert.from_onnx_file(here, "second", cell="gru"), convert.from_onnx(stack[1], cell="gru")
    )
    assert [node.name for node in convert.onnx_nodes(here)] == ["first", "second"]


def test_in_a_branch_and_in_a_function() -> None:
    of = tensors(layer())
    value = helper.make_tensor_value_info("Y of lstm", TensorProto.FLOAT, None)
    branch = helper.make_graph([lstm()], "branch", [], [value], of[:1])
    other = helper.make_graph([constant("zero", np.zeros(1, np.float32))], "other", [], [value])
    here = model([helper.make_node("If", ["yes"], ["Y"], then_branch=branch, else_branch=other)], of[1:])
    assert drawn.same(convert.from_onnx_file(here), expected())
    opset = [helper.make_opsetid("", OPSET)]
    function = helper.make_function("own", "Layer", ["X", "W", "R", "B"], ["Y of lstm"], [lstm()], opset)
    call = helper.make_node("Layer", ["X", "W", "R", "B"], ["Y"], domain="own", name="call")
    here = model([call], of, functions=[function])
    here.opset_import.append(helper.make_opsetid("own", 1))
    assert drawn.same(convert.from_onnx_file(here), expected())


def with_states(nodes: Sequence[Any], initializers: dict[str, Array], inputs: Sequence[str] = ("X",)) -> Any:
    given = [numpy_helper.from_array(value, name) for name, value in initializers.items()]
    return model([*nodes, lstm("", "h")], [*tensors(layer()), *given], inputs)


ZERO, LEARNT = np.zeros((1, 1, H), np.float32), np.full((1, 1, H), 0.1, np.float32)
SHAPE_OF_X = helper.make_node("Shape", ["X"], ["shape"])
EXPAND = helper.make_node("Expand", ["h0", "shape"], ["h"])
FILLED = {value: helper.make_node(
    "ConstantOfShape", ["shape"], ["h"], value=numpy_helper.from_array(np.array([value], np.float32))
) for value in (0, 1)}  # fmt: skip


@pytest.mark.parametrize(
    ("nodes", "initializers", "inputs"),
    [
        ([], {}, ["X", "h"]),
        ([], {"h": ZERO}, ["X"]),
        ([SHAPE_OF_X, EXPAND], {"h0": ZERO}, ["X"]),
        ([SHAPE_OF_X, FILLED[0]], {}, ["X"]),
        ([SHAPE_OF_X, helper.make_node("ConstantOfShape", ["shape"], ["h"])], {}, ["X"]),
        ([helper.make_node("Tanh", ["E"], ["h"])], {}, ["X", "E"]),
        ([helper.make_node("Add", ["E", "h0"], ["h"])], {"h0": LEARNT}, ["X", "E"]),
    ],
    ids=[
        "input",
        "zeros",
        "zeros of its shape",
        "filled with 0",
        "filled",
        "of another input",
        "and of that",
    ],
)
def test_states_that_are_given_or_zero(
    nodes: list[Any], initializers: dict[str, Array], inputs: list[str]
) -> None:
    assert drawn.same(convert.from_onnx_file(with_states(nodes, initializers, inputs)), expected())


@pytest.mark.parametrize(
    ("nodes", "initializers"),
    [
        ([], {"h": LEARNT}),
        ([SHAPE_OF_X, EXPAND], {"h0": LEARNT}),
        ([SHAPE_OF_X, FILLED[1]], {}),
        ([helper.make_node("RandomNormal", [], ["h"], shape=[1, 1, H])], {}),
    ],
    ids=["constant", "of its shape", "filled with 1", "random"],
)
def test_states_that_the_model_has_itself_are_not_lost(
    nodes: list[Any], initializers: dict[str, Array]
) -> None:
    here = with_states(nodes, initializers)
    with pytest.raises(
        ConversionError, match=r"^lstm initial_h: expected none, or one that .*, got 'h', .* as states$"
    ):
        convert.from_onnx_file(here)
    (node,) = convert.onnx_nodes(here)
    assert drawn.same(convert.from_onnx(node.layer), expected())
    if "h" in initializers:
        np.testing.assert_array_equal(node.given["initial_h"], LEARNT)


def test_lengths_that_the_model_has_itself_are_not_lost() -> None:
    lengths = numpy_helper.from_array(np.array([3, 2], np.int32), "lengths")
    here = model([lstm("lengths")], [*tensors(layer()), lengths])
    with pytest.raises(
        ConversionError, match=r"^lstm sequence_lens: expected none, .* to network\.forward as lengths$"
    ):
        convert.from_onnx_file(here)
    assert convert.onnx_nodes(here)[0].given["sequence_lens"].tolist() == [3, 2]  # type: ignore[union-attr]


def test_numbers_of_other_kinds() -> None:
    here = convert.from_onnx_file(model([lstm()], tensors(layer(dtype=np.float16))))
    assert here.half
    assert here.dtype == np.float32
    (written,) = convert.to_onnx(here)
    assert drawn.same_lists(written[1:4], layer(dtype=np.float16)[1:4])
    brain = [helper.make_tensor("W", TensorProto.BFLOAT16, [1, 4 * H, D], layer().W.ravel())]
    with pytest.raises(
        KindError, match=r"^layer 0 W: expected float16, .*, got bfloat16, which NumPy has not"
    ):
        convert.from_onnx_file(model([lstm()], brain + tensors(layer())[1:]))


def test_what_is_no_model(tmp_path: Path) -> None:
    dense = helper.make_node("MatMul", ["X", "X"], ["Y"])
    quantised = helper.make_node("DynamicQuantizeLSTM", ["X"], ["Y"], domain="com.microsoft")
    with pytest.raises(ConversionError, match=r"^expected a model with GRU, LSTM, RNN, got one with MatMul$"):
        convert.from_onnx_file(model([dense]))
    with pytest.raises(ConversionError, match=r"got one with DynamicQuantizeLSTM$"):
        convert.from_onnx_file(model([dense, quantised]))
    with pytest.raises(ConversionError, match=r"^model: expected the bytes of an ONNX model, got "):
        convert.from_onnx_file(b"no model")
    (tmp_path / "text.onnx").write_text("no model", encoding="utf-8")
    with pytest.raises(ConversionError, match=r"text\.onnx: expected an ONNX model, got "):
        convert.from_onnx_file(tmp_path / "text.onnx")
    with pytest.raises(ConversionError, match=r"expected an ordinary file, got a folder$"):
        convert.from_onnx_file(tmp_path)
    with pytest.raises(FileNotFoundError):
        convert.from_onnx_file(tmp_path / "absent.onnx")
    for source in (5, None, [1]):
        with pytest.raises(KindError, match=r"^source: expected a path, bytes or an onnx\.ModelProto, got "):
            convert.from_onnx_file(source)


def test_a_circle_ends() -> None:
    turn = [helper.make_node("Identity", [a], [b]) for a, b in ("ab", "ba")]
    nodes = [*turn, helper.make_node("Identity", ["a"], ["h"]), lstm("", "h")]
    with pytest.raises(ConversionError, match=r"^lstm initial_h: "):
        convert.from_onnx_file(model(nodes, tensors(layer())))


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    content = model([lstm()], tensors(layer())).SerializeToString()
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(
        ConversionError, match=r'onnx, which is not installed: pip install "lstmref\[onnx\]"$'
    ):
        convert.from_onnx_file(content)


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("op_type", ["RNN", "GRU", "LSTM"])
def test_batches_first(op_type: str, direction: str) -> None:
    """layout=1, which ONNX Runtime has not: beside ONNX's own reference implementation where that has it."""
    of, n = layer(op_type), 2 if direction == "bidirectional" else 1
    rng = np.random.default_rng(3)
    W, R, B = (rng.normal(size=(n, *value.shape[1:])).astype(np.float32) for value in of[1:4])  # type: ignore[union-attr]
    attributes: dict[str, Any] = {"hidden_size": H, "direction": direction, "layout": 1}
    x = rng.normal(size=(2, 5, D)).astype(np.float32)
    node = helper.make_node(op_type, ["X", "W", "R", "B"], ["Y"], **attributes)
    here = model([node], tensors(OnnxLayer(op_type, W, R, B)))
    weights = convert.from_onnx_file(here)
    outputs, _ = network.forward(weights.architecture, weights.params, x, batch_first=True)
    plain = convert.from_onnx(OnnxLayer(op_type, W, R, B, {**attributes, "layout": 0}))
    assert drawn.same(weights, plain)
    try:
        (Y,) = onnx.reference.ReferenceEvaluator(here).run(None, {"X": x})
    except NotImplementedError:
        pytest.skip(f"the reference implementation has no {op_type} with direction={direction}")
    np.testing.assert_allclose(outputs.h, Y.reshape(2, 5, n * H), rtol=0, atol=1e-5)


@pytest.mark.witness
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one", "both"])
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_what_pytorch_writes(program: Callable[[str], Any], kind: str, bidirectional: bool) -> None:
    """A stack whose batch is not fixed: the states are zeros of the shape of x."""
    torch = program("torch").torch
    module = getattr(torch.nn, kind)(D, H, num_layers=2, bidirectional=bidirectional).eval()
    x, file = torch.randn(5, 2, D), io.BytesIO()
    axes = {"x": [0, 1]}
    with pytest.warns():  # that the exporter is an older one
        torch.onnx.export(module, (x,), file, dynamo=False, input_names=["x"], dynamic_axes=axes)
    names = [node.name for node in convert.onnx_nodes(file.getvalue())]
    read = convert.from_onnx_file(file.getvalue(), names)
    assert drawn.same(read, convert.from_pytorch(module))
    outputs, _ = network.forward(read.architecture, read.params, x.numpy())
    np.testing.assert_allclose(outputs.h, module(x)[0].detach().numpy(), rtol=0, atol=1e-6)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no devices here")
def test_a_file_without_end(tmp_path: Path) -> None:
    (tmp_path / "link.onnx").symlink_to("/dev/zero")
    with pytest.raises(ConversionError, match=r"link\.onnx: expected an ordinary file, got a device$"):
        convert.from_onnx_file(tmp_path / "link.onnx")
