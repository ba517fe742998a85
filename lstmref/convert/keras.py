"""Weight lists of Keras's SimpleRNN, LSTM and GRU, plain or in a Bidirectional, as `layer.get_weights()` gives them.

Source: keras-gru, keras-lstm, keras-simplernn; the order of the arrays is that of `get_weights`: kernel,
recurrent_kernel, bias, and in a Bidirectional those of the forward layer first.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lstmref.check import Array
from lstmref.convert import arrays, blocks, refusals
from lstmref.convert.blocks import Blocks
from lstmref.convert.layouts import KERAS, Layout
from lstmref.convert.weights import Weights, for_framework, forward_only, to_cell, with_biases
from lstmref.errors import KindError, NameSetError, ShapeError
from lstmref.network.architecture import Architecture

NAMES = ("kernel", "recurrent_kernel", "bias")
# How many arrays a layer has: two without biases, twice as many in a Bidirectional.
COUNTS = {2: (2, False), 3: (3, False), 4: (2, True), 6: (3, True)}
SIDES = ("forward", "backward")


def from_keras(
    layers: Sequence[Any],
    *,
    cell: str | None = None,
    reset_after: bool | None = None,
    activation: object = "tanh",
    recurrent_activation: object = "sigmoid",
    merge_mode: str | None = "concat",
    go_backwards: bool = False,
) -> Weights:
    """The weights of SimpleRNN, LSTM or GRU layers: cells rnn, lstm, gru-after and gru-cho, or gru on request.

    layers: what `get_weights()` of one layer gives, or a list of such lists for a stack of layers of one kind and
    size, each of which reads the outputs of the one before; all arrays of one dtype of float16, float32, float64.
    2 or 3 arrays are a layer without or with biases; 4 or 6 are a Bidirectional. cell: what the caller expects; "gru"
    turns a GRU with reset_after=False, whose z weighs the kept state, into the cell whose z weighs the new, exactly.

    The rest are options of the layers that their weights do not tell, by Keras's names, defaults as in Keras.
    reset_after is read off the shape of the bias; a GRU without biases must be given it.

    Raises ConversionError for options with which a layer is another function, and for a cell that the weights do not
    make; NameSetError, ShapeError, KindError, NotFiniteError.
    Source: keras-gru, keras-lstm, keras-simplernn.

    >>> import numpy as np
    >>> gru = [np.ones((2, 9)), np.ones((3, 9)), np.ones(9)]
    >>> from_keras(gru).architecture.cell, from_keras(gru, cell="gru").params["0.forward.b_z"]
    ('gru-cho', array([-1., -1., -1.]))
    """
    refusals.activation("activation", activation, "tanh")
    refusals.activation("recurrent_activation", recurrent_activation, "sigmoid")
    if merge_mode != "concat":
        refusals.refuse(
            f"merge_mode: expected 'concat', got {merge_mode!r}: here a layer of both directions gives both outputs "
            "side by side; convert the two directions as layers of their own"
        )
    if go_backwards:
        refusals.refuse(
            "go_backwards: expected False, got True: the weights are the same, so set it to False, and reverse the "
            "sequence yourself"
        )
    given = _layers(layers)
    size, bidirectional = COUNTS[len(given[0])]
    W, U = given[0][:2]
    k = blocks.count(("layer 0 kernel", "layer 0 recurrent_kernel"), W, U, KERAS, cell)
    if k != len(KERAS["gru-cho"].gates) and reset_after is not None:
        raise NameSetError(f"reset_after: expected none, as the layer is no GRU, got {reset_after}")
    native = _cell(k, given[0][2] if size == 3 else None, reset_after)
    layout = KERAS[native]
    architecture = Architecture(native, W.shape[0] if W.ndim else 0, U.shape[0], len(given), bidirectional)
    cells = {}
    for layer, direction in architecture.cells():
        number = architecture.directions.index(direction)
        side = f"{SIDES[number]} " if bidirectional else ""
        names = (f"layer {layer} {side}{name}" for name in NAMES)
        own = given[layer][number * size : (number + 1) * size]
        shapes = _shapes(layout, architecture.inputs(layer), architecture.H)
        W, U, *bias = map(arrays.shaped, names, own, shapes)  # without biases the shortest, own, has two
        cells[layer, direction] = Blocks(W, U, *(bias[0] if bias and layout.biases == 2 else bias))
    weights = blocks.to_weights(architecture, layout, cells)
    return weights if cell is None else to_cell(weights, cell)


def to_keras(weights: Weights, *, bias: bool | None = None) -> list[list[Array]]:
    """One list a layer, as its `set_weights` takes it: cells rnn, lstm, gru-after, gru-cho and gru.

    The layers are to be built as SimpleRNN, LSTM, GRU(reset_after=True) for gru-after and GRU(reset_after=False) for
    gru-cho and gru, in a Bidirectional where the network is, with use_bias as is written. Each array is new, of the
    dtype of the weights. Of the two biases of GRU(reset_after=True) those that are one of ours are parted as in
    `to_pytorch`. bias: whether to write biases; None: as they came.

    Raises ConversionError for a cell that Keras has not, for a network that reads from the end, and for biases that
    are left out and are not zero; KindError for what is not `Weights`. Source: keras-gru, keras-lstm, keras-simplernn.

    >>> import numpy as np
    >>> weights = from_keras([np.ones((2, 12)), np.ones((3, 12)), np.ones(12)])
    >>> [[array.shape for array in layer] for layer in to_keras(weights)]
    [[(2, 12), (3, 12), (12,)]]
    """
    weights = for_framework(weights, "keras")
    forward_only(weights, "keras")
    biased = with_biases(weights, bias)
    layout = KERAS[weights.architecture.cell]
    found: list[list[Array]] = [[] for _ in range(weights.architecture.layers)]
    for (layer, _), one in blocks.of_weights(weights, layout, biased).items():
        found[layer] += [one.W, one.U]
        if one.b_x is not None:
            found[layer].append(one.b_x if one.b_h is None else np.stack([one.b_x, one.b_h]))
    return found


def _layers(layers: object) -> list[list[Array]]:
    """The arrays of every layer, all of one dtype, and as many in each layer."""
    if not isinstance(layers, Sequence) or isinstance(layers, (str, bytes)):
        raise KindError(
            f"layers: expected a list of arrays, or one of such lists, got {type(layers).__name__}"
        )
    if not layers:
        raise NameSetError("layers: expected at least one layer, got none")
    stack = layers if all(isinstance(layer, (list, tuple)) for layer in layers) else [layers]
    expected = [len(stack[0])] if len(stack[0]) in COUNTS else list(COUNTS)
    found: list[list[Array]] = []
    for number, layer in enumerate(stack):
        if len(layer) not in expected:
            raise ShapeError(
                f"layer {number}: expected {' or '.join(map(str, expected))} arrays, got {len(layer)}"
            )
        dtype = found[0][0].dtype if found else None
        read: list[Array] = []
        for name, value in zip(_names(len(layer)), layer, strict=True):
            read.append(
                arrays.read(
                    f"layer {number} {name}",
                    value,
                    dtype or (read[0].dtype if read else None),
                    "layer 0 kernel",
                )
            )
        found.append(read)
    return found


def _names(arrays_given: int) -> list[str]:
    """What errors call the arrays of a layer that has so many."""
    size, bidirectional = COUNTS[arrays_given]
    sides = [f"{side} " for side in SIDES] if bidirectional else [""]
    return [f"{side}{name}" for side in sides for name in NAMES[:size]]


def _cell(k: int, bias: Array | None, reset_after: bool | None) -> str:
    """The cell of a layer with k gates."""
    kin = {name: layout for name, layout in KERAS.items() if len(layout.gates) == k}
    if len(kin) == 1:
        return next(iter(kin))
    by_bias = None if bias is None else bias.ndim == 2
    if by_bias is None and reset_after is None:
        raise NameSetError(
            "reset_after: expected True or False, as a GRU without biases does not tell, got None"
        )
    if by_bias is not None and reset_after is not None and by_bias != reset_after:
        refusals.refuse(
            f"reset_after: expected {by_bias}, as the bias has the shape {bias.shape if bias is not None else ()}, "
            f"got {reset_after}",
            refusals.RESET,
        )
    after = by_bias if reset_after is None else reset_after
    return next(name for name, layout in kin.items() if layout.settings["reset_after"] == after)


def _shapes(layout: Layout, D: int, H: int) -> tuple[tuple[int, ...], ...]:
    """The shapes of kernel, recurrent_kernel and bias."""
    rows = len(layout.gates) * H
    return (*layout.matrices(D, H), (layout.biases, rows) if layout.biases > 1 else (rows,))
