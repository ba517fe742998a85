"""The loop of the simple recurrent network, h = tanh(W x + U h' + b): `lstmref.cells.rnn`.

How the work is divided is told in `lstmref.fast.lstm`.

Source:
    the equations and sources are those of `lstmref.cells.rnn`; the chain rule.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from lstmref.check import Array
from lstmref.fast import Loop
from lstmref.fast.affine import WeightGradient, bias_gradient, project_back, projection, with_one
from lstmref.fast.alignment import aligned, copied
from lstmref.fast.chunks import backward_chunk, backwards, block_length, cut, forward_chunk
from lstmref.fast.stacking import stack
from lstmref.fast.tiles import times


class Run(NamedTuple):
    """What a sequence leaves for the backward pass; states[t] is h before step t."""

    x: Array  # (T, B, D + 1), the last input 1
    W: Array  # (H, D + 1), the last column b
    U: Array  # (H, H)
    states: Array  # (T + 1, B, H)


def forward(p: Mapping[str, Array], x: Array, h_0: Array) -> tuple[tuple[Array, Array], Run]:
    """T steps.

    Args:
        p: the parameters by name.
        x: (T, B, D).
        h_0: (B, H).

    Returns:
        h (T, B, H), h_T (B, H), and what `backward` needs.

    Dtypes:
        One for all.

    Examples:
        >>> p = {"W": np.ones((1, 1)), "U": np.zeros((1, 1)), "b": np.zeros(1)}
        >>> (h, h_T), run = forward(p, np.full((2, 1, 1), 0.5), np.ones((1, 1)))
        >>> bool(h_T[0, 0] == np.tanh(0.5))
        True
    """
    (B, H), dtype = h_0.shape, x.dtype
    x, W, U = with_one(x), stack(p, (1.0,), ["W"], ["b"]), stack(p, (1.0,), ["U"])
    T, per_chunk = len(x), forward_chunk(len(x), B)
    project = projection(W, T, B)
    W_x = aligned((per_chunk, B, H), dtype)  # the input's part of the pre-activations of a chunk
    states = aligned((T + 1, B, H), dtype)
    states[0] = h_0
    recur, from_h = times(U.T, B), aligned((B, H), dtype)
    add, tanh = np.add, np.tanh
    for chunk in cut(T, per_chunk):
        a_x = project(x[chunk], W_x)
        for a, h, h_next in zip(a_x, states[:-1][chunk], states[1:][chunk], strict=True):
            recur(h, from_h)
            add(a, from_h, from_h)
            tanh(from_h, h_next)
    return (states[1:].copy(), states[T].copy()), Run(x, W, U, states)


def backward(given: Mapping[str, Array], run: Run) -> dict[str, Array]:
    """Gradients of T steps, by name.

    Args:
        given: the cotangents h (T, B, H), h_T (B, H).

    Dtypes:
        That of the run.

    Examples:
        >>> p = {"W": np.zeros((1, 1)), "U": np.array([[0.5]]), "b": np.zeros(1)}
        >>> outputs, run = forward(p, np.ones((2, 1, 1)), np.zeros((1, 1)))
        >>> given = {"h": np.zeros((2, 1, 1)), "h_T": np.ones((1, 1))}
        >>> float(backward(given, run)["h_0"][0, 0])  # U twice, for tanh(0) has the slope 1
        0.25
    """
    x, W, U, states = run
    (T, B, N), H, dtype = x.shape, states.shape[2], x.dtype
    per_chunk, per_block = backward_chunk(T, B, H), block_length(T, B, H)
    d_a = aligned((per_chunk, B, H), dtype)  # cotangents of the pre-activations
    dx = np.empty((T, B, N - 1), dtype)
    dW, dU, db = WeightGradient(H, N - 1, dtype), WeightGradient(H, H, dtype), np.zeros(H, dtype)
    dh = copied(given["h_T"])  # (B, H)
    recur = times(U, B)
    add, multiply = np.add, np.multiply
    for chunk in reversed(cut(T, per_chunk)):
        da = d_a[: chunk.stop - chunk.start]
        for block in reversed(cut(len(da), per_block)):
            steps = slice(chunk.start + block.start, chunk.start + block.stop)
            slopes = np.multiply(states[1:][steps], states[1:][steps], out=da[block])
            np.subtract(1, slopes, out=slopes)
            for da_t, dh_t in backwards(slopes, given["h"][steps]):
                add(dh, dh_t, dh)  # h_t is used by step t + 1 and by the loss
                multiply(da_t, dh, da_t)
                recur(da_t, dh)
        project_back(da, W[:, :-1], out=dx[chunk])
        dW.add(da, x[chunk, :, :-1])
        db += bias_gradient(da)
        dU.add(da, states[chunk])
    return {
        "x": dx,
        "h_0": dh,
        "W": dW.value(),
        "U": dU.value(),
        "b": db,
    }


LOOPS = {
    "rnn": Loop(lambda p, given, sizes: forward(p, *given), lambda given, run, sizes: backward(given, run))
}
