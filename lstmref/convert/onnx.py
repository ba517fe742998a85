"""Tensors and attributes of the ONNX operators RNN, LSTM and GRU.

Source: the operators' pages onnx-rnn, onnx-lstm and onnx-gru: W[zrh], R[zrh], WB and RB one after the other in B.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from lstmref import check
from lstmref.check import Array
from lstmref.convert import arrays, blocks, refusals
from lstmref.convert.blocks import Blocks
from lstmref.convert.layouts import LINEAR, ONNX, Layout
from lstmref.convert.weights import Weights, for_framework, to_cell, with_biases
from lstmref.errors import KindError, NameSetError, ShapeError
from lstmref.network.architecture import Architecture

NO_ATTRIBUTES: Mapping[str, Any] = MappingProxyType({})
# Every attribute of the three operators, with what stands where it is left out; activations go by the operator.
DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "activation_alpha": (),
        "activation_beta": (),
        "activations": None,
        "clip": None,
        "direction": "forward",
        "hidden_size": None,
        "input_forget": 0,
        "layout": 0,
        "linear_before_reset": 0,
    }
)
ONLY_OF = {"input_forget": "LSTM", "linear_before_reset": "GRU"}
DIRECTIONS = {"forward": 1, "reverse": 1, "bidirectional": 2}


class OnnxLayer(NamedTuple):
    """One operator: its type, its weights and its attributes.

    op_type: "RNN", "LSTM" or "GRU". For k gates W is (directions, k H, D), R (directions, k H, H), and B
    (directions, 2 k H), or None where the operator has none; P are peepholes, which do not convert. attributes: by
    ONNX's names; those that are left out have ONNX's defaults. Of a node they are
    `{a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}`, and the tensors are what
    `onnx.numpy_helper.to_array` makes of its initializers.
    """

    op_type: str
    W: Array
    R: Array
    B: Array | None = None
    attributes: Mapping[str, Any] = NO_ATTRIBUTES
    P: Array | None = None


def from_onnx(layers: OnnxLayer | Sequence[OnnxLayer], *, cell: str | None = None) -> Weights:
    """The weights of ONNX operators: cells rnn, lstm, gru-after and gru-cho; lstm-linear; gru on request.

    layers: one operator, or a list for a stack of one kind and size, each of which reads the outputs of the one
    before; all arrays of one dtype of float16, float32, float64. A GRU with linear_before_reset = 0 is gru-cho, with
    1 gru-after; an LSTM with the activations Sigmoid, Tanh, Affine (alpha 1, beta 0) is lstm-linear. A direction of
    "reverse" is kept in `Weights.reverse`. cell: what the caller expects; "gru" turns linear_before_reset = 0, where z
    weighs the kept state, into the cell whose z weighs the new, exactly. Biases are read as in `from_pytorch`.

    Raises ConversionError for peepholes, a clip, coupled gates (input_forget), other activations, layout = 1, and for
    a cell that the weights do not make; NameSetError, ShapeError, KindError, NotFiniteError.
    Source: onnx-rnn, onnx-lstm, onnx-gru.

    >>> layer = OnnxLayer("GRU", np.ones((1, 9, 2)), np.ones((1, 9, 3)), attributes={"hidden_size": 3})
    >>> from_onnx(layer).architecture
    Architecture(cell='gru-cho', D=2, H=3, layers=1, bidirectional=False)
    """
    given = [_read(f"layer {number} ", layer) for number, layer in enumerate(_stack(layers))]
    native, direction = given[0].cell, given[0].direction
    first = given[0].layer
    layout = ONNX[native]
    table = {name: other for name, other in ONNX.items() if other.layer == layout.layer}
    matrices = [value[0] if value.ndim == 3 and len(value) else value for value in (first.W, first.R)]
    blocks.count(("layer 0 W[0]", "layer 0 R[0]"), matrices[0], matrices[1], table, native)
    D, H = first.W.shape[-1], first.R.shape[-1]
    architecture = Architecture(native, D, H, len(given), direction == "bidirectional")
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
    weights = blocks.to_weights(architecture, layout, cells, reverse=direction == "reverse")
    return weights if cell is None else to_cell(weights, cell)


def to_onnx(weights: Weights, *, bias: bool | None = None) -> list[OnnxLayer]:
    """One operator a layer: cells rnn, lstm, lstm-linear, gru-after, gru-cho and gru.

    Each array is new, of the dtype of the weights. The attributes are hidden_size and direction, for a GRU
    linear_before_reset, for lstm-linear its activations; all else is ONNX's default. Biases are parted as in
    `to_pytorch`; bias: whether to write them; None: as they came.

    Note that the operators' output Y is (T, directions, B, H): a stack needs a Transpose and a Reshape in between.

    Raises ConversionError for a cell that ONNX has not, and for biases that are left out and are not zero; KindError
    for what is not `Weights`.
    Source: onnx-rnn, onnx-lstm, onnx-gru.

    >>> layer = OnnxLayer("GRU", np.ones((1, 9, 2)), np.ones((1, 9, 3)), attributes={"linear_before_reset": 1})
    >>> to_onnx(from_onnx(layer))[0].attributes
    {'hidden_size': 3, 'direction': 'forward', 'linear_before_reset': 1}
    """
    weights = for_framework(weights, "onnx")
    biased = with_biases(weights, bias)
    architecture = weights.architecture
    layout = ONNX[architecture.cell]
    direction = "reverse" if weights.reverse else "bidirectional" if architecture.bidirectional else "forward"
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
    if layer.op_type not in op_types:
        raise NameSetError(f"{what}op_type: expected {', '.join(sorted(op_types))}, got {layer.op_type!r}")
    if layer.P is not None:
        refusals.refuse(
            f"{what}P: expected none, got one: no cell here has peepholes that ONNX has", refusals.PEEPHOLES
        )
    given = _attributes(what, layer)
    if given["clip"] is not None:
        refusals.refuse(
            f"{what}clip: expected none, got {given['clip']}: pre-activations are not clipped here",
            refusals.CLIP,
        )
    if given["input_forget"]:
        refusals.refuse(
            f"{what}input_forget: expected 0, got {given['input_forget']}: here the LSTM's gates are not coupled",
            refusals.INPUT_FORGET,
        )
    if given["layout"]:
        refusals.refuse(
            f"{what}layout: expected 0, got {given['layout']}: the weights are the same, so leave it out, and put the "
            "batch second yourself"
        )
    direction = given["direction"]
    if direction not in DIRECTIONS:
        raise NameSetError(f"{what}direction: expected {', '.join(DIRECTIONS)}, got {direction!r}")
    read: dict[str, Array | None] = {"B": None}
    for name in ("W", "R", "B"):
        value = getattr(layer, name)
        if value is not None:
            dtype = None if name == "W" else read["W"].dtype  # type: ignore[union-attr]
            read[name] = arrays.read(f"{what}{name}", value, dtype, f"{what}W")
    layer = layer._replace(**read)  # type: ignore[arg-type]
    for name in ("W", "R"):
        shape = getattr(layer, name).shape
        if len(shape) != 3 or shape[0] != DIRECTIONS[direction]:
            sizes = "k H, D" if name == "W" else "k H, H"
            raise ShapeError(f"{what}{name}: expected ({DIRECTIONS[direction]}, {sizes}), got {shape}")
    H = layer.R.shape[2]
    if given["hidden_size"] is not None and check.size(f"{what}hidden_size", given["hidden_size"]) != H:
        raise ShapeError(f"{what}hidden_size: expected {H}, as R has it, got {given['hidden_size']}")
    return _Read(layer, _cell(what, layer.op_type, given), direction)


def _attributes(what: str, layer: OnnxLayer) -> dict[str, Any]:
    """Every attribute, ONNX's default where it is left out; text decoded."""
    if not isinstance(layer.attributes, Mapping):
        raise KindError(
            f"{what}attributes: expected a mapping of names to values, got {type(layer.attributes).__name__}"
        )
    known = [name for name in DEFAULTS if ONLY_OF.get(name, layer.op_type) == layer.op_type]
    unknown = [str(name) for name in layer.attributes if name not in known]
    if unknown:
        raise NameSetError(
            f"{what}attributes: unknown {', '.join(unknown)}; expected some of {', '.join(known)}"
        )
    return {**DEFAULTS, **{name: _decoded(value) for name, value in layer.attributes.items()}}


