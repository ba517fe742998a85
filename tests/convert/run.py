"""Runs the frameworks' layers with weights that lstmref wrote, and compares with lstmref's network, both ways.

Each `agree_*` draws weights, writes them by `to_*`, hands them to the framework, runs it, reads its own weights by
`from_*`, and runs those in `lstmref.network`. A fault in either direction, or one that cancels out of a round trip,
such as two gates exchanged in both, makes the outputs differ.
"""

from __future__ import annotations

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

    read = convert.from_pytorch(layer.state_dict(), **drawn.said("pytorch", architecture.cell))
    assert drawn.same(read, convert.from_pytorch(layer))
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
    theirs = convert.from_pytorch(
        {name: value.grad for name, value in layer.named_parameters()},
        **drawn.said("pytorch", architecture.cell),
    )
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
    said = drawn.said("keras", architecture.cell, architecture.bidirectional)
    read = convert.from_keras(given, cell=architecture.cell, **said, **({} if with_biases else options))
    assert drawn.same(read, convert.from_keras(stack, cell=architecture.cell))
    here = case(read, seed)._replace(states=None)
    h = here.x.swapaxes(0, 1).astype(np.float32)
    for layer in stack:
        h = layer(h)
    close("h", run(here)[0].h, np.asarray(h).swapaxes(0, 1), 1e-5)


# ONNX Runtime, float32


LENGTHS = [3, 4]


def agree_onnx(
    program: Any, architecture: Architecture, seed: int, with_biases: bool = True, reverse: bool = False
) -> None:
    """Outputs and final states of a model of operators with Transpose and Reshape in between.

    The samples have unequal lengths, and every layer starts from states that the model is given.
    """
    weights = biased(drawn.of(replace(architecture, reverse=reverse), seed, np.float32), with_biases)
    stack = convert.to_onnx(weights)
    model = onnx_model(program, stack)
    names = [f"layer {k}" for k in range(len(stack))]
    read = convert.from_onnx_file(model.SerializeToString(), names, cell=architecture.cell)
    assert read.architecture == weights.architecture
    here = case(read, seed)._replace(lengths=np.array(LENGTHS))
    assert here.states is not None
    h, *last = session(program, model).run(None, feeds(here))
    outputs, _ = run(here)
    close("h", outputs.h, h, 1e-5)
    for layer, final in enumerate(last):
        close(f"h_T of layer {layer}", outputs.states["h"][layer], final, 1e-5)


def session(program: Any, model: Any) -> Any:
    """ONNX Runtime with the model, on one thread."""
    options = program.onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return program.onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def feeds(here: Case) -> dict[str, Array]:
    """What `onnx_model` is given: x, lengths and the initial states of every layer."""
    states = {
        f"{n}{k}": v[k].astype(np.float32) for n, v in (here.states or {}).items() for k in range(len(v))
    }
    return {"X": here.x.astype(np.float32), "lengths": np.array(here.ends(), np.int32), **states}


def onnx_model(program: Any, stack: list[OnnxLayer]) -> Any:
    """A model X (T, B, D) -> h (T, B, directions H) and each layer's final h; weights are initializers."""
    helper = program.helper
    nodes, initializers, final = [], [], []
    initializers.append(program.onnx.numpy_helper.from_array(np.array([0, 0, -1]), "shape"))
    source, states = "X", []
    for k, layer in enumerate(stack):
        tensors = {name: value for name, value in zip("WRB", layer[1:4], strict=True) if value is not None}
        initializers += [program.onnx.numpy_helper.from_array(v, f"{n}{k}") for n, v in tensors.items()]
        given = [f"{name}{k}" if name in tensors else "" for name in "WRB"]
        initial = [f"h{k}", f"c{k}"] if layer.op_type == "LSTM" else [f"h{k}"]
        inputs = [source, *given, "lengths", *initial]
        attributes = {"name": f"layer {k}", **layer.attributes}
        nodes.append(helper.make_node(layer.op_type, inputs, [f"Y{k}", f"Y_h{k}"], **attributes))
        nodes.append(helper.make_node("Transpose", [f"Y{k}"], [f"Y_t{k}"], perm=[0, 2, 1, 3]))
        source = f"outputs{k}"
        nodes.append(helper.make_node("Reshape", [f"Y_t{k}", "shape"], [source]))
        final.append(f"Y_h{k}")
        states += initial
    value = helper.make_tensor_value_info
    number = program.TensorProto.FLOAT
    inputs = [value("X", number, [None] * 3), value("lengths", program.TensorProto.INT32, [None])]
    inputs += [value(name, number, [None] * 3) for name in states]
    outputs = [value(name, number, [None] * 3) for name in (source, *final)]
    graph = helper.make_graph(nodes, "network", inputs, outputs, initializers)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", program.OPSET)], ir_version=program.IR
    )
    program.onnx.checker.check_model(model)
    return model
