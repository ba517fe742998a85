"""The loop of the GRU whose reset gate stands after the recurrent product: `lstmref.cells.gru_after`.

    r, w = sigmoid(W x + U h' + b),   m = U_n h' + b_nh,   n = tanh(W_n x + b_nx + r m),   h = h' + w (n - h')

w = 1 - z is the weight of the new. One product a step serves r, w and m. Gates are right to an absolute eps,
not to the digits of a tiny one, other than in the step functions: see `lstmref.fast.stacking`. How the work
is divided is told in `lstmref.fast.lstm`.

Source:
    the equations and sources are those of `lstmref.cells.gru_after`; the chain rule.
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

# The order of the rows of the stacked matrices: what x and h' meet alike, r and z, adjoins what they do not, n and m.
W_ROWS, B_ROWS, U_ROWS = ("W_n", "W_r", "W_z"), ("b_nx", "b_r", "b_z"), ("U_r", "U_z", "U_n")
# See lstmref.fast.stacking. The loop works with the weight of the new, w = 1 - z = sigmoid(-a).
W_FACTORS, U_FACTORS = (1.0, 0.5, -0.5), (0.5, -0.5, 1.0)


class Run(NamedTuple):
    """What a sequence leaves for the backward pass; states[t] is h before step t, w is 1 - z."""

    x: Array  # (T, B, D + 1), the last input 1
    W: Array  # (3H, D + 1), the last column b; under W_FACTORS
    U: Array  # (3H, H), under U_FACTORS
    nrw: Array  # (T, 3, B, H), after their activation
    m: Array  # (T, B, H)
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
        >>> p = {name: np.zeros((1, 1)) for name in W_ROWS + U_ROWS}
        >>> p |= {name: np.zeros(1) for name in (*B_ROWS, "b_nh")}
        >>> (h, h_T), run = forward(p, np.ones((2, 1, 1)), np.ones((1, 1)))
        >>> float(h_T[0, 0])  # z_1 z_2 = 1/4
        0.25
    """
    (B, H), dtype, b_nh = h_0.shape, x.dtype, p["b_nh"]
    x, W, U = with_one(x), stack(p, W_FACTORS, W_ROWS, B_ROWS), stack(p, U_FACTORS, U_ROWS)
    T, per_chunk = len(x), forward_chunk(len(x), B)
    project = projection(W, T, B)
    W_x = aligned((per_chunk, B, 3 * H), dtype)  # the input's part of the pre-activations of a chunk
    nrw, m, states = (aligned(shape, dtype) for shape in ((T, 3, B, H), (T, B, H), (T + 1, B, H)))
    states[0] = h_0

    recur = times(U.T, B)
    a, rm = aligned((B, 3 * H), dtype), aligned((B, H), dtype)
    a_gates = by_gate(a, 3)
    a_rw, a_m = a_gates[:2], a_gates[2]
    half = np.array(0.5, dtype)
    add, subtract, multiply, tanh = np.add, np.subtract, np.multiply, np.tanh
    for chunk in cut(T, per_chunk):
        a_x = project(x[chunk], W_x)
        x_gates, gates = by_gate(a_x, 3), nrw[chunk]
        known = x_gates[:, 0], x_gates[:, 1:], states[:-1][chunk]
        found = gates[:, 1:], *gates.swapaxes(0, 1), m[chunk], states[1:][chunk]
        for x_n, x_rw, h, rw, n, r, w, m_t, h_next in zip(*known, *found, strict=True):
            recur(h, a)
            add(a_rw, x_rw, rw)
            tanh(rw, rw)
            multiply(rw, half, rw)
            add(rw, half, rw)
            add(a_m, b_nh, m_t)
            multiply(r, m_t, rm)
            add(x_n, rm, n)
            tanh(n, n)
            subtract(n, h, h_next)
            multiply(w, h_next, h_next)
            add(h, h_next, h_next)  # h' + w (n - h')
    return (states[1:].copy(), states[T].copy()), Run(x, W, U, nrw, m, states)


