"""ONNX: the operators RNN, LSTM and GRU as ONNX Runtime runs them, in float32."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import permutations
from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

from tests.judges.conventions.box import States, Tensors
from tests.judges.conventions.effects import Special, Tried
from tests.judges.example import Array

OPSET, IR = 22, 10
RANKS = {"X": 3, "W": 3, "R": 3, "B": 2, "P": 2, "initial_h": 3, "initial_c": 3, "Y_h": 3, "Y_c": 3}
MOST = 4  # blocks of one side that an array may have


class OnnxBox:
    """An operator alone in a model."""

    PRECISION = "float32"

    def __init__(self, operator: str, **attributes: Any) -> None:
        self.operator, self.attributes = operator, attributes
        self.states = ("h", "c") if operator == "LSTM" else ("h",)
        self._found: dict[tuple[int, int], dict[str, tuple[int, ...]]] = {}

    @cache  # noqa: B019 - boxes live as long as the module
    def session(self, H: int, *inputs: str) -> onnxruntime.InferenceSession:
        order = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")
        last = max(order.index(name) for name in inputs)
        names = [name if name in inputs else "" for name in order[: last + 1]]
        outputs = ["", *(f"Y_{state}" for state in self.states)]
        node = helper.make_node(self.operator, names, outputs, hidden_size=H, **self.attributes)
        graph = helper.make_graph(
            [node],
            "layer",
            [_array(name) for name in names if name],
            [_array(name) for name in outputs if name],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4  # a refusal is expected, and is no news
        return onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def shapes(self, D: int, H: int) -> dict[str, tuple[int, ...]]:
        """The arrays that the operator takes: found by offering every shape that one could think of."""
        if (D, H) not in self._found:
            self._found[D, H] = dict(self._offered(D, H))
        return self._found[D, H]

    def _offered(self, D: int, H: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        taken: dict[str, Array] = {}
        pairs = [
            (W, R)
            for W in _orders(D, H)
            for R in _orders(H, H)
            if self._takes({"W": np.zeros(W), "R": np.zeros(R)}, D, H)
        ]
        if len(pairs) != 1:
            raise ValueError(f"{self.operator}: expected one pair of shapes of W and R, got {pairs}")
        for name, shape in zip("WR", pairs[0], strict=True):
            taken[name] = np.zeros(shape)
            yield name, shape
        biases = [
            shape
            for blocks in range(1, 2 * MOST + 1)
            for shape in {(1, blocks * H), (blocks * H, 1)}
            if self._takes(taken | {"B": np.zeros(shape)}, D, H)
        ]
        if len(biases) != 1:
            raise ValueError(f"{self.operator}: expected one shape of B, got {biases}")
        yield "B", biases[0]

    def _takes(self, tensors: Tensors, D: int, H: int) -> bool:
        try:
            self.step(tensors, np.zeros((1, D)), tuple(np.zeros((1, H)) for _ in self.states))
        except Exception as error:
            if "onnxruntime" not in type(error).__module__:
                raise
            return False
        return True

    def step(self, tensors: Tensors, x: Array, states: States) -> States:
        feeds = {"X": x[None], **tensors}
        feeds |= {f"initial_{name}": state[None] for name, state in zip(self.states, states, strict=True)}
        session = self.session(states[0].shape[1], *feeds)
        last = session.run(None, {name: value.astype(np.float32) for name, value in feeds.items()})
        return tuple(value[0].astype(np.float64) for value in last)


def _array(name: str) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * RANKS[name])


def _orders(n: int, H: int) -> list[tuple[int, ...]]:
    """Every order of one direction, some blocks of H, and n."""
    return sorted({order for blocks in range(1, MOST + 1) for order in permutations((1, blocks * H, n))})


BOXES = {
    "rnn": OnnxBox("RNN"),
    "lstm": OnnxBox("LSTM"),
    "gru": OnnxBox("GRU"),
    "gru-after": OnnxBox("GRU", linear_before_reset=1),
}

# What an option does, as an equation of its own: one step in NumPy, with the gates in ONNX's order.

CLIP = 0.5
D, H = 3, 4
BLOCKS = {"rnn": 1, "lstm": 4, "gru": 3}


def sigmoid(a: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-a)))


def _drawn(kind: str, peepholes: bool = False) -> dict[str, Array]:
    rng = np.random.default_rng(3)
    k = BLOCKS[kind]
    found = {"W": rng.normal(size=(1, k * H, D)), "R": rng.normal(size=(1, k * H, H))}
    found |= {"B": rng.normal(size=(1, 2 * k * H)), "x": rng.normal(size=D)}
    found |= {"h": rng.normal(size=H), "c": rng.normal(size=H)}
    return found | ({"P": rng.normal(size=(1, 3 * H))} if peepholes else {})


def _shows(box: OnnxBox, drawn: dict[str, Array], expected: dict[str, Array]) -> bool:
    tensors = {name: value for name, value in drawn.items() if name in "WRBP"}
    found = box.step(tensors, drawn["x"][None], tuple(drawn[name][None] for name in box.states))
    return all(
        np.allclose(value[0], expected[name], atol=1e-5)
        for name, value in zip(box.states, found, strict=True)
    )


def _sums(drawn: dict[str, Array], k: int) -> list[Array]:
    """W x + R h + Wb + Rb of each gate."""
    Wb, Rb = np.split(drawn["B"][0], 2)
    return np.split(drawn["W"][0] @ drawn["x"] + drawn["R"][0] @ drawn["h"] + Wb + Rb, k)


def _lstm(drawn: dict[str, Array], bound: float = np.inf, coupled: bool = False) -> dict[str, Array]:
    """One step with each pre-activation clipped, the forget gate 1 − i if coupled, and the peepholes if given."""
    i, o, f, g = _sums(drawn, 4)
    P_i, P_o, P_f = np.split(drawn["P"][0], 3) if "P" in drawn else (0.0, 0.0, 0.0)
    c = drawn["c"]
    i = sigmoid(np.clip(i + P_i * c, -bound, bound))
    f = 1 - i if coupled else sigmoid(np.clip(f + P_f * c, -bound, bound))
    c = f * c + i * np.tanh(np.clip(g, -bound, bound))
    o = sigmoid(np.clip(o + P_o * c, -bound, bound))
    return {"h": o * np.tanh(c), "c": c}


def clip(layer_key: str) -> bool:
    """Every pre-activation is kept within ±clip."""
    drawn = _drawn(layer_key)
    if layer_key == "lstm":
        return _shows(OnnxBox("LSTM", clip=CLIP), drawn, _lstm(drawn, CLIP))
    if layer_key == "rnn":
        (a,) = _sums(drawn, 1)
        return _shows(OnnxBox("RNN", clip=CLIP), drawn, {"h": np.tanh(np.clip(a, -CLIP, CLIP))})
    z, r, _ = (sigmoid(np.clip(a, -CLIP, CLIP)) for a in _sums(drawn, 3))
    n = _sums(drawn | {"h": r * drawn["h"]}, 3)[2]
    n = np.tanh(np.clip(n, -CLIP, CLIP))
    return _shows(OnnxBox("GRU", clip=CLIP), drawn, {"h": (1 - z) * n + z * drawn["h"]})


def coupled(layer_key: str) -> bool:
    """The forget gate is 1 − i."""
    drawn = _drawn("lstm")
    return _shows(OnnxBox("LSTM", input_forget=1), drawn, _lstm(drawn, coupled=True))


def peepholes(layer_key: str) -> bool:
    """P holds the weights of c in i, o and f; o reads the new c."""
    drawn = _drawn("lstm", peepholes=True)
    return _shows(OnnxBox("LSTM"), drawn, _lstm(drawn))


OPTIONS: dict[str, Tried] = {
    "linear_before_reset=1": {"gru": OnnxBox("GRU", linear_before_reset=1)},
    "clip=C": Special("clip", clip),
    "input_forget=1": Special("input-forget", coupled),
    "P": Special("peepholes", peepholes),
    "activations=[HardSigmoid, …]": {
        "lstm": OnnxBox("LSTM", activations=["HardSigmoid", "Tanh", "Tanh"]),
        "gru": OnnxBox("GRU", activations=["HardSigmoid", "Tanh"]),
    },
    "activations=[…, Affine]": {
        "lstm": OnnxBox(
            "LSTM",
            activations=["Sigmoid", "Tanh", "Affine"],
            activation_alpha=[1.0],
            activation_beta=[0.0],
        )
    },
}
