"""Layers, models and files of Keras tell what arrays do not: it is read, and refused where no cell here computes it."""

from __future__ import annotations

import io
import json
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstmref import Architecture, ConversionError, NameSetError, convert, network
from tests.convert import drawn

D, H, T, B = 3, 4, 5, 2


class Made:
    """As much of a Keras layer as is needed: a class name, a configuration, arrays."""

    name = "made"

    def __init__(self, config: dict[str, Any], arrays: list[Any]) -> None:
        self.config, self.arrays = config, arrays

    def get_config(self) -> dict[str, Any]:
        return self.config

    def get_weights(self) -> list[Any]:
        return self.arrays


class LSTM(Made):
    """A layer of one direction."""


class Bidirectional(Made):
    """A layer of both."""


CONFIG = {"activation": "tanh", "recurrent_activation": "sigmoid", "go_backwards": False}


def arrays(D: int = D) -> list[Any]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in ((D, 4 * H), (H, 4 * H), (4 * H,))]


def test_a_layer_is_what_has_its_methods() -> None:
    said = drawn.said("keras", "lstm")
    assert drawn.same(convert.from_keras(LSTM(CONFIG, arrays())), convert.from_keras(arrays(), **said))
    with pytest.raises(
        ConversionError, match=r"^made: activation: expected tanh, got relu: another function"
    ):
        convert.from_keras(LSTM(CONFIG | {"activation": "relu"}, arrays()))
    own = {"module": "builtins", "class_name": "function", "config": "tanh"}
    with pytest.raises(
        ConversionError, match=r"^made: activation: expected tanh, got a function of your own, tanh"
    ):
        convert.from_keras(LSTM(CONFIG | {"activation": own}, arrays()))
    for option, value in {**said, "go_backwards": True, "merge_mode": None, "bidirectional": False}.items():
        with pytest.raises(NameSetError, match=rf"^{option}: expected none, as made tells it, got some$"):
            convert.from_keras(LSTM(CONFIG, arrays()), **{option: value})


def test_the_two_directions_must_be_alike() -> None:
    def both(forward: bool = True, **backward: Any) -> Bidirectional:
        config = CONFIG | {"go_backwards": True} | backward
        inner = {"class_name": "LSTM", "config": CONFIG | {"go_backwards": not forward}}
        outer = {
            "layer": inner,
            "backward_layer": {"class_name": "LSTM", "config": config},
            "merge_mode": "concat",
        }
        return Bidirectional(outer, arrays() + arrays())

    assert convert.from_keras(both()).architecture == Architecture("lstm", D, H, bidirectional=True)
    for change in (
        {"activation": "relu"},
        {"go_backwards": False},
        {"forward": False, "go_backwards": False},
    ):
        with pytest.raises(
            ConversionError, match=r"^made: expected a backward layer that is as the forward one but"
        ):
            convert.from_keras(both(**change))


def test_a_stack_reads_whole_sequences() -> None:
    last = CONFIG | {"return_sequences": False}
    stack = [LSTM(CONFIG, arrays()), LSTM(last, arrays(H))]
    assert convert.from_keras(stack).architecture == Architecture("lstm", D, H, 2)
    with pytest.raises(
        ConversionError, match=r"^made return_sequences: expected True, as another layer reads its out"
    ):
        convert.from_keras([LSTM(last, arrays()), LSTM(CONFIG, arrays(H))])


@pytest.fixture
def keras(program: Callable[[str], Any]) -> Any:
    return program("keras").keras


def run(weights: convert.Weights, x: Any) -> Any:
    """h of the network, batches first."""
    outputs, _ = network.forward(weights.architecture, weights.params, x, batch_first=True)
    return outputs.h


X = np.random.default_rng(1).normal(size=(B, T, D)).astype(np.float32)


