"""Keras's SimpleRNN, LSTM and GRU, plain or in a Bidirectional: layers, models, files, and lists of their arrays.

Source:
    keras-gru, keras-lstm, keras-simplernn; the order of the arrays is that of `get_weights`: kernel,
    recurrent_kernel, bias, and in a Bidirectional those of the forward layer first.
"""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from lstmref.check import Array
from lstmref.convert import arrays, blocks, keras_files, keras_layers, options, reading, refusals
from lstmref.convert.blocks import Blocks
from lstmref.convert.keras_layers import Built, Layer
from lstmref.convert.layouts import KERAS, Layout
from lstmref.convert.weights import Weights, for_framework, to_cell, with_biases
from lstmref.errors import KindError, NameSetError, ShapeError
from lstmref.network.architecture import Architecture

NAMES = ("kernel", "recurrent_kernel", "bias")
# How many arrays a layer has: two without biases, twice as many in a Bidirectional.
COUNTS = {2: (2, False), 3: (3, False), 4: (2, True), 6: (3, True)}
SIDES = ("forward", "backward")
DEFAULTS = Built()


def from_keras(
    layers: Any,
    *,
    layer: str | Sequence[str] | None = None,
    cell: str | None = None,
    bidirectional: bool | None = None,
    reset_after: bool | None = None,
    activation: object = None,
    recurrent_activation: object = None,
    merge_mode: str | None = "concat",
    go_backwards: bool = False,
) -> Weights:
    """The weights of SimpleRNN, LSTM or GRU layers: cells rnn, lstm, gru-after and gru-cho, or gru on request.

    What follows `cell` are options of a layer, by Keras's names. A layer, a model and a `.keras` file tell
    them, and then none may be given. Arrays and a `.weights.h5` file do not, so say what decides: activation,
    recurrent_activation of an LSTM or GRU, reset_after of a GRU without biases, and bidirectional of 4 or 6
    arrays; merge_mode and go_backwards have Keras's defaults.

    One layer with go_backwards is a network in reverse. Keras gives its outputs in the order in which it
    read, the last step first, so they are ours from the end.

    Args:
        layers: a layer; a model, or the path of a `.keras` or `.weights.h5` file, of which `layer` names the
            layer if there are several; the arrays that `get_weights()` of one layer gives; or a list of
            layers, or of such lists, for a stack of one kind and size, each of which reads the outputs of the
            one before, as do several names in `layer`. All arrays are of one dtype of float16, float32,
            float64; 2 or 3 are a layer without or with biases, 4 or 6 a Bidirectional.
        cell: what the caller expects; "gru" turns a GRU with reset_after=False, whose z weighs the kept
            state, into the cell whose z weighs the new, exactly.

    Raises:
        ConversionError: for options with which a layer is another function, for a cell that the weights do
            not make, and for a file that is none of these.
        NameSetError: a name that is missing or unknown.
        ShapeError: a wrong shape or size.
        KindError: a value of the wrong type or dtype.
        NotFiniteError: NaN or an infinity.
        OSError: as reading does.

    Source:
        keras-gru, keras-lstm, keras-simplernn.

    Examples:
        >>> import numpy as np
        >>> gru = [np.ones((2, 9)), np.ones((3, 9)), np.ones(9)]
        >>> said = {"activation": "tanh", "recurrent_activation": "sigmoid"}
        >>> from_keras(gru, **said).architecture.cell, from_keras(gru, cell="gru", **said).params["0.forward.b_z"]
        ('gru-cho', array([-1., -1., -1.]))
    """
    options.texts(cell=cell, merge_mode=merge_mode)
    options.flags(bidirectional=bidirectional, reset_after=reset_after, go_backwards=go_backwards)
    said = Built(activation, recurrent_activation, reset_after, bidirectional, merge_mode, go_backwards)
    stack = [_with_options(each, said) for each in _stack(layers, layer)]
    given = _read(stack)
    size, both = COUNTS[len(given[0])]
    W, U = given[0][:2]
    where = _where(0, stack)
    _refuse_joint(where, given[0])
    k = blocks.count((f"{where}kernel", f"{where}recurrent_kernel"), W, U, KERAS, cell)
    for number, each in enumerate(stack):
        _judge(_where(number, stack), each, k, len(stack))
    built = stack[0].built or DEFAULTS
    native = _cell(where, k, given[0][2] if size == 3 else None, built.reset_after)
    layout = KERAS[native]
    architecture = Architecture(
        native, W.shape[0] if W.ndim else 0, U.shape[0], len(given), both, reverse=built.go_backwards
    )
    cells = {}
    for number, direction in architecture.cells():
        index = architecture.directions.index(direction)
        side = f"{SIDES[index]} " if both else ""
        names = [f"{_where(number, stack)}{side}{name}" for name in NAMES]
        own = given[number][index * size : (index + 1) * size]
        shapes = _shapes(layout, architecture.inputs(number), architecture.H)
        for name, value in zip(names[2:], own[2:], strict=False):
            refusals.double_bias(name, value.shape, k * architecture.H)
        W, U, *bias = map(arrays.shaped, names, own, shapes)  # without biases the shortest, own, has two
        cells[number, direction] = Blocks(W, U, *(bias[0] if bias and layout.biases == 2 else bias))
    half = arrays.half(value for each in stack for value in each.arrays)
    weights = blocks.to_weights(architecture, layout, cells, half)
    return weights if cell is None else to_cell(weights, cell)


