"""Networks of one kind of cell: layers, directions, unequal lengths, dropout masks; functions, no objects.

    a layer reads      x, or the outputs of the layer below, times its mask if it has one
    its outputs are    h of its forward cell beside h of its reverse cell, step by step

What is stacked, and how the parameters are named, says `lstmref.network.architecture`. Every cell that it
calls stackable will do. No function here keeps anything between calls, so threads may call them at once.

Source:
    schuster1997 (both directions), zaremba2014 and gal2016 (masks). Layers, directions and lengths are
    arranged as in PyTorch (pytorch-gru) and ONNX (onnx-gru).
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lstmref import check
from lstmref.check import Array, Given, Parameters
from lstmref.discovery import Cell, cell
from lstmref.errors import KindError, ShapeError
from lstmref.network import direction
from lstmref.network import lengths as segments
from lstmref.network.architecture import Architecture, key, of_cell

Masks = Sequence[Given | None]


class Outputs(NamedTuple):
    """What the network gives back; the arrays are the caller's own.

    A state (layers, directions, B, H), reshaped to (layers * directions, B, H), is that of PyTorch. It may be given
    as an initial state of the next call.
    """

    h: Array  # (T, B, directions * H) of the last layer, batch-major (B, T, directions * H)
    states: dict[str, Array]  # by name, "h" and, where the cell has one, "c": (layers, directions, B, H)


class Cache(NamedTuple):
    """What `backward` needs."""

    architecture: Architecture
    batch_first: bool
    lengths: Array | None  # (B,)
    masks: list[Array | None]  # one a layer, of three axes, time-major
    passes: dict[tuple[int, str], direction.Pass]
    T: int
    B: int
    dtype: np.dtype[np.generic]


def forward(
    architecture: Architecture,
    params: Parameters,
    x: Given,
    states: Mapping[str, Given] | None = None,
    *,
    lengths: npt.ArrayLike | None = None,
    masks: Masks | None = None,
    batch_first: bool = False,
) -> tuple[Outputs, Cache]:
    """Run the network over a batch of sequences.

    Args:
        params: see `Architecture.parameter_shapes`.
        x: (T, B, D), with `batch_first` (B, T, D); T = 0 and B = 0 allowed.
        states: the initial states by name, (layers, directions, B, H) each, whatever `batch_first`; zero if
            None.
        lengths: (B,) whole numbers 0..T. Beyond its end the outputs of a sample are zero and what x holds is
            not read, be it NaN; its final states are those at its last step, for a length of 0 the initial
            ones (ONNX Runtime gives zeros there); its reverse direction starts at its last step. The work is
            that of the sum of the lengths, in one call of every cell for each distinct length.
        masks: one a layer, or None. The input of the layer is multiplied by its mask: an array of a shape
            that broadcasts to that input's, (T, B, D) or (T, B, directions * H), batch-major with
            `batch_first`; of shape (1, B, D) it is the same at every step (variational dropout). It is used
            as it is given: nothing is drawn here, and the 1 / (1 - p) by which dropout scales what it keeps
            must be in it. The state that a cell reads of the step before has no mask.

    Returns:
        The outputs and the cache for `backward`.

    Raises:
        ShapeError: a wrong shape or size.
        NameSetError: a name that is missing or unknown.
        KindError: a value of the wrong type or dtype.
        NotFiniteError: NaN or an infinity.

    Dtypes:
        One for all, of float16 (read as float32), float32, float64, longdouble, complex128.

    Source:
        schuster1997 (reverse direction); zaremba2014, gal2016 (masks).

    Examples:
        >>> two = Architecture("gru", D=3, H=4, layers=2, bidirectional=True)
        >>> params = {name: np.full(shape, 0.1) for name, shape in two.parameter_shapes().items()}
        >>> outputs, cache = forward(two, params, np.ones((5, 2, 3)), lengths=[5, 3])
        >>> outputs.h.shape, outputs.states["h"].shape, bool(outputs.h[3:, 1].any())
        ((5, 2, 8), (2, 2, 2, 4), False)
    """
    kind, N = _cell(architecture), architecture.width
    seen, ends = _inputs(architecture, x, lengths, batch_first)  # (T, B, D)
    T, B, _ = seen.shape
    own_masks = _masks(architecture, masks, seen, batch_first)
    initial = _states(architecture, states, seen)
    weights = check.parameters(params, architecture.parameter_shapes(), seen.dtype)

    final = {name: np.empty_like(state) for name, state in initial.items()}
    passes = {}
    for layer in range(architecture.layers):
        mask = own_masks[layer]
        if mask is not None:
            seen = seen * mask
        h = np.zeros((T, B, architecture.outputs), seen.dtype)
        for k, way in enumerate(architecture.directions):
            states_now, passes[layer, way] = direction.forward(
                kind,
                of_cell(weights, layer, way),
                seen,
                {name: state[layer, k] for name, state in initial.items()},
                _segments(ends, way),
                h[..., k * N : (k + 1) * N],
            )
            for name, state in states_now.items():
                final[name][layer, k] = state
        seen = h
    cache = Cache(architecture, batch_first, ends, own_masks, passes, T, B, seen.dtype)
    return Outputs(_layout(seen, batch_first), final), cache


def backward(cotangents: Mapping[str, Given], cache: Cache) -> dict[str, Array]:
    """Gradients of `forward`: backpropagation through time, layer by layer.

    Args:
        cotangents: "h", of the shape of the outputs' h, and on the final states "h_T" and, where the cell has
            it, "c_T", (layers, directions, B, H) each; each is zero if absent, and what "h" holds beyond a
            sample's end is not read.

    Returns:
        "x", of the shape of x and zero beyond each end, "h_0" and "c_0" (layers, directions, B, H), and every
        parameter by its name, summed over time and batch. For complex128 nothing is conjugated.

    Raises:
        ShapeError: a wrong shape or size.
        NameSetError: a name that is missing or unknown.
        KindError: a value of the wrong type or dtype.
        NotFiniteError: NaN or an infinity.

    Source:
        the chain rule.

    Examples:
        >>> one = Architecture("rnn", D=1, H=1)
        >>> params = {name: np.zeros(shape) for name, shape in one.parameter_shapes().items()}
        >>> outputs, cache = forward(one, params, np.ones((3, 2, 1)), lengths=[3, 1])
        >>> backward({"h": np.ones((3, 2, 1))}, cache)["0.forward.b"]  # one for each of the 3 + 1 steps
        array([4.])
    """
    cache = check.cache(cache, Cache)
    architecture, N = cache.architecture, cache.architecture.width
    names = architecture.state_shapes(cache.B)
    given = _cotangents(cotangents, cache)
    dh = _layout(given["h"], cache.batch_first)  # (T, B, directions * H)
    initial = {name: np.empty_like(given[f"{name}_T"]) for name in names}
    found: dict[str, Array] = {}
    for layer in reversed(range(architecture.layers)):
        dx = np.zeros((cache.T, cache.B, architecture.inputs(layer)), cache.dtype)
        for k, way in enumerate(architecture.directions):
            d_states, d_params = direction.backward(
                cache.passes[layer, way],
                dh[..., k * N : (k + 1) * N],
                {name: given[f"{name}_T"][layer, k] for name in names},
                dx,
            )
            for name, value in d_states.items():
                initial[name][layer, k] = value
            found |= {key(layer, way, name): value for name, value in d_params.items()}
        mask = cache.masks[layer]
        dh = dx if mask is None else dx * mask
    return {
        "x": _layout(dh, cache.batch_first),
        **{f"{name}_0": value for name, value in initial.items()},
        **{name: found[name] for name in architecture.parameter_shapes()},
    }


def _cell(architecture: Architecture) -> Cell:
    if not isinstance(architecture, Architecture):
        raise KindError(f"architecture: expected an Architecture, got {type(architecture).__name__}")
    return cell(architecture.cell)


def _segments(ends: Array | None, way: str) -> list[segments.Segment]:
    return segments.cut(ends, reverse=way == "reverse")


def _layout(value: Array, batch_first: bool) -> Array:
    """Time-major to the caller's layout, and back."""
    return value.swapaxes(0, 1) if batch_first else value


