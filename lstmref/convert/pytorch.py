"""State dicts and modules of PyTorch: nn.RNN, nn.LSTM, nn.GRU, and their cells.

Source:
    pytorch-rnn, pytorch-lstm, pytorch-gru, under "Variables".
"""

from collections.abc import Mapping
from typing import Any

from lstmref.check import Array
from lstmref.convert import arrays, blocks, module, options, refusals, state_dict
from lstmref.convert.blocks import Blocks
from lstmref.convert.layouts import PYTORCH
from lstmref.convert.state_dict import KINDS
from lstmref.convert.weights import Weights, for_framework, to_cell, with_biases
from lstmref.errors import NameSetError
from lstmref.network.architecture import Architecture

SUFFIXES = {"forward": "", "reverse": "_reverse"}


def from_pytorch(
    source: Mapping[str, Any] | Any,
    prefix: str = "",
    *,
    cell: str | None = None,
    nonlinearity: str | None = None,
) -> Weights:
    """The weights of an nn.RNN, nn.LSTM, nn.GRU or one of their cells: cells rnn, lstm and gru-after.

    Which layer it is, D, H, the number of layers and the directions are read off the shapes and names.

    Where a gate's two biases act by their sum only, b = bias_ih + bias_hh, rounded to the dtype, of float16
    to float32; the two are kept in `Weights.split`. With bias=False ours are zero, and `Weights.biased` is
    False.

    Args:
        source: the module, or one that has it; or a state dict, names to tensors or arrays, all of one dtype
            of float16, float32, float64; or a checkpoint that has one.
        prefix: what stands before the names of the layer, such as "encoder.lstm."; the names of wrappers
            ("module.", "_orig_mod.") may be left out.
        cell: what the caller expects to get, if not None.
        nonlinearity: that of an nn.RNN, "tanh" or "relu", which a module tells and a state dict does not.

    Raises:
        ConversionError: for a projection (weight_hr_l*), for another nonlinearity, for weights that are kept
            in another form (weight_norm, quantised, TensorFlow 1) and for a cell that these weights do not
            make.
        NameSetError: for a prefix or names that do not fit; it names the prefixes that there are.
        ShapeError: a wrong shape or size.
        KindError: a value of the wrong type or dtype.
        NotFiniteError: NaN or an infinity.

    Source:
        pytorch-rnn, pytorch-lstm, pytorch-gru.

    Examples:
        >>> import numpy as np
        >>> shapes = {"weight_ih_l0": (12, 2), "weight_hh_l0": (12, 3), "bias_ih_l0": 12, "bias_hh_l0": 12}
        >>> weights = from_pytorch({f"rnn.{name}": np.ones(shape) for name, shape in shapes.items()}, prefix="rnn.")
        >>> weights.architecture
        Architecture(cell='lstm', D=2, H=3, layers=1, bidirectional=False)
        >>> weights.params["0.forward.b_f"]
        array([2., 2., 2.])
    """
    options.texts(cell=cell)
    place, told = "", False
    if module.is_module(source):
        if nonlinearity is not None:
            raise NameSetError(f"nonlinearity: expected none, as a module tells it, got {nonlinearity!r}")
        place, source, nonlinearity = module.recurrent(source, prefix)
        prefix, told = "", True
    found = state_dict.find(source, prefix)
    prefix = place + found.prefix
    read: dict[str, Array] = {}
    for name, value in found.arrays.items():
        first = next(iter(read), None)
        read[name] = arrays.read(
            prefix + name, value, read[first].dtype if first else None, f"{prefix}{first}"
        )
    W, U = read["weight_ih_l0"], read["weight_hh_l0"]
    k = blocks.count((f"{prefix}weight_ih_l0", f"{prefix}weight_hh_l0"), W, U, PYTORCH, cell)
    native, layout = next((name, layout) for name, layout in PYTORCH.items() if len(layout.gates) == k)
    _judge(native, nonlinearity, told)
    architecture = Architecture(
        native, W.shape[-1] if W.ndim else 0, U.shape[1], found.layers, found.bidirectional
    )
    cells = {}
    for layer, direction in architecture.cells():
        rows = k * architecture.H
        shapes = (*layout.matrices(architecture.inputs(layer), architecture.H), *((rows,),) * 2)
        names = [f"{kind}_l{layer}{SUFFIXES[direction]}" for kind in (KINDS if found.biased else KINDS[:2])]
        for name in names[2:]:
            refusals.double_bias(prefix + name, read[name].shape, rows)
        cells[layer, direction] = Blocks(
            *(
                arrays.shaped(prefix + name, read[name], shape)
                for name, shape in zip(names, shapes, strict=False)
            )
        )
    weights = blocks.to_weights(architecture, layout, cells, arrays.half(found.arrays.values()))
    return weights if cell is None else to_cell(weights, cell)