def to_keras(weights: Weights, *, bias: bool | None = None) -> list[list[Array]]:
    """One list a layer, as its `set_weights` takes it: cells rnn, lstm, gru-after, gru-cho and gru.

    The layers are to be built as SimpleRNN, LSTM, GRU(reset_after=True) for gru-after and
    GRU(reset_after=False) for gru-cho and gru, in a Bidirectional where the network is, with use_bias as is
    written. Each array is new, of the dtype of the weights. Of the two biases of GRU(reset_after=True) those
    that are one of ours are parted as in `to_pytorch`.

    A network in reverse is one layer with go_backwards=True, whose outputs Keras gives last step first.

    Args:
        bias: whether to write biases; None: as they came.

    Raises:
        ConversionError: for a cell that Keras has not, for several layers in reverse, and for biases that are
            left out and are not zero.
        KindError: for what is not `Weights`.

    Source:
        keras-gru, keras-lstm, keras-simplernn.

    Examples:
        >>> import numpy as np
        >>> arrays = [np.ones((2, 12)), np.ones((3, 12)), np.ones(12)]
        >>> weights = from_keras(arrays, activation="tanh", recurrent_activation="sigmoid")
        >>> [[array.shape for array in layer] for layer in to_keras(weights)]
        [[(2, 12), (3, 12), (12,)]]
    """
    options.flags(bias=bias)
    weights = for_framework(weights, "keras")
    if weights.architecture.reverse and weights.architecture.layers > 1:
        refusals.refuse(
            "architecture: expected reverse=False for several layers, got True: Keras gives the outputs of a layer "
            "with go_backwards last step first, and the next would read them in that order"
        )
    biased = with_biases(weights, bias)
    layout = KERAS[weights.architecture.cell]
    found: list[list[Array]] = [[] for _ in range(weights.architecture.layers)]
    for (layer, _), one in blocks.of_weights(weights, layout, biased).items():
        found[layer] += [one.W, one.U]
        if one.b_x is not None:
            found[layer].append(one.b_x if one.b_h is None else np.stack([one.b_x, one.b_h]))
    return found


def _stack(layers: object, layer: str | Sequence[str] | None) -> list[Layer]:
    """The layers that are given or named, one reading the outputs of the one before."""
    if isinstance(layers, str | os.PathLike):
        path = reading.named_path(layers)
        return keras_layers.choose(str(path), keras_files.layers(path), layer)
    if keras_layers.is_layer(layers):
        return keras_layers.choose(
            f"{getattr(layers, 'name', 'it')}", list(keras_layers.found(layers)), layer
        )
    if layer is not None:
        raise NameSetError(f"layer: expected none, as the layers themselves are given, got {layer!r}")
    if not isinstance(layers, Sequence) or isinstance(layers, bytes):
        raise KindError(
            "layers: expected a layer, a model, a path, a list of arrays, or a list of layers or of such lists, got "
            f"{type(layers).__name__}"
        )
    if not layers:
        raise NameSetError("layers: expected at least one layer, got none")
    if not all(isinstance(each, list | tuple) or keras_layers.is_layer(each) for each in layers):
        return [Layer("", layers)]
    return [
        Layer("", each)
        if isinstance(each, list | tuple)
        else keras_layers.choose(str(getattr(each, "name", "it")), list(keras_layers.found(each)), None)[0]
        for each in layers
    ]


def _where(number: int, stack: Sequence[Layer]) -> str:
    """What errors call a layer: by its name where it has one."""
    return f"{stack[number].name or f'layer {number}'} "


def _with_options(layer: Layer, said: Built) -> Layer:
    """A layer with the options that are said of it, where it does not tell them itself."""
    if layer.built is not None and layer.cell:
        told = zip(Built._fields, said, DEFAULTS, strict=True)
        strange = [name for name, one, usual in told if type(one) is not type(usual) or one != usual]
        if strange:
            raise NameSetError(f"{', '.join(strange)}: expected none, as {layer.name} tells it, got some")
        return layer
    if layer.built is not None and said.bidirectional not in (None, layer.built.bidirectional):
        raise NameSetError(
            f"bidirectional: expected {layer.built.bidirectional}, as the file has it, got {said.bidirectional}"
        )
    both = said.bidirectional if layer.built is None else layer.built.bidirectional
    return layer._replace(built=said._replace(bidirectional=both))


