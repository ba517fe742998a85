"""Whatever is given to the public functions, what comes out is a result or an error that says what was expected."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper, numpy_helper

from lstmref import Architecture, ArgumentError, convert
from lstmref.convert import Weights, tensors
from tests.convert import drawn

loose: Any = convert
D, H, CALLS = 3, 4, 400
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


class Broken:
    """It says that it is an array, and is none."""

    dtype = "float32"

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("no array")

    def detach(self) -> Any:
        raise RuntimeError("no tensor")


JUNK: list[Any] = [
    None, True, False, 0, 1, -1, 2**70, 3.5, float("nan"), "", "lstm", "\0", b"x", [], (), {}, [None], [[]], [1, "a"],
    {"a": 1}, set(), object(), int, len, Broken(), np.float32(2), np.zeros(()), np.zeros(0), np.ones((3, 16)),
    np.ones((4, 4)), np.ones((4, 4), complex), np.array(["a"]), np.array([None]), np.ones((1, 16, 4), np.float16),
]  # fmt: skip


class Chance:
    """Good arguments, now and then with something else in their place."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = random.Random(seed)
        self.weights = drawn.of(Architecture("lstm", D, H), 1, np.float32)
        self.files = [folder / f"w.{ending}" for ending in ("npz", "safetensors")]
        for path in self.files:
            convert.save(path, self.weights)
        self.files.append(folder / "state.safetensors")
        self.files[-1].write_bytes(tensors.dump(convert.to_pytorch(self.weights), {}))
        self.whole = [path.read_bytes() for path in self.files]

    def maybe(self, value: Any, often: float = 0.1) -> Any:
        return self.random.choice(JUNK) if self.random.random() < often else value

    def some(self, **options: Any) -> dict[str, Any]:
        return {name: self.maybe(v, 0.2) for name, v in options.items() if self.random.random() < 0.4}

    def state(self) -> Any:
        k, prefix = self.random.choice([1, 3, 4]), self.random.choice(["", "a.", "module."])
        shapes = {"weight_ih": (k * H, D), "weight_hh": (k * H, H), "bias_ih": (k * H,), "bias_hh": (k * H,)}
        found = {f"{prefix}{name}_l0": self.maybe(np.ones(shape), 0.05) for name, shape in shapes.items()}
        more = self.random.choice(["weight_hh_l0_g", "weight_ih", "bias_hh_l3_reverse", "kernel", "x"])
        found |= {more: self.random.choice(JUNK)} if self.random.random() < 0.2 else {}
        return self.maybe({"state_dict": found} if self.random.random() < 0.1 else found, 0.05)

    def keras(self) -> Any:
        k = self.random.choice([1, 3, 4])
        bias = self.random.choice([(k * H,), (2, k * H), (2 * k * H,)])
        shapes = [(D, k * H), (H, k * H), bias][: self.random.choice([2, 3, 3])]
        one = [self.maybe(np.ones(shape), 0.05) for shape in shapes]
        return self.maybe(self.random.choice([one, one + one, [one], [one, one], [one, None]]), 0.05)

    def operator(self) -> Any:
        kind, n = self.random.choice(list(GATES)), self.random.choice([1, 2])
        rows = GATES[kind] * H
        shapes = ((n, rows, D), (n, rows, H), (n, 2 * rows))
        attributes = self.some(
            hidden_size=H,
            direction=self.random.choice(["forward", b"reverse", "bidirectional"]),
            clip=self.random.choice([1e9, 3.0]),
            activations=["Sigmoid", "Tanh", self.random.choice(["Tanh", "Affine"])],
            activation_alpha=[1.0],
            layout=1,
            input_forget=0,
            linear_before_reset=1,
        )
        arrays = [self.maybe(np.ones(shape, np.float32), 0.05) for shape in shapes]
        P = self.maybe(None if self.random.random() < 0.8 else np.zeros((n, 3 * H)), 0.05)
        return loose.OnnxLayer(self.maybe(kind, 0.05), *arrays, self.maybe(attributes, 0.05), P)

    def model(self) -> Any:
        kind = self.random.choice(list(GATES))
        rows = GATES[kind] * H
        given = [
            numpy_helper.from_array(np.ones(shape, np.float32), name)
            for name, shape in {"W": (1, rows, D), "R": (1, rows, H)}.items()
        ]
        node = helper.make_node(
            kind, ["X", "W", "R", "", "", self.random.choice(["", "h"])], ["Y"], hidden_size=H
        )
        content = helper.make_model(helper.make_graph([node], "graph", [], [], given)).SerializeToString()
        return self.maybe(self.damaged(content), 0.1)

    def damaged(self, content: bytes) -> bytes:
        found = bytearray(content)
        for _ in range(self.random.randrange(4)):
            found[self.random.randrange(len(found))] = self.random.randrange(256)
        return bytes(found)

    def file(self, *numbers: int) -> Any:
        number = self.random.choice(numbers)
        path = self.files[number].with_stem("damaged")
        path.write_bytes(self.damaged(self.whole[number]))
        return self.maybe(path)


