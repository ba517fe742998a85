"""State dicts of PyTorch's nn.RNN, nn.LSTM and nn.GRU.

Source: pytorch-rnn, pytorch-lstm, pytorch-gru, under "Variables".
"""

import re
from collections.abc import Mapping
from typing import Any

from lstmref.check import Array
from lstmref.convert import arrays, blocks, refusals
from lstmref.convert.blocks import Blocks
from lstmref.convert.layouts import PYTORCH
from lstmref.convert.weights import Weights, for_framework, forward_only, same_names, to_cell, with_biases
from lstmref.errors import KindError, NameSetError
from lstmref.network.architecture import Architecture

KINDS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
SUFFIXES = {"forward": "", "reverse": "_reverse"}
NAME = re.compile(r"(?:weight_ih|weight_hh|bias_ih|bias_hh|weight_hr)_l(0|[1-9][0-9]{0,8})(_reverse)?")


def from_pytorch(
    state_dict: Mapping[str, Any], prefix: str = "", *, cell: str | None = None, nonlinearity: str = "tanh"
) -> Weights:
    """The weights in the state dict of an nn.RNN, nn.LSTM or nn.GRU: cells rnn, lstm and gru-after.

    state_dict: names to tensors or arrays, all of one dtype of float16, float32, float64. prefix: what stands before
    the names, such as "encoder.lstm."; names that do not start with it are left alone. Which layer it is, D, H, the
    number of layers and the directions are read off the shapes and names. cell: what the caller expects to get, if
    not None. nonlinearity: that of an nn.RNN, which a state dict does not tell.

    Where a gate's two biases act by their sum only, b = bias_ih + bias_hh, rounded to the dtype; the two are kept in
    `Weights.split`. With bias=False ours are zero, and `Weights.biased` is False.

    Raises ConversionError for a projection (weight_hr_l*), for another nonlinearity and for a cell that these weights
    do not make; NameSetError, ShapeError, KindError, NotFiniteError. Source: pytorch-rnn, pytorch-lstm, pytorch-gru.

    >>> import numpy as np
    >>> shapes = {"weight_ih_l0": (12, 2), "weight_hh_l0": (12, 3), "bias_ih_l0": 12, "bias_hh_l0": 12}
    >>> weights = from_pytorch({f"rnn.{name}": np.ones(shape) for name, shape in shapes.items()}, prefix="rnn.")
    >>> weights.architecture
    Architecture(cell='lstm', D=2, H=3, layers=1, bidirectional=False)
    >>> weights.params["0.forward.b_f"]
    array([2., 2., 2.])
    """
    refusals.activation("nonlinearity", nonlinearity, "tanh")
    given, layers, bidirectional, biased = _names(state_dict, prefix)
    found: dict[str, Array] = {}
    for name, value in given.items():
        first = next(iter(found), None)
        found[name] = arrays.read(
            prefix + name, value, found[first].dtype if first else None, f"{prefix}{first}"
        )
    W, U = found["weight_ih_l0"], found["weight_hh_l0"]
    k = blocks.count((f"{prefix}weight_ih_l0", f"{prefix}weight_hh_l0"), W, U, PYTORCH, cell)
    native, layout = next((name, layout) for name, layout in PYTORCH.items() if len(layout.gates) == k)
    architecture = Architecture(native, W.shape[-1] if W.ndim else 0, U.shape[1], layers, bidirectional)
    cells = {}
    for layer, direction in architecture.cells():
        shapes = (*layout.matrices(architecture.inputs(layer), architecture.H), *((k * architecture.H,),) * 2)
        names = (f"{kind}_l{layer}{SUFFIXES[direction]}" for kind in (KINDS if biased else KINDS[:2]))
        one = [
            arrays.shaped(prefix + name, found[name], shape)
            for name, shape in zip(names, shapes, strict=False)
        ]
        cells[layer, direction] = Blocks(*one)
    weights = blocks.to_weights(architecture, layout, cells)
    return weights if cell is None else to_cell(weights, cell)


