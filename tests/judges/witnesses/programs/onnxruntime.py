"""ONNX Runtime: its kernels for the operators RNN, GRU and LSTM, in float32, forward only.

The samples of a batch have unequal lengths, each operator starts from given states, and every bias is the sum of two.
ONNX keeps both directions and all gates in one array: W is (1, k H, D), R (1, k H, H), B (1, 2 k H).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import TensorProto, helper

from tests.judges.example import Example
from tests.judges.witnesses.gates import Gates
from tests.judges.witnesses.shown import Shown

USES = ("onnx",)
PRECISION = "float32"
TOLERANCE = 1e-5

OPSET, IR = 22, 10
RANKS = {"X": 3, "W": 3, "R": 3, "B": 2, "sequence_lens": 1, "initial_h": 3, "initial_c": 3}
RANKS |= {"Y": 4, "Y_h": 3, "Y_c": 3}


@dataclass(frozen=True)
class Operator:
    """An operator and its settings.

    inputs: in the operator's order, an empty one for what is left out. attributes: beside hidden_size.
    A cell with peepholes would add "P" to the inputs and to RANKS, and to `feeds` its (1, 3 H), of the gates i, o, f.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any] = field(default_factory=dict)


ONE_STATE = ("X", "W", "R", "B", "sequence_lens", "initial_h")
OPERATORS = {
    "rnn": Operator("RNN", ONE_STATE, ("Y", "Y_h"), {"activations": ["Tanh"]}),
    "gru": Operator("GRU", ONE_STATE, ("Y", "Y_h"), {"linear_before_reset": 0}),
    "gru-cho": Operator("GRU", ONE_STATE, ("Y", "Y_h"), {"linear_before_reset": 0}),
    "gru-after": Operator("GRU", ONE_STATE, ("Y", "Y_h"), {"linear_before_reset": 1}),
    "lstm": Operator("LSTM", (*ONE_STATE, "initial_c"), ("Y", "Y_h", "Y_c")),
    "lstm-linear": Operator(
        "LSTM",
        (*ONE_STATE, "initial_c"),
        ("Y", "Y_h", "Y_c"),
        # Of the gates, of the candidate, and of c on its way out: there 1 · c + 0.
        {
            "activations": ["Sigmoid", "Tanh", "Affine"],
            "activation_alpha": [1.0],
            "activation_beta": [0.0],
        },
    ),
}
EVERY = False
CELLS = tuple(OPERATORS)
GATES = {
    "rnn": Gates(("",)),
    "gru": Gates(("z", "r", "n"), negated=("z",)),  # ONNX's z is the weight of the old state
    "gru-cho": Gates(("z", "r", "n")),
    "gru-after": Gates(("z", "r", "n"), two_biases=("n",)),
    "lstm": Gates(("i", "o", "f", "g")),
    "lstm-linear": Gates(("i", "o", "f", "g")),
}


@cache
def session(cell: str, H: int) -> onnxruntime.InferenceSession:
    """The operator of a cell, alone in a model that takes every T, batch and D."""
    operator = OPERATORS[cell]
    node = helper.make_node(
        operator.name, list(operator.inputs), list(operator.outputs), hidden_size=H, **operator.attributes
    )
    inputs = [array(name) for name in operator.inputs if name]
    graph = helper.make_graph([node], "cell", inputs, [array(name) for name in operator.outputs])
    imports = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=IR)
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def array(name: str) -> Any:
    """An input or output of any sizes."""
    kind = TensorProto.INT32 if name == "sequence_lens" else TensorProto.FLOAT
    return helper.make_tensor_value_info(name, kind, [None] * RANKS[name])


def feeds(
    cell: str, example: Example, lengths: npt.NDArray[np.int32], rng: np.random.Generator
) -> dict[str, npt.NDArray[Any]]:
    """What the operator is given, by the names of its inputs."""
    gates = GATES[cell]
    found = {
        "X": example.inputs["x"],
        "W": gates.stack("W", example.params)[None],
        "R": gates.stack("U", example.params)[None],
        "B": np.concatenate(gates.biases(example.params, rng))[None],
        **{f"initial_{name}": value[None] for name, value in example.initial.items()},
    }
    return {"sequence_lens": lengths, **{name: value.astype(np.float32) for name, value in found.items()}}


def observe(cell: str, example: Example, rng: np.random.Generator) -> list[Shown]:
    """h of every step up to the end of each sample, and the states after it."""
    T, B, H = example.sizes.T, example.sizes.B, example.sizes["H"]
    lengths = rng.permuted(np.r_[T, rng.integers(1, T + 1, B - 1)]).astype(np.int32)
    given = feeds(cell, example, lengths, rng)
    Y, *final = session(cell, H).run(None, given)
    steps = np.arange(T)[:, None]
    shown = [Shown("forward.h", Y[:, 0], steps < lengths)]
    for name, value in zip(example.initial, final, strict=True):
        at_the_end = np.broadcast_to(value[0], (T, B, H))
        shown.append(Shown(f"forward.{name}", at_the_end, steps == lengths - 1))
    return shown
