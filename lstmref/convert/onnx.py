"""Tensors and attributes of the ONNX operators RNN, LSTM and GRU.

Source:
    the operators' pages onnx-rnn, onnx-lstm and onnx-gru: W[zrh], R[zrh], WB and RB one after the other in B.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from lstmref.check import Array
from lstmref.convert import arrays, blocks, onnx_attributes, options, refusals
from lstmref.convert.blocks import Blocks
from lstmref.convert.layouts import LINEAR, ONNX, Layout
from lstmref.convert.onnx_attributes import DIRECTIONS, NO_ATTRIBUTES
from lstmref.convert.weights import Weights, for_framework, to_cell, with_biases
from lstmref.errors import KindError, NameSetError, ShapeError
from lstmref.network.architecture import Architecture


class OnnxLayer(NamedTuple):
    """One operator: its type, its weights and its attributes.

    `lstmref.convert.onnx_nodes` reads all of it out of a model.

    Attributes:
        op_type: "RNN", "LSTM" or "GRU".
        W: (directions, k H, D), for k gates.
        R: (directions, k H, H).
        B: (directions, 2 k H), or None where the operator has none.
        attributes: by ONNX's names; those that are left out have ONNX's defaults.
        P: an LSTM's peepholes (directions, 3 H), which convert only where they are zero.
    """

    op_type: str
    W: Array
    R: Array
    B: Array | None = None
    attributes: Mapping[str, Any] = NO_ATTRIBUTES
    P: Array | None = None


def from_onnx(layers: OnnxLayer | Sequence[OnnxLayer], *, cell: str | None = None) -> Weights:
    """The weights of ONNX operators: cells rnn, lstm, gru-after and gru-cho; lstm-linear; gru on request.

    A GRU with linear_before_reset = 0 is gru-cho, with 1 gru-after; an LSTM with the activations Sigmoid,
    Tanh, Affine (alpha 1, beta 0) is lstm-linear. The direction is that of the architecture, all in one
    direction "reverse" too.

    Biases are read as in `from_pytorch`.

    What changes no result is passed over: alpha and beta of activations that use none, a clip beyond which
    every activation has reached its bound, P of zeros, and layout, which says how x, h and the states lie:
    with 1 run the network with `batch_first=True`.

    Args:
        layers: one operator, or a list for a stack of one kind and size, each of which reads the outputs of
            the one before; all arrays of one dtype of float16, float32, float64.
        cell: what the caller expects; "gru" turns linear_before_reset = 0, where z weighs the kept state,
            into the cell whose z weighs the new, exactly.

    Raises:
        ConversionError: for peepholes, a clip, coupled gates (input_forget), other activations, and for a
            cell that the weights do not make.
        NameSetError: a name that is missing or unknown.
        ShapeError: a wrong shape or size.
        KindError: a value of the wrong type or dtype.
        NotFiniteError: NaN or an infinity.

    Source:
        onnx-rnn, onnx-lstm, onnx-gru.

    Examples:
        >>> layer = OnnxLayer("GRU", np.ones((1, 9, 2)), np.ones((1, 9, 3)), attributes={"hidden_size": 3})
        >>> from_onnx(layer).architecture
        Architecture(cell='gru-cho', D=2, H=3, layers=1, bidirectional=False)
    """
    options.texts(cell=cell)
    stack = _stack(layers)
    given = [_read(f"layer {number} ", layer) for number, layer in enumerate(stack)]
    native, direction = given[0].cell, given[0].direction
    first = given[0].layer
    layout = ONNX[native]
    table = {name: other for name, other in ONNX.items() if other.layer == layout.layer}
    matrices = [value[0] if value.ndim == 3 and len(value) else value for value in (first.W, first.R)]
    blocks.count(("layer 0 W[0]", "layer 0 R[0]"), matrices[0], matrices[1], table, native)
    D, H = first.W.shape[-1], first.R.shape[-1]
    architecture = Architecture(
        native, D, H, len(given), bidirectional=direction == "bidirectional", reverse=direction == "reverse"
    )
    cells = {}
    for number, read in enumerate(given):
        what = f"layer {number} "
        _same(what, "the cell", read.cell, native)
        _same(what, "direction", read.direction, direction)
        _same(what, "the presence of B", read.layer.B is not None, first.B is not None)
        _sizes(what, read.layer, layout, architecture, architecture.inputs(number), first.W.dtype)
        for index, side in enumerate(architecture.directions):
            biases = () if read.layer.B is None else np.split(read.layer.B[index], 2)
            cells[number, side] = Blocks(read.layer.W[index], read.layer.R[index], *biases)
    half = arrays.half(value for layer in stack for value in (layer.W, layer.R, layer.B) if value is not None)
    weights = blocks.to_weights(architecture, layout, cells, half)
    return weights if cell is None else to_cell(weights, cell)


def to_onnx(weights: Weights, *, bias: bool | None = None) -> list[OnnxLayer]:
    """One operator a layer: cells rnn, lstm, lstm-linear, gru-after, gru-cho and gru.

    Each array is new, of the dtype of the weights. The attributes are hidden_size and direction, for a GRU
    linear_before_reset, for lstm-linear its activations; all else is ONNX's default. Biases are parted as in
    `to_pytorch`.

    Note that the operators' output Y is (T, directions, B, H): a stack needs a Transpose and a Reshape in
    between.

    Args:
        bias: whether to write them; None: as they came.

    Raises:
        ConversionError: for a cell that ONNX has not, and for biases that are left out and are not zero.
        KindError: for what is not `Weights`.

    Source:
        onnx-rnn, onnx-lstm, onnx-gru.

    Examples:
        >>> layer = OnnxLayer("GRU", np.ones((1, 9, 2)), np.ones((1, 9, 3)), attributes={"linear_before_reset": 1})
        >>> to_onnx(from_onnx(layer))[0].attributes
        {'hidden_size': 3, 'direction': 'forward', 'linear_before_reset': 1}
    """
    options.flags(bias=bias)
    weights = for_framework(weights, "onnx")
    biased = with_biases(weights, bias)
    architecture = weights.architecture
    layout = ONNX[architecture.cell]
    direction = "bidirectional" if architecture.bidirectional else architecture.directions[0]
    written = blocks.of_weights(weights, layout, biased)
    found = []
    for layer in range(architecture.layers):
        sides = [written[layer, side] for side in architecture.directions]
        attributes: dict[str, Any] = {"hidden_size": architecture.H, "direction": direction}
        if "linear_before_reset" in layout.settings:
            attributes["linear_before_reset"] = layout.settings["linear_before_reset"]
        if layout.settings["activations"] == LINEAR:
            attributes["activations"] = list(LINEAR) * len(sides)
            attributes |= {"activation_alpha": [1.0] * len(sides), "activation_beta": [0.0] * len(sides)}
        B = None
        if biased:
            B = np.stack([np.concatenate([b for b in side[2:] if b is not None]) for side in sides])
        W, R = (np.stack(values) for values in zip(*(side[:2] for side in sides), strict=True))
        found.append(OnnxLayer(layout.layer, W, R, B, attributes))
    return found


class _Read(NamedTuple):
    """An operator whose attributes are read, and the cell that it is."""

    layer: OnnxLayer
    cell: str
    direction: str


def _stack(layers: object) -> Sequence[OnnxLayer]:
    """One operator as a stack of one."""
    stack = [layers] if isinstance(layers, OnnxLayer) else layers
    if not isinstance(stack, Sequence) or not all(isinstance(layer, OnnxLayer) for layer in stack):
        raise KindError(f"layers: expected OnnxLayer or a list of them, got {type(layers).__name__}")
    if not stack:
        raise NameSetError("layers: expected at least one layer, got none")
    return stack


def _read(what: str, layer: OnnxLayer) -> _Read:
    """Read an operator: its arrays copied, its attributes judged."""
    op_types = {layout.layer for layout in ONNX.values()}
    op_type: object = layer.op_type
    if not isinstance(op_type, str) or op_type not in op_types:
        raise NameSetError(f"{what}op_type: expected {', '.join(sorted(op_types))}, got {op_type!r}")
    given = onnx_attributes.read(what, op_type, layer.attributes)
    direction = given.direction
    read: dict[str, Array | None] = {"B": None}
    for name in ("W", "R", "B"):
        value = getattr(layer, name)
        if value is not None or name != "B":
            dtype = None if name == "W" else read["W"].dtype  # type: ignore[union-attr]
            read[name] = arrays.read(f"{what}{name}", value, dtype, f"{what}W")
    layer = layer._replace(**read)  # type: ignore[arg-type]
    for name in ("W", "R"):
        shape = getattr(layer, name).shape
        if len(shape) != 3 or shape[0] != DIRECTIONS[direction]:
            sizes = "k H, D" if name == "W" else "k H, H"
            raise ShapeError(f"{what}{name}: expected ({DIRECTIONS[direction]}, {sizes}), got {shape}")
    H = layer.R.shape[2]
    if given.hidden_size not in (None, H):
        raise ShapeError(f"{what}hidden_size: expected {H}, as R has it, got {given.hidden_size}")
    onnx_attributes.refuse_clip(what, given.clip, given.cell, layer.W.dtype)
    _refuse_peepholes(what, layer, (DIRECTIONS[direction], 3 * H))
    return _Read(layer, given.cell, direction)


def _refuse_peepholes(what: str, layer: OnnxLayer, shape: tuple[int, ...]) -> None:
    """Refuse P unless it is zero throughout: a peephole of zero adds nothing."""
    if layer.P is None:
        return
    if layer.op_type != "LSTM":
        raise NameSetError(f"{what}P: expected none, as the operator {layer.op_type} has none, got one")
    P = arrays.shaped(f"{what}P", arrays.read(f"{what}P", layer.P), shape)
    if P.any():
        refusals.refuse(
            f"{what}P: expected none, or zeros, got {P[P != 0][0]}: lstm-peephole does not convert",
            refusals.PEEPHOLES,
        )


def _sizes(
    what: str, layer: OnnxLayer, layout: Layout, architecture: Architecture, D: int, dtype: np.dtype[Any]
) -> None:
    """Raise ShapeError or KindError unless the arrays of a layer are what the network needs of it.

    Raises:
        ShapeError: unless the arrays of a layer are what the network needs of it.
        KindError: unless the arrays of a layer are what the network needs of it.
    """
    times, H = len(architecture.directions), architecture.H
    W, R = layout.matrices(D, H)
    shapes = {"W": (times, *W), "R": (times, *R), "B": (times, 2 * len(layout.gates) * H)}
    for name, shape in shapes.items():
        value = getattr(layer, name)
        if value is not None:
            arrays.shaped(f"{what}{name}", value, shape)
            if value.dtype != dtype:
                raise KindError(f"{what}{name}: expected {dtype} (as layer 0 W), got {value.dtype}")


def _same(what: str, name: str, given: object, expected: object) -> None:
    """Raise NameSetError unless a layer is as the first.

    Raises:
        NameSetError: unless a layer is as the first.
    """
    if given != expected:
        raise NameSetError(f"{what.strip()}: expected {name} to be that of layer 0, {expected}, got {given}")