def _judge(where: str, layer: Layer, k: int, layers: int) -> None:
    """Refuse options with which a layer is another function, and ask for those that are not known."""
    built = layer.built or DEFAULTS
    expected = {"activation": "tanh"} | ({"recurrent_activation": "sigmoid"} if k > 1 else {})
    unsaid = [name for name in expected if getattr(built, name) is None]
    if unsaid:
        raise NameSetError(
            f"{', '.join(unsaid)}: expected what the layer was built with, which arrays do not tell, got none; Keras's "
            "defaults are 'tanh' and 'sigmoid'; or give the layer itself"
        )
    for name, wanted in expected.items():
        refusals.activation(f"{layer.name}: {name}" if layer.name else name, getattr(built, name), wanted)
    if built.bidirectional is None and COUNTS[len(layer.arrays)][1]:
        raise NameSetError(
            f"bidirectional: expected True, or a list for each layer of a stack, as {len(layer.arrays)} arrays are "
            "those of a Bidirectional or of several layers, got none"
        )
    if built.bidirectional is not None and built.bidirectional != COUNTS[len(layer.arrays)][1]:
        raise NameSetError(
            f"bidirectional: expected {not built.bidirectional}, as {where.strip()} has {len(layer.arrays)} arrays, "
            f"got {built.bidirectional}; of several layers give a list for each"
        )
    if built.bidirectional and built.merge_mode != "concat":
        refusals.refuse(
            f"{where}merge_mode: expected 'concat', got {built.merge_mode!r}: here a layer of both directions gives "
            "both outputs side by side; convert the two directions as layers of their own"
        )
    if built.go_backwards and (built.bidirectional or layers > 1):
        refusals.refuse(
            f"{where}go_backwards: expected False, got True: Keras gives the outputs of such a layer last step first, "
            "and what stands beside or above it reads them in that order; convert the layers one by one"
        )


def _refuse_joint(where: str, given: Sequence[Array]) -> None:
    """Refuse one matrix and one bias: TensorFlow 1 has W and U in one."""
    if len(given) == 2 and given[0].ndim == 2 and given[1].shape == given[0].shape[1:]:
        refusals.refuse(
            f"{where}recurrent_kernel: expected a matrix, got {given[1].shape}: TensorFlow 1 has W and U in one "
            "kernel, [x; h], with the gates i, g, f, o and a forget_bias added when it runs: take it apart, and give "
            "kernel, recurrent_kernel and bias in Keras's order"
        )


def _read(stack: Sequence[Layer]) -> list[list[Array]]:
    """The arrays of every layer, all of one dtype, and as many in each layer."""
    first = len(stack[0].arrays)
    expected = [first] if first in COUNTS else list(COUNTS)
    found: list[list[Array]] = []
    for number, layer in enumerate(stack):
        where = _where(number, stack)
        if len(layer.arrays) not in expected:
            raise ShapeError(
                f"{where.strip()}: expected {' or '.join(map(str, expected))} arrays, got {len(layer.arrays)}"
            )
        if number + 1 < len(stack) and layer.built is not None and not layer.built.return_sequences:
            refusals.refuse(
                f"{where}return_sequences: expected True, as another layer reads its outputs, got False"
            )
        dtype = found[0][0].dtype if found else None
        read: list[Array] = []
        for name, value in zip(_names(len(layer.arrays)), layer.arrays, strict=True):
            expected_dtype = dtype or (read[0].dtype if read else None)
            read.append(arrays.read(f"{where}{name}", value, expected_dtype, f"{_where(0, stack)}kernel"))
        found.append(read)
    return found


def _names(arrays_given: int) -> list[str]:
    """What errors call the arrays of a layer that has so many."""
    size, bidirectional = COUNTS[arrays_given]
    sides = [f"{side} " for side in SIDES] if bidirectional else [""]
    return [f"{side}{name}" for side in sides for name in NAMES[:size]]


def _cell(where: str, k: int, bias: Array | None, reset_after: bool | None) -> str:
    """The cell of a layer with k gates."""
    kin = {name: layout for name, layout in KERAS.items() if len(layout.gates) == k}
    if len(kin) == 1:
        if reset_after is not None:
            raise NameSetError(f"reset_after: expected none, as the layer is no GRU, got {reset_after}")
        return next(iter(kin))
    by_bias = None if bias is None else bias.ndim == 2
    if by_bias is None and reset_after is None:
        raise NameSetError(
            "reset_after: expected True or False, as a GRU without biases does not tell, got None"
        )
    if by_bias is not None and reset_after is not None and by_bias != reset_after:
        refusals.refuse(
            f"{where}reset_after: expected {by_bias}, as the bias has "
            f"{1 if bias is None else bias.ndim} axes, got {reset_after}",
            refusals.RESET,
        )
    after = by_bias if reset_after is None else reset_after
    return next(name for name, layout in kin.items() if layout.settings["reset_after"] == after)


def _shapes(layout: Layout, D: int, H: int) -> tuple[tuple[int, ...], ...]:
    """The shapes of kernel, recurrent_kernel and bias."""
    rows = len(layout.gates) * H
    return (*layout.matrices(D, H), (layout.biases, rows) if layout.biases > 1 else (rows,))