def to_pytorch(weights: Weights, prefix: str = "", *, bias: bool | None = None) -> dict[str, Array]:
    """A state dict for nn.RNN, nn.LSTM or nn.GRU, as NumPy arrays in PyTorch's order: cells rnn, lstm, gru-after.

    For k gates weight_ih is (k H, D), weight_hh (k H, H), a bias (k H,).
    Make tensors of them by `torch.from_numpy` and hand them to `load_state_dict`. Each array is new, of the dtype of
    the weights. Two biases that are one of ours are written as they came where they still add up to it, bit by bit;
    elsewhere bias_hh stays and bias_ih takes the rest, or, where that does not round to ours, or where there never
    were two, bias_ih is ours and bias_hh zero. bias: whether to write biases; None: as they came.

    Raises ConversionError for a cell that PyTorch has not, for a network that reads from the end, and for biases that
    are left out and are not zero; KindError for what is not `Weights`. Source: pytorch-rnn, pytorch-lstm, pytorch-gru.

    >>> import numpy as np
    >>> architecture = Architecture("rnn", D=1, H=1)
    >>> ones = {name: np.ones(shape) for name, shape in architecture.parameter_shapes().items()}
    >>> to_pytorch(Weights(architecture, ones))
    {'weight_ih_l0': array([[1.]]), 'weight_hh_l0': array([[1.]]), 'bias_ih_l0': array([1.]), 'bias_hh_l0': array([0.])}
    """
    weights = for_framework(weights, "pytorch")
    forward_only(weights, "pytorch")
    biased = with_biases(weights, bias)
    layout = PYTORCH[weights.architecture.cell]
    found: dict[str, Array] = {}
    for (layer, direction), one in blocks.of_weights(weights, layout, biased).items():
        for kind, value in zip(KINDS, one, strict=True):
            if value is not None:
                found[f"{prefix}{kind}_l{layer}{SUFFIXES[direction]}"] = value
    return found


def _names(state_dict: Mapping[str, Any], prefix: str) -> tuple[dict[str, Any], int, bool, bool]:
    """What the state dict has behind the prefix, how many layers, whether both directions, whether biases."""
    if not isinstance(state_dict, Mapping):
        raise KindError(f"state_dict: expected a mapping of names to arrays, got {type(state_dict).__name__}")
    given = {
        str(name).removeprefix(prefix): value
        for name, value in state_dict.items()
        if str(name).startswith(prefix)
    }
    projections = [name for name in given if NAME.fullmatch(name) and name.startswith("weight_hr")]
    if projections:
        refusals.refuse(
            f"{prefix}{projections[0]}: expected no projection of h (proj_size=0), got one: no cell here has it",
            refusals.PROJECTION,
        )
    unknown = [name for name in given if not NAME.fullmatch(name)]
    starts = {found[1] for name in unknown if (found := re.fullmatch(rf"(.*\.){NAME.pattern}", name))}
    if unknown or not given:
        what = f"unknown {', '.join(prefix + name for name in unknown)}" if given else "no names"
        hint = f"; give prefix={prefix + min(starts)!r}" if starts else ""
        raise NameSetError(f"state_dict: expected {prefix}weight_ih_l0 and so on, got {what}{hint}")
    layers = 1 + max(int(found[1]) for name in given if (found := NAME.fullmatch(name)))
    bidirectional = any(name.endswith("_reverse") for name in given)
    biased = any(name.startswith("bias") for name in given)
    # Of weight_ih_l999999999 alone not all the names below it are listed: there are no more layers than names.
    layers = min(layers, len(given))
    expected = [
        f"{kind}_l{layer}{suffix}"
        for layer in range(layers)
        for suffix in (("", "_reverse") if bidirectional else ("",))
        for kind in (KINDS if biased else KINDS[:2])
    ]
    same_names("state_dict", (prefix + name for name in given), [prefix + name for name in expected])
    return {name: given[name] for name in expected}, layers, bidirectional, biased
