"""Our parameters as PyTorch and ONNX stack them: the gates in a framework's order, and two biases for one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lstmref.check import Array
from lstmref.network.architecture import Architecture

# The gates that PyTorch and ONNX stack, in their order, under our names.
TORCH = {"rnn": ("",), "lstm": ("_i", "_f", "_g", "_o"), "gru-after": ("_r", "_z", "_n")}
ONNX = {
    "rnn": ("",),
    "lstm": ("_i", "_o", "_f", "_g"),
    "gru-after": ("_z", "_r", "_n"),
    "gru-cho": ("_z", "_r", "_n"),
}


def stacked(order: tuple[str, ...], params: Mapping[str, Array]) -> tuple[Array, Array, Array, Array]:
    """W (k H, D), U (k H, H), and the biases of the input's and of the state's side, (k H,) each, of one cell.

    Where we have one bias, it is parted; where we have two (the candidate of gru-after), they are they.
    """
    sides: tuple[list[Array], list[Array]] = ([], [])
    for gate in order:
        if f"b{gate}x" in params:
            parts = params[f"b{gate}x"], params[f"b{gate}h"]
        else:
            whole = params[f"b{gate}"]
            parts = 0.25 * whole, 0.75 * whole
        for side, part in zip(sides, parts, strict=True):
            side.append(part)
    weights = (np.concatenate([params[f"{letter}{gate}"] for gate in order]) for letter in "WU")
    W, U = weights
    return W, U, np.concatenate(sides[0]), np.concatenate(sides[1])


def apart(order: tuple[str, ...], W: Array, U: Array, b_x: Array, b_h: Array) -> dict[str, Array]:
    """The gradients of our parameters of one cell; of one bias in two parts both must have its gradient."""
    found: dict[str, Array] = {}
    count = len(order)
    for gate, *parts in zip(order, *(np.split(each, count) for each in (W, U, b_x, b_h)), strict=True):
        found |= {f"W{gate}": parts[0], f"U{gate}": parts[1], f"b{gate}x": parts[2], f"b{gate}h": parts[3]}
    return found


def merged(found: dict[str, Array], params: Mapping[str, Array]) -> dict[str, Array]:
    """`apart` under the names of `params`."""
    result = {}
    for name in params:
        if name in found:
            result[name] = found[name]
        else:
            np.testing.assert_allclose(found[f"{name}x"], found[f"{name}h"], rtol=1e-12)
            result[name] = found[f"{name}x"]
    return result


def torch_names(architecture: Architecture) -> dict[tuple[int, str], list[str]]:
    """What PyTorch calls the four tensors of each cell."""
    return {
        (layer, direction): [
            f"{name}_l{layer}{'_reverse' if direction == 'reverse' else ''}"
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        ]
        for layer, direction in architecture.cells()
    }