def backward(given: Mapping[str, Array], run: Run) -> dict[str, Array]:
    """Gradients of T steps, by name.

    Args:
        given: the cotangents h (T, B, H), h_T (B, H).

    Dtypes:
        That of the run.

    Examples:
        >>> p = {name: np.zeros((1, 1)) for name in W_ROWS + U_ROWS}
        >>> p |= {name: np.zeros(1) for name in (*B_ROWS, "b_nh")}
        >>> outputs, run = forward(p, np.ones((2, 1, 1)), np.ones((1, 1)))
        >>> float(backward({"h": np.zeros((2, 1, 1)), "h_T": np.ones((1, 1))}, run)["h_0"][0, 0])  # z_1 z_2 = 1/4
        0.25
    """
    dx, dh, dW, dU, db = _through_time(given, run)
    return {
        "x": dx,
        "h_0": dh,
        **unstack(dW.value(), W_FACTORS, W_ROWS),
        **unstack(dU.value(), U_FACTORS, U_ROWS),
        **unstack(db, (*W_FACTORS, 1.0), (*B_ROWS, "b_nh")),
    }


LOOPS = {
    "gru_after": Loop(
        lambda p, given, sizes: forward(p, *given), lambda given, run, sizes: backward(given, run)
    )
}


def _through_time(
    given: Mapping[str, Array], run: Run
) -> tuple[Array, Array, WeightGradient, WeightGradient, Array]:
    """The gradients of x and h_0, and those of the stacked W, U and biases."""
    x, W, U, _, _, states = run
    (T, B, N), H, dtype = x.shape, states.shape[2], x.dtype
    per_chunk, per_block = backward_chunk(T, B, 3 * H), block_length(T, B, H)
    # Cotangents of the pre-activations of n, r, w, and of m. The first three meet x, the last three h'.
    d_nrwm = aligned((per_chunk, B, 4 * H), dtype)
    coefficients = aligned((per_block, 5, B, H), dtype)
    dx = np.empty((T, B, N - 1), dtype)
    dW, dU, db = WeightGradient(3 * H, N - 1, dtype), WeightGradient(3 * H, H, dtype), np.zeros(4 * H, dtype)
    dh, dh_rwm = copied(given["h_T"]), aligned((B, H), dtype)
    recur = times(U, B)
    add, multiply = np.add, np.multiply
    for chunk in reversed(cut(T, per_chunk)):
        da = d_nrwm[: chunk.stop - chunk.start]
        for block in reversed(cut(len(da), per_block)):
            steps = slice(chunk.start + block.start, chunk.start + block.stop)
            k = coefficients[: block.stop - block.start]
            _coefficients(run, steps, k)
            views = da[block, :, H:], by_gate(da[block], 4), k[:, :4], k[:, 4], given["h"][steps]
            for da_rwm, da_t, k_t, kept, dh_t in backwards(*views):
                add(dh, dh_t, dh)  # h_t is used by step t + 1 and by the loss
                multiply(k_t, dh, da_t)
                multiply(dh, kept, dh)
                recur(da_rwm, dh_rwm)
                add(dh, dh_rwm, dh)
        from_x, from_h = da[..., : 3 * H], da[..., H:]
        project_back(from_x, W[:, :-1], out=dx[chunk])
        dW.add(from_x, x[chunk, :, :-1])
        dU.add(from_h, states[chunk])
        db += bias_gradient(da)
    return dx, dh, dW, dU, db


def _coefficients(run: Run, steps: slice, k: Array) -> None:
    """Write into `k` (T, 5, B, H) what dh is multiplied by (for n, r, w, m), and 1 - w.

    The slope of a sigmoid y is y (1 - y), and twice that by its halved pre-activation.
    """
    nrw, m, h = run.nrw[steps], run.m[steps], run.states[steps]
    n, r, w = nrw.swapaxes(0, 1)
    k_n, k_r, k_w, k_m, kept = k.swapaxes(0, 1)
    np.multiply(nrw[:, 1:], -2, out=k[:, 1:3])
    k[:, 1:3] += 2
    np.multiply(n, n, out=k_n)
    np.subtract(1, k_n, out=k_n)
    k_n *= w
    np.multiply(k_n, r, out=k_m)
    k_r *= k_m
    k_r *= m
    k_w *= w
    np.subtract(n, h, out=kept)
    k_w *= kept
    np.subtract(1, w, out=kept)