@pytest.mark.witness
def test_what_arrays_do_not_tell(keras: Any) -> None:
    """Each of these has the arrays of a layer that converts."""
    layers = keras.layers

    def tanh(x: Any) -> Any:
        return x

    two = [layers.LSTMCell(H), layers.LSTMCell(H)]
    cases: list[tuple[Any, str]] = [
        (layers.LSTM(H, activation="relu"), r"activation: expected tanh, got relu"),
        (layers.GRU(H, recurrent_activation="hard_sigmoid"), r"recurrent_activation: .*, got hard_sigmoid"),
        (layers.SimpleRNN(H, activation=None), r"activation: expected tanh, got linear"),
        (layers.Bidirectional(layers.LSTM(H), merge_mode="sum"), r"merge_mode: expected 'concat', got 'sum'"),
        (
            layers.LSTM(H, activation=tanh),
            r"activation: expected a function of Keras, got a function of your own",
        ),
        (layers.RNN(two), r"expected SimpleRNN, LSTM, GRU, .*, got Stacked"),
    ]
    for layer, message in cases:
        layer(X)
        with pytest.raises(ConversionError, match=message):
            convert.from_keras(layer)


@pytest.mark.witness
def test_layers_cells_and_models(keras: Any) -> None:
    layers = keras.layers
    cases: list[tuple[Any, str]] = [
        (layers.LSTM(H, return_sequences=True), "lstm"),
        (layers.RNN(layers.LSTMCell(H), return_sequences=True), "lstm"),
        (layers.GRU(H, return_sequences=True, reset_after=False, use_bias=False), "gru-cho"),
        (layers.GRU(H, return_sequences=True, use_bias=False), "gru-after"),
        (layers.Bidirectional(layers.SimpleRNN(H, return_sequences=True)), "rnn"),
        (layers.LSTM(H, return_sequences=True, dropout=0.5), "lstm"),
    ]
    for layer, name in cases:
        expected = np.asarray(layer(X))
        model = keras.Sequential([keras.Input((T, D)), layer, layers.Dense(2)])
        for source in (layer, model):
            weights = convert.from_keras(source)
            assert weights.architecture.cell == name
            np.testing.assert_allclose(run(weights, X), expected, rtol=0, atol=1e-5)
    cell = layers.GRUCell(H)
    cell.build((B, D))
    assert convert.from_keras(cell).architecture == Architecture("gru-after", D, H)


@pytest.mark.witness
@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU"])
def test_a_layer_that_goes_backwards(keras: Any, kind: str) -> None:
    """Keras gives its outputs last step first, over sequences of any lengths by a mask; its last state is ours."""
    layer = getattr(keras.layers, kind)(H, go_backwards=True, return_sequences=True)
    expected = np.asarray(layer(X))
    weights = convert.from_keras(layer)
    assert weights.architecture.reverse
    np.testing.assert_allclose(run(weights, X), expected[:, ::-1], rtol=0, atol=1e-5)
    lengths = np.array([T, 2])
    layer.return_sequences = False
    last = np.asarray(layer(X, mask=np.arange(T) < lengths[:, None]))
    outputs, _ = network.forward(weights.architecture, weights.params, X, lengths=lengths, batch_first=True)
    np.testing.assert_allclose(outputs.states["h"][0, 0], last, rtol=0, atol=1e-5)
    again = getattr(keras.layers, kind)(H, go_backwards=True)
    again.build((B, T, D))
    again.set_weights(convert.to_keras(weights)[0])
    assert drawn.same(convert.from_keras(again), weights)


def two(keras: Any) -> Any:
    """A model of a Bidirectional and a layer above it, one within another model, and one that stands apart."""
    layers = keras.layers
    inner = keras.Sequential(
        [keras.Input((T, 2 * H)), layers.Bidirectional(layers.LSTM(H, return_sequences=True), name="upper")]
    )
    start = keras.Input((T, D))
    middle = layers.Bidirectional(layers.LSTM(H, return_sequences=True), name="lower")(start)
    last = layers.GRU(2, activation="relu", name="apart")(start)
    return keras.Model(start, [inner(middle), last])


