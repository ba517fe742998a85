"""What an option of a layer changes, found by trying the layer with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from docs.hooks.conventions import Layer
from tests.judges.conventions.box import Box, UnclearError
from tests.judges.conventions.observe import Observer


class Special(NamedTuple):
    """An effect that takes an equation of its own; `shows` says of a layer, by its key, whether it has it."""

    effect: str
    shows: Callable[[str], bool]


Tried = Mapping[str, Box] | Special


def effect(layer: Layer, base: Box, tried: Tried, becomes: Layer | None = None) -> str:
    """The effect of an option on a layer, by the name of the section that tells of it.

    base: the layer without the option. becomes: the layer that it is then, if that has other arrays.

    Raises:
        UnclearError: it changes nothing, or what no section tells of.
    """
    if isinstance(tried, Special):
        if not tried.shows(layer.key):
            raise UnclearError(f"{layer.key}: not what {tried.effect} says")
        return tried.effect
    box = tried[layer.key]
    if becomes is not None:
        return _reset(layer, base, becomes, box)
    return _without_biases(layer, box) or _functions(layer, base, box)


def _without_biases(layer: Layer, box: Box) -> str:
    """`no-bias` if only the biases are gone, and the rest is the cell with biases of zero."""
    names = box.shapes(2, 3).keys()
    rest = tuple(tensor for tensor in layer.tensors if tensor.name in names)
    if len(rest) == len(layer.tensors):
        return ""
    if any(tensor.of == "b" for tensor in rest) or len(rest) < len(names):
        raise UnclearError(f"{layer.key}: expected all arrays, or all but the biases, got {sorted(names)}")
    found = Observer(replace(layer, tensors=rest), box).of_cell()
    if found != layer.cell:
        raise UnclearError(f"{layer.key}: without biases expected {layer.cell}, got {found}")
    return "no-bias"


def _functions(layer: Layer, base: Box, box: Box) -> str:
    """`hard-sigmoid` or `activations`; which block is which gate is known from the layer without the option."""
    plain = Observer(layer, base)
    found = Observer(layer, box, like=plain).of_activations()
    if found == plain.of_activations():
        raise UnclearError(f"{layer.key}: nothing changed")
    return "hard-sigmoid" if found.get("gates", "").startswith("hard-sigmoid") else "activations"


def _reset(layer: Layer, base: Box, becomes: Layer, box: Box) -> str:
    if Observer(layer, base).of_reset() == Observer(becomes, box).of_reset():
        raise UnclearError(f"{layer.key}: the reset gate stands where it stood")
    return "reset"
