"""Affine maps of whole sequences, with the gates of a cell stacked into one matrix.

Every pre-activation is x W^T + h U^T + b. The input part needs no recurrence: one product serves all time
steps and all gates. Backward, each weight gradient is a sum over time and batch, hence one product after the
loop. K stands for the rows of the stacked matrix, usually the number of gates times H.
"""

import numpy as np

from lstmref import check
from lstmref.check import Array, Parameters


def gate_shapes(
    D: int, H: int, W_names: tuple[str, ...], U_names: tuple[str, ...], b_names: tuple[str, ...]
) -> dict[str, tuple[int, ...]]:
    """Gate by gate W (H, D), U (H, H), b (H,), under the given names.

    Raises ShapeError or KindError unless D and H are whole numbers >= 0.
    """
    D, H = check.size("D", D), check.size("H", H)
    shapes: dict[str, tuple[int, ...]] = {}
    for W, U, b in zip(W_names, U_names, b_names, strict=True):
        shapes |= {W: (H, D), U: (H, H), b: (H,)}
    return shapes


def stack(params: Parameters, *names: str) -> Array:
    """The named matrices (or biases) one below the other: (K, D), (K, H) or (K,); C-contiguous, whatever they are."""
    return np.ascontiguousarray(np.concatenate([params[name] for name in names]))


def unstack(array: Array, *names: str) -> dict[str, Array]:
    """The inverse of `stack`: equal slices of the first axis, under their names."""
    return dict(zip(names, np.split(array, len(names)), strict=True))


def gates(array: Array, count: int) -> list[Array]:
    """Views of the `count` gates that share the last axis: (T, B, count H) -> count times (T, B, H)."""
    H = array.shape[-1] // count
    return [array[..., k * H : (k + 1) * H] for k in range(count)]


def project(x: Array, W: Array, b: Array) -> Array:
    """x W^T + b for all time steps: (T, B, D), (K, D), (K,) -> (T, B, K)."""
    T, B, D = x.shape
    return (x.reshape(T * B, D) @ W.T + b).reshape(T, B, len(W))


def project_back(da: Array, W: Array) -> Array:
    """The gradient of the input of a projection: (T, B, K), (K, D) -> (T, B, D)."""
    T, B, K = da.shape
    return (da.reshape(T * B, K) @ W).reshape(T, B, W.shape[1])


def weight_gradient(da: Array, v: Array) -> Array:
    """Sum over time and batch of da_t v_t^T, v being what the weight met: (T, B, K), (T, B, N) -> (K, N)."""
    T, B, K = da.shape
    return da.reshape(T * B, K).T @ v.reshape(T * B, v.shape[2])


def bias_gradient(da: Array) -> Array:
    """Sum over time and batch: (T, B, K) -> (K,)."""
    total: Array = da.sum(axis=(0, 1))
    return total
