"""Sequence passes of the GRUs whose reset gate stands before the recurrent product.

    r, w = sigmoid(W x + U h' + b),   n = tanh(W_n x + U_n (r h') + b_n),   h = h' + w (n - h')

w is the weight of the new: z itself in `gru`, and in `gru_cho` 1 - z = sigmoid(-(W_z x + U_z h' + b_z)). So
the two differ in a factor of -1 at the weights of z alone. What does not wait for the step before is done for
many steps at once; gates r, w, n are rows of one stacked matrix, of which n's wait for r: two products a
step.

Gates are right to an absolute eps, not to the digits of a tiny one, other than in the step functions: see
`lstmref.fast.stacking`. How the work is divided is told in `lstmref.fast.lstm`.

Source:
    the equations and sources are those of `lstmref.cells.gru`; the chain rule.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from lstmref.check import Array
from lstmref.fast import Loop
from lstmref.fast.affine import WeightGradient, bias_gradient, project_back, projection, with_one
from lstmref.fast.alignment import aligned, copied
from lstmref.fast.chunks import backward_chunk, backwards, block_length, cut, forward_chunk
from lstmref.fast.stacking import by_gate, stack, unstack
from lstmref.fast.tiles import times

W_NAMES = ("W_r", "W_z", "W_n")
U_NAMES = ("U_r", "U_z", "U_n")
B_NAMES = ("b_r", "b_z", "b_n")
Factors = tuple[float, float, float]
Z_OF_THE_NEW: Factors = (0.5, 0.5, 1.0)  # see lstmref.fast.stacking
Z_OF_THE_KEPT: Factors = (0.5, -0.5, 1.0)


class Run(NamedTuple):
    """What a sequence leaves for the backward pass; states[t] is h before step t."""

    x: Array  # (T, B, D + 1), the last input 1
    W: Array  # (3H, D + 1), the last column b; under the factors
    U: Array  # (3H, H), under the factors
    rwn: Array  # (T, 3, B, H), after their activation
    states: Array  # (T + 1, B, H)


def forward(
    factors: Factors, p: Mapping[str, Array], x: Array, h_0: Array
) -> tuple[tuple[Array, Array], Run]:
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
        >>> p = {name: np.zeros((1, 1)) for name in W_NAMES + U_NAMES} | {name: np.zeros(1) for name in B_NAMES}
        >>> (h, h_T), run = forward(Z_OF_THE_NEW, p, np.ones((2, 1, 1)), np.ones((1, 1)))
        >>> float(h_T[0, 0])  # (1 - z_1) (1 - z_2) = 1/4
        0.25
    """
    (B, H), dtype = h_0.shape, x.dtype
    x, W, U = with_one(x), stack(p, factors, W_NAMES, B_NAMES), stack(p, factors, U_NAMES)
    T, per_chunk = len(x), forward_chunk(len(x), B)
    project = projection(W, T, B)
    W_x = aligned((per_chunk, B, 3 * H), dtype)  # the input's part of the pre-activations of a chunk
    rwn, states = aligned((T, 3, B, H), dtype), aligned((T + 1, B, H), dtype)
    states[0] = h_0

    recur_rw, recur_n = times(U[: 2 * H].T, B), times(U[2 * H :].T, B)
    a_rw, a_n, rh = (aligned((B, N), dtype) for N in (2 * H, H, H))
    a_gates = by_gate(a_rw, 2)
    half = np.array(0.5, dtype)
    add, subtract, multiply, tanh = np.add, np.subtract, np.multiply, np.tanh
    for chunk in cut(T, per_chunk):
        a_x = project(x[chunk], W_x)
        x_gates, gates = by_gate(a_x, 3), rwn[chunk]
        known = x_gates[:, :2], x_gates[:, 2], states[:-1][chunk]
        found = gates[:, :2], *gates.swapaxes(0, 1), states[1:][chunk]
        for x_rw, x_n, h, rw, r, w, n, h_next in zip(*known, *found, strict=True):
            recur_rw(h, a_rw)
            add(a_gates, x_rw, rw)
            tanh(rw, rw)
            multiply(rw, half, rw)
            add(rw, half, rw)
            multiply(r, h, rh)
            recur_n(rh, a_n)
            add(x_n, a_n, n)
            tanh(n, n)
            subtract(n, h, h_next)
            multiply(w, h_next, h_next)
            add(h, h_next, h_next)
    return (states[1:].copy(), states[T].copy()), Run(x, W, U, rwn, states)


