"""What does not convert is refused, by name, with the reason and the page that explains it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstmref import (
    Architecture,
    ArgumentError,
    ConversionError,
    KindError,
    NameSetError,
    NotFiniteError,
    ShapeError,
    convert,
)
from lstmref.check import Array
from lstmref.convert import OnnxLayer, Weights, refusals
from tests.convert import drawn

loose: Any = convert  # for arguments of the wrong type, which mypy would refuse too
PAGE = "https://lstmref.github.io/conventions/"


def state(k: int = 4, D: int = 3, H: int = 4, **more: Any) -> dict[str, Any]:
    """A state dict of one layer."""
    shapes = {
        "weight_ih_l0": (k * H, D),
        "weight_hh_l0": (k * H, H),
        "bias_ih_l0": (k * H,),
        "bias_hh_l0": (k * H,),
    }
    return {name: np.ones(shape) for name, shape in shapes.items()} | more


def keras(k: int = 4, D: int = 3, H: int = 4, bias: tuple[int, ...] | None = None) -> list[Array]:
    """A weight list of one layer."""
    return [np.ones((D, k * H)), np.ones((H, k * H)), np.ones(bias or (k * H,))]


SAID: dict[str, Any] = {"activation": "tanh", "recurrent_activation": "sigmoid"}


def onnx(op_type: str = "LSTM", n: int = 1, **attributes: Any) -> OnnxLayer:
    """An operator with D = 3 and H = 4."""
    k = {"RNN": 1, "GRU": 3}.get(op_type, 4)
    W, R, B = np.ones((n, k * 4, 3)), np.ones((n, k * 4, 4)), np.ones((n, k * 8))
    return OnnxLayer(op_type, W, R, B, attributes)


def weights(cell: str, **more: Any) -> Weights:
    kind = {name: more.pop(name) for name in ("layers", "reverse") if name in more}
    return replace(drawn.of(Architecture(cell, 3, 4, **kind), seed=1), **more)


FUNCTIONS: list[tuple[Callable[[], Any], str, str]] = [
    # PyTorch
    (lambda: convert.from_pytorch(state(weight_hr_l0=np.ones((2, 4)))),
     "weight_hr_l0: expected no proj", "projection"),
    (lambda: convert.from_pytorch(state(1), nonlinearity="relu"),
     "nonlinearity: expected tanh, got relu", "activations"),
    (lambda: convert.from_pytorch(state(3), cell="gru"),
     "cell: expected gru, got gru-after, which has the", "reset"),
    (lambda: convert.from_pytorch(state(3), cell="gru-cho"),
     "cell: expected gru-cho, got gru-after, w", "reset"),
    (lambda: convert.from_pytorch(state(), cell="lstm-linear"),
     "cell: expected lstm-linear, got lstm", "activations"),
    (lambda: convert.from_pytorch(state(), cell="rnn"), "cell: expected rnn, got lstm, which is another", ""),
    (lambda: convert.to_pytorch(weights("gru")),
     "PyTorch nn.GRU: expected gru-after, got gru, which", "reset"),
    (lambda: convert.to_pytorch(weights("gru-cho")),
     "PyTorch nn.GRU: expected gru-after, got gru-cho", "reset"),
    (lambda: convert.to_pytorch(weights("lstm-linear")),
     "PyTorch nn.LSTM: expected lstm, got lstm-l", "activations"),
    (lambda: convert.to_pytorch(weights("rnn", reverse=True)),
     "architecture: expected reverse=False, as a PyTorch layer", ""),
    (lambda: convert.to_pytorch(weights("rnn", layers=2), of_cell=True),
     "architecture: expected one layer in one direction, for of_cell=True, got 2 layers", ""),
    # Keras
    (lambda: convert.from_keras(keras(), activation="tanh", recurrent_activation="hard_sigmoid"),
     "recurrent_activation: expected sigmoid, got hard_sigmoid", "hard-sigmoid"),
    (lambda: convert.from_keras(keras(), activation="relu", recurrent_activation="sigmoid"),
     "activation: expected tanh, got relu", "activations"),
    (lambda: convert.from_keras(keras(), activation="linear", recurrent_activation="sigmoid"),
     "activation: expected tanh, got linear", "activations"),
    (lambda: convert.from_keras(keras(3), reset_after=True, **SAID),
     "layer 0 reset_after: expected False, as the bias has 1 axes, got True", "reset"),
    (lambda: convert.from_keras(keras(3, bias=(2, 12)), reset_after=False, **SAID),
     "layer 0 reset_after: expected True, as the bias has 2 axes, got False", "reset"),
    (lambda: convert.from_keras(keras(3), cell="gru-after", **SAID),
     "cell: expected gru-after, got gru-cho, whi", "reset"),
    (lambda: convert.from_keras(keras(3, bias=(2, 12)), cell="gru", **SAID),
     "cell: expected gru, got gru-after", "reset"),
    (lambda: convert.from_keras([*keras(), *keras()], merge_mode="sum", bidirectional=True, **SAID),
     "layer 0 merge_mode: expected 'concat', got 'sum'", ""),
    (lambda: convert.from_keras([keras(), keras(D=4)], go_backwards=True, **SAID),
     "layer 0 go_backwards: expected False, got True", ""),
    (lambda: convert.from_keras([*keras()[:2], np.ones(32)], **SAID),
     "layer 0 bias: expected (16,), got (32,): two biases one after the other, as cuDNN has them", ""),
    (lambda: convert.from_keras([np.ones((7, 16)), np.ones(16)], **SAID),
     "layer 0 recurrent_kernel: expected a matrix, got (16,): TensorFlow 1 has W and U in one kernel", ""),
    (lambda: convert.to_keras(weights("lstm-linear")),
     "Keras LSTM: expected lstm, got lstm-linear", "activations"),
    (lambda: convert.to_keras(weights("rnn", layers=2, reverse=True)),
     "architecture: expected reverse=False for several layers", ""),
    # ONNX
    (lambda: convert.from_onnx(onnx()._replace(P=np.ones((1, 12)))),
     "layer 0 P: expected none, or zeros, got 1.0", "peepholes"),
    (lambda: convert.from_onnx(onnx(clip=3.0)),
     "layer 0 clip: expected none, or at least 746, which changes no result, got 3.0", "clip"),
    (lambda: convert.from_onnx(onnx(input_forget=1)),
     "layer 0 input_forget: expected 0, got 1", "input-forget"),
    (lambda: convert.from_onnx(onnx("RNN", activations=["Relu"])),
     "layer 0 activations: expected Tanh, got Relu", "activations"),
    (lambda: convert.from_onnx(onnx(activations=[b"HardSigmoid", b"Tanh", b"Tanh"])),
     "layer 0 activations: expected Sigmoid, got HardSigmoid", "hard-sigmoid"),
    (lambda: convert.from_onnx(onnx(activations=["Sigmoid", "Affine", "Tanh"])),
     "layer 0 activations: expected Tanh, got Affine", "activations"),
    (lambda: convert.from_onnx(onnx(activations=["Sigmoid", "Tanh", "Affine"])),
     "layer 0 activation_alpha, activation_beta: expected alpha (1.0,) and beta (0.0,), with which Affine",
     "activations"),
    (lambda: convert.from_onnx(onnx(activations=["Sigmoid", "Tanh", "Affine"], activation_alpha=[0.5])),
     "layer 0 activation_alpha, activation_beta: expected alpha (1.0,) and", "activations"),
    (lambda: convert.from_onnx(onnx("GRU"), cell="gru-after"),
     "cell: expected gru-after, got gru-cho", "reset"),
    (lambda: convert.from_onnx(onnx("GRU", linear_before_reset=1), cell="gru"),
     "cell: expected gru, got", "reset"),
    # ours
    (lambda: convert.to_cell(weights("gru"), "gru-after"),
     "cell: expected gru-after, got gru, which has", "reset"),
    (lambda: convert.to_cell(weights("gru-after"), "gru-cho"),
     "cell: expected gru-cho, got gru-after", "reset"),
    (lambda: convert.to_cell(weights("lstm"), "lstm-linear"),
     "cell: expected lstm-linear, got lstm", "activations"),
    (lambda: convert.to_cell(weights("lstm"), "gru"),
     "cell: expected gru, got lstm, which is another function", ""),
]  # fmt: skip


@pytest.mark.parametrize(("act", "text", "section"), FUNCTIONS, ids=[text for _, text, _ in FUNCTIONS])
def test_another_function(act: Callable[[], Any], text: str, section: str) -> None:
    with pytest.raises(ConversionError, match="^" + re.escape(text)) as caught:
        act()
    assert str(caught.value).endswith(f"; see {PAGE}#{section}") == bool(section)
    assert section in ("", *refusals.SECTIONS)


def test_every_section_is_used_and_stands_on_the_page(repository: Path) -> None:
    assert {section for _, _, section in FUNCTIONS} == {"", *refusals.SECTIONS}
    for language in ("en", "zh"):
        text = (repository / "docs" / language / "conventions.md").read_text(encoding="utf-8")
        assert [section for section in refusals.SECTIONS if f"{{#{section}}}" not in text] == []


ARGUMENTS: list[tuple[Callable[[], Any], type[ArgumentError], str]] = [
    # PyTorch
    (lambda: convert.from_pytorch(state(weight_hh_l0=np.ones((16, 3))), cell="lstm"), ShapeError,
     "weight_hh_l0: expected (16, 4), got (16, 3)"),
    (lambda: convert.from_pytorch(state(weight_hh_l0=np.ones((16, 3)))), ShapeError,
     "weight_hh_l0: expected (H, H) of nn.RNN, (4 H, H) of nn.LSTM, (3 H, H) of nn.GRU, with H >= 1, got (16, 3)"),
    (lambda: convert.from_pytorch(state(weight_hh_l0=np.ones(16))),
     ShapeError, "weight_hh_l0: expected (H, H) of"),
    (lambda: convert.from_pytorch(state(weight_ih_l0=np.ones((15, 3)))), ShapeError,
     "weight_ih_l0: expected (16, 3), got (15, 3)"),
    (lambda: convert.from_pytorch(state(weight_ih_l0=np.ones(()))),
     ShapeError, "weight_ih_l0: expected (16, 0), got ()"),
    (lambda: convert.from_pytorch(state(bias_hh_l0=np.ones(4))),
     ShapeError, "bias_hh_l0: expected (16,), got (4,)"),
    (lambda: convert.from_pytorch({"a." + n: v for n, v in state(bias_hh_l0=np.ones(4)).items()}, "a."), ShapeError,
     "a.bias_hh_l0: expected (16,), got (4,)"),
    (lambda: convert.from_pytorch({}),
     NameSetError, "state_dict: expected weight_ih_l0 and so on, got no names"),
    (lambda: convert.from_pytorch(state(), "a."),
     NameSetError, "state_dict: expected a.weight_ih_l0 and so on, got weight_ih_l0, weight_hh_l0, bias_ih_l0, "
     "bias_hh_l0; give prefix=''"),
    (lambda: convert.from_pytorch({"a." + n: v for n, v in state().items()}), NameSetError,
     "state_dict: expected weight_ih_l0 and so on, got unknown a.weight_ih_l0, a.weight_hh_l0, a.bias_ih_l0, "
     "a.bias_hh_l0; give prefix='a.'"),
    (lambda: convert.from_pytorch(state(norm=np.ones(1))),
     NameSetError, "state_dict: expected weight_ih_l0 and so on, "
     "got unknown norm"),
    (lambda: convert.from_pytorch(state(weight_ih_l01=np.ones(1))),
     NameSetError, "state_dict: expected weight_ih_l0"),
    (lambda: convert.from_pytorch({n: v for n, v in state().items() if n != "bias_hh_l0"}), NameSetError,
     "state_dict: missing bias_hh_l0; expected weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0"),
    (lambda: convert.from_pytorch(state(weight_ih_l0_reverse=np.ones((16, 3)))), NameSetError,
     "state_dict: missing weight_hh_l0_reverse, bias_ih_l0_reverse, bias_hh_l0_reverse; expected "),
    (lambda: convert.from_pytorch(state(weight_ih_l999999999=np.ones(1))),
     NameSetError, "state_dict: missing "),
    (lambda: loose.from_pytorch([1]),
     KindError, "state_dict: expected a mapping of names to arrays, got list"),
    (lambda: convert.from_pytorch(state(bias_hh_l0=np.ones(16, np.float32))), KindError,
     "bias_hh_l0: expected float64 (as weight_ih_l0), got float32"),
    (lambda: convert.from_pytorch(state(weight_ih_l0=np.ones((16, 3), int))), KindError,
     "weight_ih_l0: expected float16, float32, float64"),
    (lambda: convert.from_pytorch(state(weight_ih_l0=np.ones((16, 3), complex))), KindError,
     "weight_ih_l0: expected float16, float32, float64 or longdouble, got complex128"),
    (lambda: convert.from_pytorch(state(weight_ih_l0=np.full((16, 3), np.nan))), NotFiniteError,
     "weight_ih_l0: expected finite numbers, got nan at (0, 0)"),
    (lambda: convert.from_pytorch(state(bias_ih_l0=np.full(16, 1.7e308), bias_hh_l0=np.full(16, 1e308))),
     NotFiniteError,
     "0.forward.b_i: expected finite numbers, got inf at (0,)"),
    (lambda: convert.from_pytorch(state(1)), NameSetError,
     "nonlinearity: expected 'tanh' or 'relu', which the weights of an nn.RNN do not tell, got none"),
    (lambda: loose.from_pytorch(state(), 5), KindError, "prefix: expected text, got int"),
    (lambda: convert.from_pytorch(state(), cell="lstms"), NameSetError, "cell: expected one of "),
    (lambda: loose.to_pytorch(state()),
     KindError, "weights: expected Weights, got dict"),
    # Keras
    (lambda: convert.from_keras([]), NameSetError, "layers: expected at least one layer, got none"),
    (lambda: loose.from_keras(np.ones(3)),
     KindError, "layers: expected a layer, a model, a path, a list of arrays, or a list of layers or of such lists"),
    (lambda: convert.from_keras(keras()[:1], **SAID), ShapeError, "layer 0: expected 2 or 3 or 4 or 6 arrays, got 1"),
    (lambda: convert.from_keras([keras(), keras(D=4)[:2]], **SAID), ShapeError, "layer 1: expected 3 arrays, got 2"),
    (lambda: convert.from_keras([keras(), keras(D=4, H=5)], **SAID),
     ShapeError, "layer 1 kernel: expected (4, 16), got (4, 20)"),
    (lambda: convert.from_keras([*keras(), *keras()[:2], np.ones(4)], bidirectional=True, **SAID), ShapeError,
     "layer 0 backward bias: expected (16,), got (4,)"),
    (lambda: convert.from_keras([np.ones((3, 16)), np.ones((4, 15)), np.ones(16)], **SAID), ShapeError,
     "layer 0 recurrent_kernel: expected (H, H) of SimpleRNN, (H, 4 H) of LSTM, (H, 3 H) of GRU, "
     "with H >= 1, got (4, 15)"),
    (lambda: convert.from_keras(keras()[1::-1], **SAID), ShapeError, "layer 0 recurrent_kernel: expected (H, H) of "),
    (lambda: convert.from_keras([*keras()[:2], np.ones(16, np.float32)], **SAID), KindError,
     "layer 0 bias: expected float64 (as layer 0 kernel), got float32"),
    (lambda: convert.from_keras([keras(), [a.astype(np.float32) for a in keras(D=4)]], **SAID), KindError,
     "layer 1 kernel: expected float64 (as layer 0 kernel), got float32"),
    (lambda: convert.from_keras(keras(3)[:2], **SAID),
     NameSetError, "reset_after: expected True or False, as a GRU without"),
    (lambda: convert.from_keras(keras(), reset_after=True, **SAID),
     NameSetError, "reset_after: expected none, as the layer"),
    (lambda: convert.from_keras(keras()), NameSetError,
     "activation, recurrent_activation: expected what the layer was built with, which arrays do not tell, got none"),
    (lambda: convert.from_keras(keras(1), activation="tanh", bidirectional=True),
     NameSetError, "bidirectional: expected False, as layer 0 has 3 arrays, got True"),
    (lambda: convert.from_keras([*keras(D=4), *keras(D=4)], **SAID), NameSetError,
     "bidirectional: expected True, or a list for each layer of a stack, as 6 arrays are those of a Bidirectional"),
    (lambda: convert.from_keras([*keras(D=4), *keras(D=4)], bidirectional=False, **SAID),
     NameSetError, "bidirectional: expected True, as layer 0 has 6 arrays, got False; of several layers give a list"),
    (lambda: convert.from_keras(keras(), layer="a", **SAID),
     NameSetError, "layer: expected none, as the layers themselves are given, got 'a'"),
    # ONNX
    (lambda: convert.from_onnx([]), NameSetError, "layers: expected at least one layer, got none"),
    (lambda: loose.from_onnx([np.ones(1)]),
     KindError, "layers: expected OnnxLayer or a list of them"),
    (lambda: convert.from_onnx(onnx("Conv")),
     NameSetError, "layer 0 op_type: expected GRU, LSTM, RNN, got 'Conv'"),
    (lambda: convert.from_onnx(onnx(hidden_size=5)),
     ShapeError, "layer 0 hidden_size: expected 4, as R has it, got 5"),
    (lambda: convert.from_onnx(onnx(hidden_size="4")),
     KindError, "layer 0 hidden_size: expected a whole number, got str"),
    (lambda: convert.from_onnx(onnx(direction="both")),
     NameSetError, "layer 0 direction: expected forward, reverse, bid"),
    (lambda: convert.from_onnx(onnx(direction="bidirectional")),
     ShapeError, "layer 0 W: expected (2, k H, D), got (1, "),
    (lambda: convert.from_onnx(onnx(linear_before_reset=1)), NameSetError,
     "layer 0 attributes: unknown linear_before_reset; expected some of "),
    (lambda: convert.from_onnx(onnx("GRU", input_forget=0)),
     NameSetError, "layer 0 attributes: unknown input_forget"),
    (lambda: convert.from_onnx(onnx("GRU", linear_before_reset=2)), NameSetError,
     "layer 0 linear_before_reset: expected 0 or 1, got 2"),
    (lambda: convert.from_onnx(onnx(layout=2)), NameSetError, "layer 0 layout: expected 0 or 1, got 2"),
    (lambda: convert.from_onnx(onnx(activations=np.array(1.0))),
     KindError, "layer 0 activations: expected a list of names, got 1.0"),
    (lambda: convert.from_onnx(onnx(activation_alpha=np.array(0.5))),
     KindError, "layer 0 activation_alpha: expected a list of numbers, got 0.5"),
    (lambda: convert.from_onnx(onnx(clip="3")), KindError, "layer 0 clip: expected a number, got '3'"),
    (lambda: convert.from_onnx(onnx(direction=np.array(["forward"]))),
     NameSetError, "layer 0 direction: expected forward, reverse, bidirectional, got ('forward',)"),
    (lambda: convert.from_onnx(onnx()._replace(P=np.zeros((1, 11)))),
     ShapeError, "layer 0 P: expected (1, 12), got (1, 11)"),
    (lambda: convert.from_onnx(onnx("GRU")._replace(P=np.zeros((1, 12)))),
     NameSetError, "layer 0 P: expected none, as the operator GRU has none"),
    (lambda: loose.from_onnx(loose.OnnxLayer("LSTM", np.ones((1, 16, 3)), None)),
     KindError, "layer 0 R: expected float16, float32"),
    (lambda: convert.from_onnx(onnx(activations=["Sigmoid"])),
     ShapeError, "layer 0 activations: expected 3, got 1"),
    (lambda: loose.from_onnx(loose.OnnxLayer(*onnx()[:4], [1])),
     KindError, "layer 0 attributes: expected a mapping"),
    (lambda: convert.from_onnx(onnx()._replace(B=np.ones((1, 16)))),
     ShapeError, "layer 0 B: expected (1, 32), got (1, 16)"),
    (lambda: convert.from_onnx(onnx()._replace(R=np.ones((1, 16, 5)))), ShapeError,
     "layer 0 R[0]: expected (16, 4), got (16, 5)"),
    (lambda: convert.from_onnx(onnx()._replace(R=np.ones((1, 12, 3)))), ShapeError, "layer 0 "),
    (lambda: convert.from_onnx(onnx()._replace(B=np.ones((1, 32), np.float32))), KindError,
     "layer 0 B: expected float64 (as layer 0 W), got float32"),
    (lambda: convert.from_onnx([onnx(), onnx("GRU")]),
     NameSetError, "layer 1: expected the cell to be that of layer 0"),
    (lambda: convert.from_onnx([onnx(), onnx()]),
     ShapeError, "layer 1 W: expected (1, 16, 4), got (1, 16, 3)"),
    (lambda: convert.from_onnx([onnx(), onnx(direction="reverse")]),
     NameSetError, "layer 1: expected direction to be"),
    (lambda: convert.from_onnx([onnx(), onnx()._replace(B=None)]),
     NameSetError, "layer 1: expected the presence of B"),
    # ours
    (lambda: weights("lstm", split={"0.forward.b_z": (np.ones(4), np.ones(4))}), NameSetError,
     "split: unknown 0.forward.b_z; expected some of 0.forward.b_i, "),
    (lambda: weights("gru-after", split={"0.forward.b_nx": (np.ones(4), np.ones(4))}),
     NameSetError, "split: unknown "),
    (lambda: weights("lstm", split={"0.forward.b_i": (np.ones(4), np.ones(3))}), ShapeError,
     "split 0.forward.b_i (state): expected (4,), got (3,)"),
    (lambda: weights("lstm", params={}), NameSetError, "params: missing 0.forward.W_i, "),
    (lambda: convert.to_cell(weights("lstm"), "lstms"), NameSetError, "cell: expected one of "),
    (lambda: loose.to_cell(None, "gru"), KindError, "weights: expected Weights, got NoneType"),
    (lambda: loose.Weights("lstm", {}), KindError, "architecture: expected an Architecture, got str"),
    (lambda: weights("lstm", biased="no"), KindError, "biased: expected True or False, got str"),
    (lambda: weights("lstm", split={"0.forward.b_i": np.ones(4)}), KindError,
     "split 0.forward.b_i: expected two arrays, got ndarray"),
]  # fmt: skip


@pytest.mark.parametrize(("act", "error", "text"), ARGUMENTS, ids=[text for _, _, text in ARGUMENTS])
def test_a_bad_argument(act: Callable[[], Any], error: type[ArgumentError], text: str) -> None:
    with pytest.raises(error, match="^" + re.escape(text)) as caught:
        act()
    assert type(caught.value) is error


class Tensor:
    """As much of a PyTorch tensor as is needed: one that wants a gradient and lies on an accelerator."""

    def __init__(self, values: Array, dtype: str = "torch.float64", steps: tuple[str, ...] = ()) -> None:
        self.values, self.dtype, self.steps = values, dtype, steps

    def detach(self) -> Tensor:
        return Tensor(self.values, self.dtype, (*self.steps, "detach"))

    def cpu(self) -> Tensor:
        return Tensor(self.values, self.dtype, (*self.steps, "cpu"))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if self.steps != ("detach", "cpu"):
            raise TypeError("call detach() and cpu() first")
        return self.values


def test_tensors_without_their_framework() -> None:
    tensors = {name: Tensor(value) for name, value in state().items()}
    assert drawn.same(convert.from_pytorch(tensors), convert.from_pytorch(state()))
    tensors["bias_ih_l0"] = Tensor(np.ones(16), "torch.bfloat16")
    with pytest.raises(
        KindError, match=r"^bias_ih_l0: expected float16, .*, got bfloat16, which NumPy has not"
    ):
        convert.from_pytorch(tensors)


@pytest.mark.witness
def test_tensors_of_pytorch(program: Callable[[str], Any]) -> None:
    torch = program("torch").torch
    layer = torch.nn.LSTM(3, 4)
    assert convert.from_pytorch(dict(layer.named_parameters())).dtype == np.float32  # they want a gradient
    half = convert.from_pytorch(layer.half().state_dict())
    assert half.dtype == np.float32
    assert half.half
    with pytest.raises(KindError, match=r"^weight_ih_l0: .*got bfloat16, which NumPy has not; convert it"):
        convert.from_pytorch(layer.bfloat16().state_dict())
    with pytest.raises(ConversionError, match="projection"):
        convert.from_pytorch(torch.nn.LSTM(3, 4, proj_size=2).state_dict())