KINDS: dict[str, Callable[[Chance], Any]] = {
    "from_pytorch": lambda c: convert.from_pytorch(
        c.state(), c.maybe("a."), **c.some(cell="lstm", nonlinearity="tanh")
    ),
    "from_keras": lambda c: convert.from_keras(
        c.keras(),
        **{"activation": "tanh", "recurrent_activation": "sigmoid"}
        | c.some(
            cell="lstm", bidirectional=True, reset_after=True, merge_mode="concat", go_backwards=False, layer=None,
            activation="tanh", recurrent_activation="sigmoid",
        ),
    ),
    "from_onnx": lambda c: convert.from_onnx(
        c.random.choice([c.operator(), [c.operator()], [c.operator(), c.operator()]]), **c.some(cell="lstm")
    ),
    "from_onnx_file": lambda c: convert.from_onnx_file(c.model(), **c.some(node="Y", cell="lstm")),
    "onnx_nodes": lambda c: convert.onnx_nodes(c.model()),
    "to_pytorch": lambda c: convert.to_pytorch(
        c.maybe(c.weights), **c.some(prefix="a.", bias=True, of_cell=True)
    ),
    "to_keras": lambda c: convert.to_keras(c.maybe(c.weights), **c.some(bias=True)),
    "to_onnx": lambda c: convert.to_onnx(c.maybe(c.weights), **c.some(bias=True)),
    "to_cell": lambda c: convert.to_cell(c.maybe(c.weights), c.maybe("lstm", 0.5)),
    "Weights": lambda c: Weights(
        c.weights.architecture,
        c.maybe({name: c.maybe(value, 0.02) for name, value in c.weights.params.items()}),
        c.maybe({name: c.maybe((value, value), 0.1) for name, value in c.weights.params.items() if ".b" in name}),
        c.maybe(True),
        c.maybe(False),
    ),
    "load": lambda c: convert.load(c.file(0, 1)),
    "load_safetensors": lambda c: convert.load_safetensors(c.file(2), c.maybe(""), **c.some(cell="lstm")),
    "save": lambda c: convert.save(c.maybe(c.files[0].with_stem("written"), 0.5), c.maybe(c.weights, 0.5)),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", KINDS)
def test_a_result_or_an_error_that_is_documented(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    chance = Chance(seed=sum(map(ord, name)), folder=tmp_path)
    done, silent = {True: 0, False: 0}, []
    for _ in range(CALLS):
        try:
            KINDS[name](chance)
        except OSError:
            done[False] += 1
        except ArgumentError as error:
            done[False] += 1
            silent += [] if "expected" in str(error) else [str(error)]
        else:
            done[True] += 1
    assert silent == []
    assert min(done.values()) > CALLS / 50  # neither all refused nor none


def test_every_function_is_tried() -> None:
    public = {name for name in convert.__all__ if callable(getattr(convert, name))}
    assert public - set(KINDS) == {"ConversionError", "Layout", "OnnxLayer", "OnnxNode"}
