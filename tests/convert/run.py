"""Runs the frameworks' layers with weights that lstmref wrote, and compares with lstmref's network, both ways.

Each `agree_*` draws weights, writes them by `to_*`, hands them to the framework, runs it, reads its own weights by
`from_*`, and runs those in `lstmref.network`. A fault in either direction, or one that cancels out of a round trip,
such as two gates exchanged in both, makes the outputs differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from lstmref import Architecture, convert
from lstmref.check import Array
from lstmref.convert import Weights
from lstmref.convert.onnx import OnnxLayer
from tests.convert import drawn
from tests.network.case import Case, gradients, made, run

SIZES = {"T": 4, "B": 2}


def case(weights: Weights, seed: int) -> Case:
    """Random inputs, states and cotangents for a network of these weights, in float64."""
    found = made(weights.architecture, SIZES["T"], SIZES["B"], seed + 1000)
    return found._replace(params={name: value.astype(np.float64) for name, value in weights.params.items()})


def close(name: str, found: Array, expected: Array, tolerance: float) -> None:
    """Assert that two arrays agree, within a tolerance of the largest entry of the one expected."""
    assert found.shape == expected.shape, name
    scale = max(1.0, float(np.abs(expected).max(initial=0)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * scale, err_msg=name)


def biased(weights: Weights, with_biases: bool) -> Weights:
    """The weights, or the same without biases."""
    if with_biases:
        return weights
    zero = {n: v * 0 if ".b" in n else v for n, v in weights.params.items()}
    return replace(weights, params=zero, biased=False)


# PyTorch, float64


def agree_pytorch(program: Any, architecture: Architecture, seed: int, with_biases: bool = True) -> None:
    """Outputs, final states and every gradient, those of the parameters read by `from_pytorch` too."""
    torch, nn = program.torch, program.nn
    weights = biased(drawn.of(architecture, seed), with_biases)
    kind = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru-after": nn.GRU}[architecture.cell]
    D, H = architecture.D, architecture.H
    options = {"bidirectional": architecture.bidirectional, "bias": with_biases, "dtype": torch.float64}
    layer = kind(D, H, architecture.layers, **options)
    state = {name: torch.from_numpy(value) for name, value in convert.to_pytorch(weights, "x.").items()}
    # PyTorch's second bias is not zero in earnest; what the first loses it gains.
    for name in [name for name in state if "bias_hh" in name and architecture.cell != "gru-after"]:
        part = torch.from_numpy(np.random.default_rng(seed).normal(size=state[name].shape))
        state[name] = state[name] + part
        state[name.replace("_hh_", "_ih_")] = state[name.replace("_hh_", "_ih_")] - part
    layer.load_state_dict({name.removeprefix("x."): value for name, value in state.items()})

    read = convert.from_pytorch(layer.state_dict())
    here = case(read, seed)
    outputs, _ = run(here)
    ours = gradients(here)
    assert here.states is not None
    shape = (-1, SIZES["B"], H)
    x = torch.tensor(here.x, requires_grad=True)
    initial = {
        name: torch.tensor(value.reshape(shape), requires_grad=True) for name, value in here.states.items()
    }
    first = tuple(initial.values())
    h, last = layer(x, first if len(first) > 1 else first[0])
    final = dict(zip(initial, last if isinstance(last, tuple) else (last,), strict=True))
    cotangents = [here.cotangents["h"], *(here.cotangents[f"{n}_T"].reshape(shape) for n in final)]
    torch.autograd.backward([h, *final.values()], [torch.from_numpy(value) for value in cotangents])

    close("h", outputs.h, h.detach().numpy(), 1e-12)
    for name, value in final.items():
        close(name, outputs.states[name].reshape(shape), value.detach().numpy(), 1e-12)
        close(f"{name}_0", ours[f"{name}_0"].reshape(shape), initial[name].grad.numpy(), 1e-12)
    close("gradient x", ours["x"], x.grad.numpy(), 1e-12)
    theirs = convert.from_pytorch({name: value.grad for name, value in layer.named_parameters()})
    for name, value in theirs.params.items():
        # Of a bias in two parts each has the gradient of the sum.
        for part_ in theirs.split.get(name, (value,)) if with_biases or ".b" not in name else ():
            close(f"gradient {name}", ours[name], part_, 1e-12)


# Keras, float32


def agree_keras(program: Any, architecture: Architecture, seed: int, with_biases: bool = True) -> None:
    """Outputs of the layers one after the other."""
    layers = program.keras.layers
    weights = biased(drawn.of(architecture, seed, np.float32), with_biases)
    kinds: dict[str, tuple[Any, dict[str, Any]]] = {
        "rnn": (layers.SimpleRNN, {}),
        "lstm": (layers.LSTM, {}),
        "gru-after": (layers.GRU, {"reset_after": True}),
        "gru-cho": (layers.GRU, {"reset_after": False}),
        "gru": (layers.GRU, {"reset_after": False}),
    }
    kind, options = kinds[architecture.cell]
    stack = []
    for number, values in enumerate(convert.to_keras(weights)):
        layer = kind(architecture.H, return_sequences=True, use_bias=with_biases, **options)
        layer = layers.Bidirectional(layer) if architecture.bidirectional else layer
        layer.build((SIZES["B"], SIZES["T"], architecture.inputs(number)))
        layer.set_weights(values)
        stack.append(layer)
    given = [layer.get_weights() for layer in stack]
    read = convert.from_keras(given, cell=architecture.cell, **({} if with_biases else options))
    here = case(read, seed)._replace(states=None)
    h = here.x.swapaxes(0, 1).astype(np.float32)
    for layer in stack:
        h = layer(h)
    close("h", run(here)[0].h, np.asarray(h).swapaxes(0, 1), 1e-5)


# ONNX Runtime, float32


def agree_onnx(
    program: Any, architecture: Architecture, seed: int, with_biases: bool = True, reverse: bool = False
) -> None:
    """Outputs and final states of a model of operators with Transpose and Reshape in between."""
    weights = replace(biased(drawn.of(architecture, seed, np.float32), with_biases), reverse=reverse)
    model = onnx_model(program, convert.to_onnx(weights))
    read = convert.from_onnx(onnx_layers(program.onnx, model), cell=architecture.cell)
    assert read.reverse == reverse
    here = case(read, seed)._replace(states=None)
    options = program.onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = program.onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    h, *last = session.run(None, {"X": here.x.astype(np.float32)})
    here = here._replace(x=here.x[::-1]) if reverse else here
    outputs, _ = run(here)
    close("h", outputs.h[::-1] if reverse else outputs.h, h, 1e-5)
    for layer, final in enumerate(last):
        close(f"h_T of layer {layer}", outputs.states["h"][layer], final, 1e-5)


def onnx_model(program: Any, stack: list[OnnxLayer]) -> Any:
    """A model X (T, B, D) -> h (T, B, directions H) and each layer's final h; weights are initializers."""
    helper = program.helper
    nodes, initializers, final = [], [], []
    initializers.append(program.onnx.numpy_helper.from_array(np.array([0, 0, -1]), "shape"))
    source = "X"
    for k, layer in enumerate(stack):
        tensors = {name: value for name, value in zip("WRB", layer[1:4], strict=True) if value is not None}
        initializers += [program.onnx.numpy_helper.from_array(v, f"{n}{k}") for n, v in tensors.items()]
        inputs = [source, *(f"{name}{k}" for name in tensors)]
        nodes.append(helper.make_node(layer.op_type, inputs, [f"Y{k}", f"Y_h{k}"], **layer.attributes))
        nodes.append(helper.make_node("Transpose", [f"Y{k}"], [f"Y_t{k}"], perm=[0, 2, 1, 3]))
        source = f"h{k}"
        nodes.append(helper.make_node("Reshape", [f"Y_t{k}", "shape"], [source]))
        final.append(f"Y_h{k}")
    value = helper.make_tensor_value_info
    number = program.TensorProto.FLOAT
    outputs = [value(name, number, [None] * 3) for name in (source, *final)]
    graph = helper.make_graph(nodes, "network", [value("X", number, [None] * 3)], outputs, initializers)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", program.OPSET)], ir_version=program.IR
    )
    program.onnx.checker.check_model(model)
    return model


def onnx_layers(onnx: Any, model: Any) -> list[OnnxLayer]:
    """The operators of a model as the documentation tells how to get them: attributes come as bytes."""
    tensors: Mapping[str, Array] = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    found = []
    for node in model.graph.node:
        if node.op_type in ("RNN", "GRU", "LSTM"):
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            W, R, *B = (tensors[name] for name in node.input[1:])
            found.append(OnnxLayer(node.op_type, W, R, B[0] if B else None, attributes))
    return found
