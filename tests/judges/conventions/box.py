"""A framework's layer as a box: arrays of weights go in under their names, one step comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from docs.hooks.conventions import AXES, Layer, Tensor
from tests.judges.example import Array

Tensors = Mapping[str, Array]
States = tuple[Array, ...]


class UnclearError(ValueError):
    """The box does nothing that any of the known conventions would do."""


class Box(Protocol):
    """One layer. Nothing here knows what its arrays mean.

    PRECISION: NumPy's name of what it computes in.
    """

    PRECISION: str

    def shapes(self, D: int, H: int) -> dict[str, tuple[int, ...]]:
        """Name and shape of every array of weights, as the framework has them."""

    def step(self, tensors: Tensors, x: Array, states: States) -> States:
        """One step: x is (B, D), every state (B, H), in the framework's order, and so are the new states."""


class Slot(Protocol):
    """Where one parameter of one gate stands."""

    tensor: Tensor
    index: int


def filled(tensor: Tensor, slots: Mapping[int, Array], D: int, H: int) -> Array:
    """The array with the given slots, each (H, n) or (H,), and zero elsewhere, its axes as the tensor says."""
    letters = "".join(AXES[axis] for axis in tensor.axes)
    shape = (tensor.sides, tensor.gates, H) + (() if tensor.of == "b" else (D if tensor.of == "W" else H,))
    whole = np.zeros(shape)
    for index, value in slots.items():
        whole[divmod(index, tensor.gates)] = value
    have = "skHn"[: whole.ndim]
    absent = [letter for letter in "sk" if letter not in letters]
    order = [have.index(letter) for letter in (*absent, *letters.replace("1", ""))]
    return whole.transpose(order).reshape(tensor.shape(D, H))


def place(
    layer: Layer, box: Box, values: Mapping[tuple[str, int], Array], D: int, H: int
) -> dict[str, Array]:
    """All arrays of a layer: the given slots (by tensor and index), and zero elsewhere.

    Raises:
        UnclearError: the box has other arrays than the layer says.
    """
    real = box.shapes(D, H)
    said = {tensor.name: tensor.shape(D, H) for tensor in layer.tensors}
    if real != said:
        raise UnclearError(f"arrays: expected {said}, got {real}")
    return {
        tensor.name: filled(
            tensor, {index: value for (name, index), value in values.items() if name == tensor.name}, D, H
        )
        for tensor in layer.tensors
    }


def ordered(names: Sequence[str], values: Mapping[str, Array]) -> States:
    """States in a framework's order."""
    return tuple(values[name] for name in names)