def backward(factors: Factors, given: Mapping[str, Array], run: Run) -> dict[str, Array]:
    """Gradients of T steps, by name.

    Args:
        given: the cotangents h (T, B, H), h_T (B, H).

    Dtypes:
        That of the run.

    Examples:
        >>> p = {name: np.zeros((1, 1)) for name in W_NAMES + U_NAMES} | {name: np.zeros(1) for name in B_NAMES}
        >>> outputs, run = forward(Z_OF_THE_NEW, p, np.ones((2, 1, 1)), np.ones((1, 1)))
        >>> given = {"h": np.zeros((2, 1, 1)), "h_T": np.ones((1, 1))}
        >>> float(backward(Z_OF_THE_NEW, given, run)["h_0"][0, 0])  # (1 - z_1) (1 - z_2) = 1/4
        0.25
    """
    dx, dh, dW, dU_rw, dU_n, db = _through_time(given, run)
    return {
        "x": dx,
        "h_0": dh,
        **unstack(dW.value(), factors, W_NAMES),
        **unstack(dU_rw.value(), factors[:2], U_NAMES[:2]),
        **unstack(dU_n.value(), factors[2:], U_NAMES[2:]),
        **unstack(db, factors, B_NAMES),
    }


def _loop(factors: Factors) -> Loop:
    return Loop(
        lambda p, given, sizes: forward(factors, p, *given),
        lambda given, run, sizes: backward(factors, given, run),
    )


LOOPS = {"gru": _loop(Z_OF_THE_NEW), "gru_cho": _loop(Z_OF_THE_KEPT)}


def _through_time(
    given: Mapping[str, Array], run: Run
) -> tuple[Array, Array, WeightGradient, WeightGradient, WeightGradient, Array]:
    """The gradients of x and h_0, and those of the stacked W, of U's rows of r and w, of U's rows of n, and of b."""
    x, W, U, rwn, states = run
    (T, B, N), H, dtype = x.shape, states.shape[2], x.dtype
    U_rw, U_n = U[: 2 * H], U[2 * H :]
    per_chunk, per_block = backward_chunk(T, B, 3 * H), block_length(T, B, H)
    d_rwn = aligned((per_chunk, B, 3 * H), dtype)  # cotangents of the pre-activations
    coefficients = aligned((per_block, 4, B, H), dtype)
    rh = aligned((per_chunk, B, H), dtype)  # what U_n met
    dx, dW, db = np.empty((T, B, N - 1), dtype), WeightGradient(3 * H, N - 1, dtype), np.zeros(3 * H, dtype)
    dU_rw, dU_n = WeightGradient(2 * H, H, dtype), WeightGradient(H, H, dtype)
    dh, d_rh, dh_rw = copied(given["h_T"]), aligned((B, H), dtype), aligned((B, H), dtype)
    recur_rw, recur_n = times(U_rw, B), times(U_n, B)
    add, multiply = np.add, np.multiply
    for chunk in reversed(cut(T, per_chunk)):
        da = d_rwn[: chunk.stop - chunk.start]
        for block in reversed(cut(len(da), per_block)):
            steps = slice(chunk.start + block.start, chunk.start + block.stop)
            k = coefficients[: block.stop - block.start]
            _coefficients(run, steps, k)
            by_row, gates = da[block], by_gate(da[block], 3)
            results = by_row[..., : 2 * H], by_row[..., 2 * H :], gates[:, 0], gates[:, 1:]
            known = k[:, 0], k[:, 1:3], k[:, 3], rwn[steps, 0], given["h"][steps]
            for da_rw, da_n, da_r, da_wn, k_r, k_wn, kept, r, dh_t in backwards(*results, *known):
                add(dh, dh_t, dh)  # h_t is used by step t + 1 and by the loss
                multiply(k_wn, dh, da_wn)
                recur_n(da_n, d_rh)  # the cotangent of r h'
                multiply(k_r, d_rh, da_r)
                # h' is used four times: kept by 1 - w, reset by r, and read by both gates.
                multiply(dh, kept, dh)
                multiply(d_rh, r, d_rh)
                add(dh, d_rh, dh)
                recur_rw(da_rw, dh_rw)
                add(dh, dh_rw, dh)
        project_back(da, W[:, :-1], out=dx[chunk])
        dW.add(da, x[chunk, :, :-1])
        db += bias_gradient(da)
        dU_rw.add(da[..., : 2 * H], states[chunk])
        dU_n.add(da[..., 2 * H :], np.multiply(rwn[chunk, 0], states[chunk], out=rh[: len(da)]))
    return dx, dh, dW, dU_rw, dU_n, db


def _coefficients(run: Run, steps: slice, k: Array) -> None:
    """Write into `k` (T, 4, B, H) what the cotangent of r h' (for r) or dh (for w, n) is multiplied by, and 1 - w.

    The slope of a sigmoid y is y (1 - y), and twice that by its halved pre-activation.
    """
    rwn, h = run.rwn[steps], run.states[steps]
    r, w, n = rwn.swapaxes(0, 1)
    k_r, k_w, k_n, kept = k.swapaxes(0, 1)
    np.multiply(rwn[:, :2], -2, out=k[:, :2])
    k[:, :2] += 2
    k_r *= r
    k_r *= h
    k_w *= w
    np.subtract(n, h, out=kept)
    k_w *= kept
    np.multiply(n, n, out=k_n)
    np.subtract(1, k_n, out=k_n)
    k_n *= w
    np.subtract(1, w, out=kept)
