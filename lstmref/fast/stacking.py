"""The gates of a cell as rows of one matrix, each under a factor, so that one product and one tanh serve them all.

A sigmoid is (1 + tanh(a/2)) / 2: with the factor 1/2 in its weights it needs the same function as the other gates.
And as 1 - sigmoid(a) = sigmoid(-a), the factor -1/2 gives one minus a gate. So a sequence pass runs on stacked weights
V = factor * W, and the gradients are dW = factor * dV. A gate y made so is right to an absolute eps, and not, other
than `activations.sigmoid`, to its own digits; by its halved pre-activation its derivative is 2 y (1 - y).

The arrays are checked already, and of one dtype, which the results have. K stands for the rows of a stacked matrix,
usually the number of gates times H.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np

from lstmref.check import Array
from lstmref.fast.alignment import aligned


def stack(
    params: Mapping[str, Array], factors: Sequence[float], names: Sequence[str], b_names: Sequence[str] = ()
) -> Array:
    """The named matrices (H, N) of params, each times its factor, one below the other: (K, N).

    With biases (H,), under the same factors, as last column: (K, N + 1). An aligned, C-contiguous copy.

    Args:
        params: matrices (H, N), and biases (H,), by name.

    Source:
        this project.

    Examples:
        >>> params = {"W_i": np.array([[2.0, 4.0]]), "b_i": np.array([6.0])}
        >>> stack(params, (0.5,), ["W_i"], ["b_i"])
        array([[1., 2., 3.]])
    """
    first = params[names[0]]
    H, N = first.shape
    stacked = aligned((len(names) * H, N + bool(b_names)), first.dtype)
    np.concatenate([params[name] for name in names], out=stacked[:, :N])
    if b_names:
        np.concatenate([params[name] for name in b_names], out=stacked[:, N])
    _scale(stacked, factors)
    return stacked


def unstack(gradient: Array, factors: Sequence[float], names: Sequence[str]) -> dict[str, Array]:
    """Cut a stacked gradient (K, N) or (K,) into those of the named parameters, each times its factor, in place.

    Args:
        gradient: (K, N) or (K,); changed in place.

    Source:
        the chain rule.

    Examples:
        >>> unstack(np.array([1.0, 2.0]), (0.5, 1.0), ["b_f", "b_g"])
        {'b_f': array([0.5]), 'b_g': array([2.])}
    """
    _scale(gradient, factors)
    H = len(gradient) // len(names)
    return {name: gradient[k * H : (k + 1) * H] for k, name in enumerate(names)}


def by_gate(array: Array, count: int) -> Array:
    """A view of an array whose last axis holds `count` gates: (..., B, count H) -> (..., count, B, H).

    Args:
        array: (..., B, count H).

    Examples:
        >>> by_gate(np.array([[1.0, 2.0], [3.0, 4.0]]), 2)[1]
        array([[2.],
               [4.]])
    """
    *first, B, K = array.shape
    return array.reshape(*first, B, count, K // count).swapaxes(-2, -3)


def _scale(stacked: Array, factors: Sequence[float]) -> None:
    """Multiply each gate's rows by its factor, in place; neighbours of one factor together."""
    H, row = len(stacked) // len(factors), 0
    for factor, gates in groupby(factors):
        end = row + H * len(list(gates))
        if factor != 1:
            stacked[row:end] *= factor
        row = end