def _inputs(
    architecture: Architecture, x: Given, lengths: npt.ArrayLike | None, batch_first: bool
) -> tuple[Array, Array | None]:
    """x, time-major and without its padding, and the lengths; both checked."""
    found = check.read("x", x)
    axes = ("B", "T") if batch_first else ("T", "B")
    if found.ndim != 3 or found.shape[2] != architecture.D:
        raise ShapeError(f"x: expected ({', '.join(axes)}, {architecture.D}), got {found.shape}")
    T, B, _ = _layout(found, batch_first).shape
    ends = segments.read_lengths(lengths, T, B)
    found = segments.without_padding(found, ends, batch_first=batch_first)
    check.finite("x", found, x)
    return _layout(found, batch_first), ends


def _states(architecture: Architecture, states: Mapping[str, Given] | None, x: Array) -> dict[str, Array]:
    """The initial states by name, checked; zeros are read-only views that take no memory."""
    shapes = architecture.state_shapes(x.shape[1])
    if states is None:
        return {name: np.broadcast_to(np.zeros((), x.dtype), shape) for name, shape in shapes.items()}
    return check.named("states", states, shapes, x.dtype, "x", label="state ")


def _masks(
    architecture: Architecture, masks: Masks | None, x: Array, batch_first: bool
) -> list[Array | None]:
    """The masks, checked, time-major, of three axes; the caller's later changes do not reach them."""
    layers = architecture.layers
    if masks is None:
        return [None] * layers
    if not isinstance(masks, list | tuple):
        raise KindError(f"masks: expected a list of one array or None a layer, got {type(masks).__name__}")
    if len(masks) != layers:
        raise ShapeError(f"masks: expected {layers}, one array or None a layer, got {len(masks)}")
    T, B, _ = x.shape
    found: list[Array | None] = []
    for layer, mask in enumerate(masks):
        if mask is None:
            found.append(None)
            continue
        name, read = f"masks[{layer}]", check.array(f"masks[{layer}]", mask, x.dtype, "x")
        shape = (B, T, architecture.inputs(layer)) if batch_first else (T, B, architecture.inputs(layer))
        if read.ndim > 3 or any(
            n not in (1, full) for n, full in zip(read.shape[::-1], shape[::-1], strict=False)
        ):
            raise ShapeError(f"{name}: expected a shape that broadcasts to {shape}, got {read.shape}")
        three = check.own(read).reshape((1,) * (3 - read.ndim) + read.shape)
        found.append(_layout(three, batch_first))
    return found


def _cotangents(cotangents: Mapping[str, Given], cache: Cache) -> dict[str, Array]:
    """The cotangents by name, in the caller's layout, checked; h without its padding."""
    layout = (cache.B, cache.T) if cache.batch_first else (cache.T, cache.B)
    final = cache.architecture.state_shapes(cache.B)
    shapes = {"h": (*layout, cache.architecture.outputs)} | {f"{name}_T": final[name] for name in final}
    given: Any = cotangents  # which may be anything; check.cotangents refuses what is no mapping
    if cache.lengths is not None and isinstance(given, Mapping) and "h" in given:
        read = check.read("cotangent h", given["h"], cache.dtype, "the outputs")
        whole = segments.without_padding(read, cache.lengths, batch_first=cache.batch_first)
        given = {**given, "h": whole}
    return check.cotangents(given, shapes, cache.dtype)