def _decoded(value: Any) -> Any:
    """Text where ONNX gives bytes; a tuple where it gives a list."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Iterable) and not isinstance(value, str):
        return tuple(_decoded(item) for item in value)
    return value


def _cell(what: str, op_type: str, given: Mapping[str, Any]) -> str:
    """The cell of an operator with these attributes, by its settings in the table of layouts."""
    times = DIRECTIONS[given["direction"]]
    kin = {name: layout for name, layout in ONNX.items() if layout.layer == op_type}
    before = given["linear_before_reset"]
    if op_type == "GRU":
        kin = {n: layout for n, layout in kin.items() if layout.settings["linear_before_reset"] == before}
        if not kin:
            raise NameSetError(f"{what}linear_before_reset: expected 0 or 1, got {before!r}")
    usual = next(iter(kin.values())).settings["activations"]
    activations = given["activations"] or usual * times
    scales = (given["activation_alpha"], given["activation_beta"])
    for name, layout in kin.items():
        same = tuple(str(a).casefold() for a in activations)
        if same == tuple(a.casefold() for a in layout.settings["activations"] * times):
            expected = (
                ((1.0,) * times, (0.0,) * times) if layout.settings["activations"] == LINEAR else ((), ())
            )
            if scales == expected:
                return name
            refusals.refuse(
                f"{what}activation_alpha, activation_beta: expected {expected[0]}, {expected[1]} with the activations "
                f"{', '.join(activations)}, got {scales[0]}, {scales[1]}",
                refusals.ACTIVATIONS,
            )
    if len(activations) != len(usual) * times:
        raise ShapeError(f"{what}activations: expected {len(usual) * times}, got {len(activations)}")
    for name, expected_name in zip(activations, usual * times, strict=True):
        refusals.activation(f"{what}activations", name, expected_name)
    raise AssertionError("activations that are the usual ones were found above")


def _sizes(
    what: str, layer: OnnxLayer, layout: Layout, architecture: Architecture, D: int, dtype: np.dtype[Any]
) -> None:
    """Raise ShapeError or KindError unless the arrays of a layer are what the network needs of it."""
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
    """Raise NameSetError unless a layer is as the first."""
    if given != expected:
        raise NameSetError(f"{what.strip()}: expected {name} to be that of layer 0, {expected}, got {given}")