def _judge(cell: str, nonlinearity: str | None, told: bool) -> None:
    """Refuse a nonlinearity that is not known, or that no cell here has."""
    if nonlinearity is not None:
        refusals.activation("nonlinearity", nonlinearity, "tanh")
    elif cell == "rnn" and not told:
        raise NameSetError(
            "nonlinearity: expected 'tanh' or 'relu', which the weights of an nn.RNN do not tell, got none; or give "
            "the module itself"
        )


def to_pytorch(
    weights: Weights, prefix: str = "", *, bias: bool | None = None, of_cell: bool = False
) -> dict[str, Array]:
    """A state dict for nn.RNN, nn.LSTM or nn.GRU, as NumPy arrays in PyTorch's order: cells rnn, lstm, gru-after.

    For k gates weight_ih is (k H, D), weight_hh (k H, H), a bias (k H,). Make tensors of them by
    `torch.from_numpy` and hand them to `load_state_dict`. Each array is new, of the dtype of the weights. Two
    biases that are one of ours are written as they came where they still add up to it, bit by bit; elsewhere
    bias_hh stays and bias_ih takes the rest, or, where that does not round to ours, or where there never were
    two, bias_ih is ours and bias_hh zero.

    Args:
        bias: whether to write biases; None: as they came.
        of_cell: under the names of nn.RNNCell, nn.LSTMCell and nn.GRUCell, without _l0; of one layer in one
            direction only.

    Raises:
        ConversionError: for a cell that PyTorch has not, for a network that reads from the end, for more than
            a cell with of_cell, and for biases that are left out and are not zero.
        KindError: for what is not `Weights`.

    Source:
        pytorch-rnn, pytorch-lstm, pytorch-gru.

    Examples:
        >>> import numpy as np
        >>> architecture = Architecture("rnn", D=1, H=1)
        >>> ones = {name: np.ones(shape) for name, shape in architecture.parameter_shapes().items()}
        >>> to_pytorch(Weights(architecture, ones))
        {'weight_ih_l0': array([[1.]]), 'weight_hh_l0': array([[1.]]), \
'bias_ih_l0': array([1.]), 'bias_hh_l0': array([0.])}
    """
    options.flags(bias=bias, of_cell=of_cell)
    options.texts(prefix=prefix)
    weights = for_framework(weights, "pytorch")
    architecture = weights.architecture
    if architecture.reverse:
        refusals.refuse(
            "architecture: expected reverse=False, as a PyTorch layer of one direction reads forward, got True"
        )
    if of_cell and (architecture.layers, architecture.bidirectional) != (1, False):
        refusals.refuse(
            f"architecture: expected one layer in one direction, for of_cell=True, got {architecture.layers} layers, "
            f"bidirectional={architecture.bidirectional}"
        )
    biased = with_biases(weights, bias)
    layout = PYTORCH[architecture.cell]
    found: dict[str, Array] = {}
    for (layer, direction), one in blocks.of_weights(weights, layout, biased).items():
        for kind, value in zip(KINDS, one, strict=True):
            if value is not None:
                end = "" if of_cell else f"_l{layer}{SUFFIXES[direction]}"
                found[f"{prefix}{kind}{end}"] = value
    return found
