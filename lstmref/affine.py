"""Affine maps of whole sequences, with the gates of a cell stacked into one matrix.

Every pre-activation is x W^T + h U^T + b. The input part needs no recurrence: one product serves all time
steps and all gates. Backward, each weight gradient is a sum over time and batch, hence one product after the
loop. K stands for the rows of the stacked matrix, usually the number of gates times H.

The arrays are checked already, and of one dtype, which the results have. Source: the chain rule.
"""

import numpy as np

from lstmref import check
from lstmref.check import Array, Parameters


def gate_shapes(
    D: int, H: int, W_names: tuple[str, ...], U_names: tuple[str, ...], b_names: tuple[str, ...]
) -> dict[str, tuple[int, ...]]:
    """Gate by gate W (H, D), U (H, H), b (H,), under the given names.

    Raises ShapeError or KindError unless D and H are whole numbers >= 0.

    >>> gate_shapes(3, 4, ("W_i",), ("U_i",), ("b_i",))
    {'W_i': (4, 3), 'U_i': (4, 4), 'b_i': (4,)}
    """
    D, H = check.size("D", D), check.size("H", H)
    shapes: dict[str, tuple[int, ...]] = {}
    for W, U, b in zip(W_names, U_names, b_names, strict=True):
        shapes |= {W: (H, D), U: (H, H), b: (H,)}
    return shapes


def stack(params: Parameters, *names: str) -> Array:
    """The named matrices (or biases) of params one below the other: (K, D), (K, H) or (K,), C-contiguous.

    >>> stack({"b_i": np.zeros(2), "b_f": np.ones(2)}, "b_f", "b_i")
    array([1., 1., 0., 0.])
    """
    return np.ascontiguousarray(np.concatenate([params[name] for name in names]))


def unstack(array: Array, *names: str) -> dict[str, Array]:
    """The inverse of `stack`: equal slices of the first axis of the array, as views, under their names.

    >>> unstack(np.array([1.0, 0.0]), "b_f", "b_i")
    {'b_f': array([1.]), 'b_i': array([0.])}
    """
    return dict(zip(names, np.split(array, len(names)), strict=True))


def gates(array: Array, count: int) -> list[Array]:
    """Views of the `count` gates that share the last axis of the array: (T, B, count H) -> count times (T, B, H).

    >>> i, f = gates(np.arange(4.0).reshape(1, 1, 4), 2)
    >>> f
    array([[[2., 3.]]])
    """
    H = array.shape[-1] // count
    return [array[..., k * H : (k + 1) * H] for k in range(count)]


def project(x: Array, W: Array, b: Array) -> Array:
    """x W^T + b for all time steps: (T, B, D), (K, D), (K,) -> (T, B, K).

    >>> project(np.ones((1, 2, 3)), np.ones((1, 3)), np.array([0.5]))
    array([[[3.5],
            [3.5]]])
    """
    T, B, D = x.shape
    return (x.reshape(T * B, D) @ W.T + b).reshape(T, B, len(W))


def project_back(da: Array, W: Array) -> Array:
    """da W, the gradient of the input of a projection: (T, B, K), (K, D) -> (T, B, D).

    >>> project_back(np.ones((1, 1, 2)), np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[[4., 6.]]])
    """
    T, B, K = da.shape
    return (da.reshape(T * B, K) @ W).reshape(T, B, W.shape[1])


def weight_gradient(da: Array, v: Array) -> Array:
    """Sum over time and batch of da v^T, v being what the weight met: (T, B, K), (T, B, N) -> (K, N).

    >>> weight_gradient(np.ones((5, 2, 1)), np.ones((5, 2, 3)))
    array([[10., 10., 10.]])
    """
    T, B, K = da.shape
    return da.reshape(T * B, K).T @ v.reshape(T * B, v.shape[2])


def bias_gradient(da: Array) -> Array:
    """Sum of da over time and batch: (T, B, K) -> (K,).

    >>> bias_gradient(np.ones((5, 2, 3)))
    array([10., 10., 10.])
    """
    total: Array = da.sum(axis=(0, 1))
    return total