@pytest.mark.witness
def test_files(keras: Any, tmp_path: Path) -> None:
    model = two(keras)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what h5py and Keras say of each other's ways
        model.save(tmp_path / "model.keras")
        model.save_weights(tmp_path / "model.weights.h5")
    expected = np.asarray(model(X)[0])
    said = drawn.said("keras", "lstm")
    for source, options in (
        (model, {}),
        (tmp_path / "model.keras", {}),
        (str(tmp_path / "model.weights.h5"), said),
    ):
        weights = convert.from_keras(source, layer=["lower", "upper"], **options)
        assert weights.architecture == Architecture("lstm", D, H, 2, bidirectional=True)
        np.testing.assert_allclose(run(weights, X), expected, rtol=0, atol=1e-5)
        with pytest.raises(
            NameSetError, match=r"^layer: expected the name of .*, got None; .* has .*lower.*"
        ):
            convert.from_keras(source, **options)
        with pytest.raises(
            NameSetError, match=r"^layer: expected the name of .*, got 'lowest'; .* has .*upper.*"
        ):
            convert.from_keras(source, layer="lowest", **options)
    for source in (model, tmp_path / "model.keras"):
        with pytest.raises(ConversionError, match=r"^apart: activation: expected tanh, got relu"):
            convert.from_keras(source, layer="apart")
    with pytest.raises(
        NameSetError, match=r"^activation, recurrent_activation: expected what the layer was built"
    ):
        convert.from_keras(tmp_path / "model.weights.h5", layer="apart")
    with pytest.raises(NameSetError, match=r"^bidirectional: expected True, as the file has it, got False"):
        convert.from_keras(tmp_path / "model.weights.h5", layer="lower", bidirectional=False)


@pytest.mark.witness
def test_files_that_are_damaged_or_foreign(keras: Any, tmp_path: Path) -> None:
    import h5py

    model = keras.Sequential([keras.Input((T, D)), keras.layers.LSTM(H, name="lstm")])
    path, weights = tmp_path / "m.keras", tmp_path / "m.weights.h5"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(path)
        model.save_weights(weights)
    for file in (path, weights):
        whole = file.read_bytes()
        for end in range(0, len(whole), max(1, len(whole) // 40)):
            cut = tmp_path / f"cut{''.join(file.suffixes)}"
            cut.write_bytes(whole[:end])
            with pytest.raises((ConversionError, NameSetError)):
                convert.from_keras(cut)
    with zipfile.ZipFile(path) as archive:
        config, content = archive.read("config.json"), archive.read("model.weights.h5")
    with zipfile.ZipFile(tmp_path / "packed.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", config)
        archive.writestr("model.weights.h5", content)
    with pytest.raises(
        ConversionError, match=r"packed\.keras: expected members stored once each and uncompressed"
    ):
        convert.from_keras(tmp_path / "packed.keras")
    deep = '{"config": {"layers": [' * 2000 + "]}}" * 2000
    for text in ("[]", "null", '{"config": {"layers": 5}}', json.dumps({"class_name": "LSTM", "config": []})):
        with zipfile.ZipFile(tmp_path / "other.keras", "w") as archive:
            archive.writestr("config.json", text)
            archive.writestr("model.weights.h5", content)
        with pytest.raises(
            NameSetError, match=r"^activation, recurrent_activation: expected what the layer was built"
        ):
            convert.from_keras(tmp_path / "other.keras")  # as if there were no configuration
    with zipfile.ZipFile(tmp_path / "deep.keras", "w") as archive:
        archive.writestr("config.json", deep)
        archive.writestr("model.weights.h5", content)
    with pytest.raises(
        ConversionError, match=r"deep\.keras: expected a file that Keras wrote, got RecursionError"
    ):
        convert.from_keras(tmp_path / "deep.keras")
    (tmp_path / "secret.h5").write_bytes(weights.read_bytes())
    for name, link in {
        "external": h5py.ExternalLink(str(tmp_path / "secret.h5"), "/layers"),
        "soft": h5py.SoftLink("/layers"),
    }.items():
        buffer = io.BytesIO(weights.read_bytes())
        with h5py.File(buffer, "r+") as file:
            file["more"] = link
        (tmp_path / f"{name}.weights.h5").write_bytes(buffer.getvalue())
        with pytest.raises(ConversionError, match=r"/more: expected groups and arrays, got a link$"):
            convert.from_keras(tmp_path / f"{name}.weights.h5")
    with h5py.File(tmp_path / "huge.weights.h5", "w") as file:
        file.create_dataset("lstm/cell/vars/0", shape=(2**20, 2**20), dtype="f4", chunks=(1, 2**10))
    with pytest.raises(ConversionError, match=r"/lstm/cell/vars/0: expected an array within the file"):
        convert.from_keras(tmp_path / "huge.weights.h5")


def test_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        ConversionError, match=r"^model\.h5: expected a name ending in \.keras or \.weights\.h5, got"
    ):
        convert.from_keras("model.h5")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(
        ConversionError, match=r'h5py, which is not installed: pip install "lstmref\[keras\]", or give'
    ):
        convert.from_keras("model.keras")
