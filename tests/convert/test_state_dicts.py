"""State dicts as they are found: behind prefixes and wrappers, in checkpoints, of cells, in forms that are refused."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lstmref import Architecture, ConversionError, NameSetError, convert, network
from lstmref.check import Array
from tests.convert import drawn

D, H = 3, 4


def state(prefix: str = "", end: str = "_l0", k: int = 4, seed: int = 0) -> dict[str, Array]:
    """Of one layer, or of a cell with `end` empty."""
    rng = np.random.default_rng(seed)
    shapes = {"weight_ih": (k * H, D), "weight_hh": (k * H, H), "bias_ih": (k * H,), "bias_hh": (k * H,)}
    return {f"{prefix}{name}{end}": rng.normal(size=shape) for name, shape in shapes.items()}


PLAIN = convert.from_pytorch(state())


@pytest.mark.parametrize(
    ("there", "asked"),
    [
        ("module.", ""),
        ("_orig_mod.", ""),
        ("module._orig_mod.", ""),
        ("module.encoder.lstm.", "encoder.lstm."),
        ("_orig_mod.encoder.lstm.", "encoder.lstm."),
        ("encoder._orig_mod.lstm.", "encoder.lstm."),
        ("encoder.lstm._orig_mod.", "encoder.lstm."),
        ("encoder.lstm._fsdp_wrapped_module.", "encoder.lstm."),
        ("module.encoder.", "module.encoder."),
        ("encoder.", "module.encoder."),
    ],
)
def test_names_of_wrappers_may_be_left_out(there: str, asked: str) -> None:
    given = {**state(there), f"{there.removesuffix('.')}2.weight": np.ones(1)}
    assert drawn.same(convert.from_pytorch(given, asked), PLAIN)


def test_the_exact_prefix_comes_first() -> None:
    given = state("module.a.") | state("a.", seed=1)
    assert drawn.same(convert.from_pytorch(given, "module.a."), PLAIN)
    assert not drawn.same(convert.from_pytorch(given, "a."), PLAIN)


def test_a_wrong_or_missing_prefix_is_answered_with_those_that_are_there() -> None:
    given = state("encoder.") | state("module.decoder.", end="") | {"embedding.weight": np.ones((9, 9))}
    for prefix in ("", "encoder", "en", "a.", "encoder.lstm."):
        with pytest.raises(NameSetError) as caught:
            convert.from_pytorch(given, prefix)
        text = str(caught.value)
        assert text.startswith(f"state_dict: expected {prefix}weight_ih_l0 and so on, got ")
        assert text.endswith("; give prefix='encoder.' or prefix='decoder.'")
    assert drawn.same(convert.from_pytorch(given, "encoder."), PLAIN)
    assert drawn.same(convert.from_pytorch(given, "decoder."), PLAIN)


def test_a_long_dict_is_not_listed_in_full() -> None:
    given = {f"block.{k}.weight": np.ones(1) for k in range(1000)}
    with pytest.raises(NameSetError, match=r"block\.7\.weight and 992 more$"):
        convert.from_pytorch(given)


@pytest.mark.parametrize("name", ["state_dict", "model_state_dict", "model", "net"])
def test_a_checkpoint(name: str) -> None:
    optimizer = {"state": {0: {"step": 1}}, "param_groups": []}
    given = {"epoch": 3, name: state("lstm."), "optimizer": optimizer, "hyper_parameters": {"weight": 1}}
    assert drawn.same(convert.from_pytorch(given, "lstm."), PLAIN)


def test_a_checkpoint_of_two() -> None:
    given = {"generator": state(), "critic": state()}
    with pytest.raises(
        NameSetError, match=r"^state_dict: expected one, got a checkpoint that has generator, critic;"
    ):
        convert.from_pytorch(given)


@pytest.mark.parametrize("k", [1, 3, 4])
def test_a_cell_there_and_back(k: int) -> None:
    cell = {1: "rnn", 3: "gru-after", 4: "lstm"}[k]
    given = state("cell.", "", k)
    read = convert.from_pytorch(given, "cell.", **drawn.said("pytorch", cell))
    assert read.architecture == Architecture(cell, D, H)
    assert drawn.same_arrays(convert.to_pytorch(read, "cell.", of_cell=True), given)
    layer = convert.to_pytorch(read)
    assert drawn.same_arrays(
        layer, {f"{name.removeprefix('cell.')}_l0": value for name, value in given.items()}
    )


def test_names_of_a_cell_beside_those_of_a_layer() -> None:
    with pytest.raises(
        NameSetError, match=r"^state_dict: unknown weight_ih, weight_hh, bias_ih, bias_hh; expected "
    ):
        convert.from_pytorch(state() | state(end=""))


def without(name: str, given: dict[str, Array]) -> dict[str, Array]:
    return {key: value for key, value in given.items() if key != name}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (
            {"weight_hh_l0_g": np.ones((16, 1)), "weight_hh_l0_v": np.ones((16, 4))},
            "weight_norm keeps a weight in two",
        ),
        (
            {f"parametrizations.weight_hh_l0.original{k}": np.ones((16, 4)) for k in (0, 1)},
            "weight_norm keeps a weight",
        ),
        (
            {"parametrizations.weight_hh_l0.original": np.ones((16, 4))},
            "a parametrization computes the weight",
        ),
        (
            {"weight_hh_l0_orig": np.ones((16, 4)), "weight_hh_l0_mask": np.ones((16, 4))},
            "pruning or spectral_norm",
        ),
        ({"_all_weight_values.0.param": np.ones(1)}, "a quantised layer has rounded whole numbers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_weights_that_are_kept_otherwise_are_refused_by_name(more: dict[str, Array], why: str) -> None:
    for prefix in ("", "encoder."):
        given = without("weight_hh_l0", state()) | more
        behind = {prefix + name: value for name, value in given.items()}
        with pytest.raises(ConversionError) as caught:
            convert.from_pytorch(behind, prefix)
        assert str(caught.value).startswith(
            f"{prefix}{next(iter(more))}: expected the weights themselves: {why}"
        )


def test_a_kernel_of_tensorflow_1() -> None:
    given = {
        "rnn/basic_lstm_cell/kernel": np.ones((D + H, 4 * H)),
        "rnn/basic_lstm_cell/bias": np.ones(4 * H),
    }
    with pytest.raises(
        ConversionError, match=r"^rnn/basic_lstm_cell/kernel: .*: TensorFlow 1 has W and U in one kernel"
    ):
        convert.from_pytorch(given)


@pytest.mark.parametrize("k", [3, 4])
def test_two_biases_one_after_the_other(k: int) -> None:
    given = state(k=k) | {"bias_hh_l0": np.ones(2 * k * H)}
    with pytest.raises(
        ConversionError, match=r"^bias_hh_l0: expected \(\d+,\), got \(\d+,\): two biases one after"
    ):
        convert.from_pytorch(given)


# float16


def test_biases_of_float16_are_added_in_float32() -> None:
    """Their sum in float16 is off by up to half of its last digit, 1e-4 to 1e-3 here; in float32 by 1e-7."""
    given = {name: value.astype(np.float16) for name, value in state().items()}
    exact = given["bias_ih_l0"].astype(np.float64) + given["bias_hh_l0"]
    narrow = (given["bias_ih_l0"] + given["bias_hh_l0"]).astype(np.float64)
    read = convert.from_pytorch(given)
    found = np.concatenate([read.params[f"0.forward.b_{gate}"] for gate in "ifgo"])
    assert abs(narrow - exact).max() > 1e-4
    assert abs(found - exact).max() < 2e-7
    assert drawn.same_arrays(convert.to_pytorch(read), given)  # and back in float16, bit by bit
    x = np.random.default_rng(1).normal(size=(5, 2, D)).astype(np.float16)
    wide = convert.from_pytorch({name: value.astype(np.float64) for name, value in given.items()})
    ours, _ = network.forward(read.architecture, read.params, x)
    theirs, _ = network.forward(wide.architecture, wide.params, x.astype(np.float64))
    assert abs(ours.h - theirs.h).max() < 5e-7


def test_what_float16_does_not_hold_is_not_narrowed() -> None:
    given = {name: value.astype(np.float16) for name, value in state().items()}
    read = convert.from_pytorch(given)
    read.params["0.forward.U_i"][0, 0] += np.float32(1e-5)
    written = convert.to_pytorch(read)
    assert {value.dtype for value in written.values()} == {np.dtype(np.float32)}
    assert written["weight_hh_l0"][0, 0] == read.params["0.forward.U_i"][0, 0]


# modules


@pytest.mark.witness
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"])
def test_modules(program: Callable[[str], Any], kind: str) -> None:
    torch = program("torch").torch
    module = getattr(torch.nn, kind)(D, H)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what the compiler imports
        compiled = torch.compile(module)
    cell = {"RNN": "rnn", "LSTM": "lstm", "GRU": "gru-after"}[kind.removesuffix("Cell")]
    plain = convert.from_pytorch(module.state_dict(), **drawn.said("pytorch", cell))
    assert plain.architecture == Architecture(cell, D, H)
    whole = torch.nn.ModuleDict({"encoder": torch.nn.Sequential(torch.nn.Linear(2, D), module)})
    for source, prefix in (
        (module, ""),
        (torch.nn.DataParallel(module), ""),
        (compiled, ""),
        (whole, "encoder.1."),
        (torch.nn.DataParallel(whole), "encoder.1."),
    ):
        assert drawn.same(convert.from_pytorch(source, prefix), plain)
    for source in (whole, torch.nn.Linear(2, 3)):
        text = rf"there are prefix='encoder\.1\.' \({kind}\)$" if source is whole else "there are none$"
        with pytest.raises(NameSetError, match=text):
            convert.from_pytorch(source)
    if kind.endswith("Cell"):
        written = {n: torch.from_numpy(v) for n, v in convert.to_pytorch(plain, of_cell=True).items()}
        module.load_state_dict(written)


@pytest.mark.witness
@pytest.mark.parametrize("kind", ["RNN", "RNNCell"])
def test_a_nonlinearity_is_read(program: Callable[[str], Any], kind: str) -> None:
    module = getattr(program("torch").torch.nn, kind)(D, H, nonlinearity="relu")
    with pytest.raises(ConversionError, match=r"^nonlinearity: expected tanh, got relu: another function"):
        convert.from_pytorch(module)
    with pytest.raises(NameSetError, match=r"^nonlinearity: expected 'tanh' or 'relu'"):
        convert.from_pytorch(module.state_dict())
    with pytest.raises(NameSetError, match=r"^nonlinearity: expected none, as a module tells it, got 'tanh'"):
        convert.from_pytorch(module, nonlinearity="tanh")


@pytest.mark.witness
def test_modules_whose_weights_are_kept_otherwise(program: Callable[[str], Any]) -> None:
    """As PyTorch itself keeps them, however it names them."""
    torch = program("torch").torch
    nn = torch.nn
    prune = importlib.import_module("torch.nn.utils.prune")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that weight_norm and quantisation are older ways
        made = {
            "weight_norm keeps": nn.utils.weight_norm(nn.LSTM(D, H), "weight_hh_l0"),
            "weight_norm keeps ": nn.utils.parametrizations.weight_norm(nn.LSTM(D, H), "weight_hh_l0"),
            "a parametrization computes": nn.utils.parametrizations.orthogonal(nn.LSTM(D, H), "weight_hh_l0"),
            "pruning or": prune.l1_unstructured(nn.LSTM(D, H), "weight_hh_l0", 0.5),
            "pruning or ": nn.utils.spectral_norm(nn.LSTM(D, H), "weight_hh_l0"),
            "a quantised layer": torch.ao.quantization.quantize_dynamic(
                nn.Sequential(nn.LSTM(D, H)), {nn.LSTM}
            ),
        }
    for why, module in made.items():
        prefix = "0." if isinstance(module, nn.Sequential) else ""
        for source in (module, module.state_dict()):
            with pytest.raises(ConversionError, match=rf"expected the weights themselves: {why.strip()}"):
                convert.from_pytorch(source, prefix)


@pytest.mark.witness
def test_half_precision_of_pytorch(program: Callable[[str], Any]) -> None:
    torch = program("torch").torch
    layer = torch.nn.LSTM(D, H, num_layers=2).half()
    read = convert.from_pytorch(layer)
    x = np.random.default_rng(1).normal(size=(5, 2, D)).astype(np.float16)
    expected, _ = layer.float()(torch.from_numpy(x.astype(np.float32)))
    outputs, _ = network.forward(read.architecture, read.params, x)
    assert abs(outputs.h - expected.detach().numpy()).max() < 5e-7
    layer.half().load_state_dict({name: torch.from_numpy(v) for name, v in convert.to_pytorch(read).items()})
