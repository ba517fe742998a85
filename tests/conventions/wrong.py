"""Statements made wrong, as one gets them wrong: what a check of each must refuse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from docs.hooks.conventions import Layer, Tensor

Wrong = tuple[str, Layer]
OTHERS = {"rnn": (), "lstm": ("lstm-linear",), "gru": ("gru", "gru-cho", "gru-after")}


def wrongs(layer: Layer) -> Iterator[Wrong]:
    """The layer with one thing about it stated wrong, and the kind of statement that is wrong then."""
    yield from _gates(layer)
    for tensor in layer.tensors:
        if tensor.of != "b":
            # As stated it would not even fit where D and H differ; where they are the same it is seen.
            yield "product", _with(layer, tensor, replace(tensor, axes=_turned(tensor)))
    for tensor in layer.of("b"):
        rest = tuple(t for t in layer.tensors if t is not tensor)
        yield "tensors", replace(layer, tensors=rest)
    first = layer.tensors[0]
    yield "tensors", _with(layer, first, replace(first, name=first.name + "_"))
    if len(layer.states) == 2:
        yield "states", replace(layer, states=layer.states[::-1])
    if layer.kind == "gru":
        yield "z", replace(layer, z={"keep": "new", "new": "keep"}[layer.z])
        yield "reset", replace(layer, reset={"before": "after", "after": "before"}[layer.reset])
    for name, function in layer.activations.items():
        other = "hard-sigmoid" if function == "sigmoid" else "relu"
        yield "activations", replace(layer, activations={**layer.activations, name: other})
    for cell in OTHERS[layer.kind]:
        if cell != layer.cell:
            yield "cell", replace(layer, cell=cell)


def _gates(layer: Layer) -> Iterator[Wrong]:
    """Two gates exchanged, in the weights or in the biases; and, with reset after, the candidate's two biases."""
    for one, other in combinations(layer.gates, 2):
        for kind in ("gates", "biases"):
            tensors = tuple(
                _exchanged(t, one, other) if (t.of == "b") == (kind == "biases") else t for t in layer.tensors
            )
            if tensors != layer.tensors:
                yield kind, replace(layer, tensors=tensors)
    tensors = tuple(_exchanged(t, "nx", "nh") for t in layer.tensors)
    if tensors != layer.tensors:
        yield "biases", replace(layer, tensors=tensors)


def _exchanged(tensor: Tensor, one: str, other: str) -> Tensor:
    """The two indices exchanged; of a candidate's bias the side stays."""
    names = {one: other, other: one}
    return replace(tensor, slots=tuple(names.get(s, names.get(s[:1], s) + s[1:]) for s in tensor.slots))


def _turned(tensor: Tensor) -> tuple[str, ...]:
    """The axis of x or h exchanged with that of the units."""
    source = next(axis for axis in tensor.axes if axis in ("inputs", "state"))
    units = next(axis for axis in tensor.axes if axis in ("gates", "units"))
    return tuple({source: units, units: source}.get(axis, axis) for axis in tensor.axes)


def _with(layer: Layer, old: Tensor, new: Tensor) -> Layer:
    return replace(layer, tensors=tuple(new if tensor is old else tensor for tensor in layer.tensors))
