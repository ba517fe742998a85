"""The loops of `lstmref.fast.lstm`, compiled. There the equations are explained, and what the arrays hold.

Per number of h all gates are computed in one go, so that an array is read and written once a step. With a batch of one
the recurrent product is part of the loop as well: of one row NumPy's takes hardly longer than its call.
"""

from typing import Any

import numpy as np

from lstmref.check import Array
from lstmref.fast.alignment import aligned
from lstmref.fast.compiled.elementary import inlined, kernel, sigmoid_of_twice, tanh
from lstmref.fast.tiles import times_in_shares

LINE = 16  # numbers that are written side by side
FEW = 16  # steps for which to transpose U takes longer than it saves
TOGETHER = 8  # rows of U that are read at once, so that the sum is written an eighth as often


def forward_steps(linear: bool, U: Array, T: int, B: int) -> Any:
    """The loop over the steps of a chunk, as `_forward_steps` of `lstmref.fast.lstm` makes it.

    Args:
        linear: whether h is o c, and not o tanh(c).
        U: (4H, H), float32 or float64.
        T: how many steps there are in all.

    Examples:
        >>> steps = forward_steps(False, np.zeros((4, 1)), T=1, B=1)
        >>> oifg, c, h = np.zeros((1, 4, 1, 1)), np.ones((2, 1, 1)), np.zeros((1, 1, 1))
        >>> float(steps(np.zeros((1, 1, 4)), oifg, c, h, np.zeros((1, 1)))[0, 0]), float(c[1, 0, 0])  # h_0; f c_0
        (0.23105857863000487, 0.5)
    """
    if B == 1 and T >= FEW:
        across = aligned(U.shape[::-1], U.dtype)  # (H, 4H): its rows times h, added up
        _transpose(U, across)
        a = aligned((len(U),), U.dtype)

        def single(a_x: Array, oifg: Array, c: Array, h: Array, h_t: Array) -> Array:
            _forward(linear, across, a_x[:, 0], oifg[:, :, 0], c[:, 0], h[:, 0], h_t[0], a)
            last: Array = h[-1]
            return last

        return single
    recur, a = times_in_shares(U.T, B)

    def steps(a_x: Array, oifg: Array, c: Array, h: Array, h_t: Array) -> Array:
        for a_t, all_t, c_t, c_next, h_next in zip(a_x, oifg, c[:-1], c[1:], h, strict=True):
            recur(h_t)  # h' U^T
            _activate(linear, a, a_t, all_t, c_t, c_next, h_next)
            h_t = h_next
        return h_t

    return steps


def backward_steps(linear: bool, U: Array, B: int) -> Any:
    """The loop over the steps of a chunk, the last first, as `_backward_steps` of `lstmref.fast.lstm` makes it.

    Args:
        linear: whether h is o c, and not o tanh(c).
        U: (4H, H), float32 or float64.

    Examples:
        >>> steps = backward_steps(True, np.zeros((4, 1)), B=1)
        >>> half, one, dc = np.full((1, 4, 1, 1), 0.5), np.ones((1, 1, 1)), np.zeros((1, 1))
        >>> steps(half, np.ones((2, 1, 1)), one, np.zeros((1, 1)), dc, np.empty((1, 1, 4)), np.empty((1, 1, 1)))
        >>> float(dc[0, 0])  # f o dh
        0.25
    """
    # A cotangent of another layout would get code of its own, whose last bits differ: so it is copied first.
    if B == 1:

        def single(oifg: Array, c: Array, dh_loss: Array, dh: Array, dc: Array, da: Array, h: Array) -> None:
            dh_loss = np.ascontiguousarray(dh_loss)
            by_step = oifg[:, :, 0], c[:, 0], dh_loss[:, 0], dh[0], dc[0], da[:, 0], h[:, 0]
            _backward(linear, U, *by_step)

        return single
    recur, dh_later = times_in_shares(U, B)

    def steps(oifg: Array, c: Array, dh_loss: Array, dh: Array, dc: Array, da: Array, h: Array) -> None:
        dh_loss = np.ascontiguousarray(dh_loss)
        dh_later[0], dh_later[1:] = dh, 0
        for t in reversed(range(len(da))):
            _differentiate(linear, oifg[t], c[t], c[t + 1], dh_loss[t], dh_later, dh, dc, da[t], h[t])
            recur(da[t])  # da U
        dh_later.sum(axis=0, out=dh)

    return steps


@inlined
def _step(linear: bool, a_o: Any, a_i: Any, a_f: Any, a_g: Any, c: Any) -> Any:
    """The gates, c and h of one number; pre-activations under the factors of `lstmref.fast.lstm`."""
    o, i, f, g = sigmoid_of_twice(a_o), sigmoid_of_twice(a_i), sigmoid_of_twice(a_f), tanh(a_g)
    c_next = f * c + i * g
    return o, i, f, g, c_next, o * c_next if linear else o * tanh(c_next)


@inlined
def _step_back(
    linear: bool, one: Any, o: Any, i: Any, f: Any, g: Any, c: Any, c_next: Any, dh: Any, dc: Any
) -> Any:
    """The cotangents of the pre-activations and of c before the step, and h once more; one is 1 of their dtype.

    The slope of a sigmoid y is y (1 - y), and twice that by its halved pre-activation.
    """
    s = c_next if linear else tanh(c_next)
    dc = dc + (dh * o if linear else dh * o * (one - s * s))
    da_o = dh * s * o * (one - o)
    da_i = dc * g * i * (one - i)
    da_f = dc * c * f * (one - f)
    return da_o + da_o, da_i + da_i, da_f + da_f, dc * i * (one - g * g), dc * f, o * s


@kernel
def _activate(linear: bool, a: Array, a_x: Array, oifg: Array, c: Array, c_next: Array, h: Array) -> None:
    """One step of a batch, from the recurrent part, in shares, a (S, B, 4H), which is added to the input's part of the
    pre-activations, a_x (B, 4H).
    """
    B, H = c.shape
    for b in range(B):
        for share in a:
            for k in range(4 * H):
                a_x[b, k] += share[b, k]
        for j in range(H):
            o, i, f, g, c_next[b, j], h[b, j] = _step(
                linear,
                a_x[b, j],
                a_x[b, H + j],
                a_x[b, 2 * H + j],
                a_x[b, 3 * H + j],
                c[b, j],
            )
            oifg[0, b, j], oifg[1, b, j], oifg[2, b, j], oifg[3, b, j] = o, i, f, g


@kernel
def _differentiate(
    linear: bool,
    oifg: Array,
    c: Array,
    c_next: Array,
    dh_loss: Array,
    dh_later: Array,
    dh: Array,
    dc: Array,
    da: Array,
    h: Array,
) -> None:
    """One step of a batch backwards, up to the product: reads dh_later (S, B, H), shares of what comes from the step
    after; writes dh, their sum with that of the loss, da (B, 4H), dc and h (B, H).
    """
    B, H = c.shape
    one = c.dtype.type(1)
    for b in range(B):
        for j in range(H):
            dh[b, j] = dh_loss[b, j]
        for share in dh_later:
            for j in range(H):
                dh[b, j] += share[b, j]
        for j in range(H):
            o, i, f, g = oifg[0, b, j], oifg[1, b, j], oifg[2, b, j], oifg[3, b, j]
            da[b, j], da[b, H + j], da[b, 2 * H + j], da[b, 3 * H + j], dc[b, j], h[b, j] = _step_back(
                linear, one, o, i, f, g, c[b, j], c_next[b, j], dh[b, j], dc[b, j]
            )


@kernel
def _transpose(M: Array, across: Array) -> None:
    """Write M (K, N) to across (N, K), a cache line at a time, twice as fast as NumPy."""
    K, N = M.shape
    for start in range(0, K, LINE):
        end = min(start + LINE, K)
        for j in range(N):
            for k in range(start, end):
                across[j, k] = M[k, j]


@kernel
def _add_products(v: Array, M: Array, total: Array) -> None:
    """Add v M to total: (K,), (K, N), (N,)."""
    K, N = M.shape
    even = K - K % TOGETHER
    for k in range(0, even, TOGETHER):
        v0, v1, v2, v3, v4, v5, v6, v7 = (
            v[k],
            v[k + 1],
            v[k + 2],
            v[k + 3],
            v[k + 4],
            v[k + 5],
            v[k + 6],
            v[k + 7],
        )
        for j in range(N):
            total[j] += ((v0 * M[k, j] + v1 * M[k + 1, j]) + (v2 * M[k + 2, j] + v3 * M[k + 3, j])) + (
                (v4 * M[k + 4, j] + v5 * M[k + 5, j]) + (v6 * M[k + 6, j] + v7 * M[k + 7, j])
            )
    for k in range(even, K):
        for j in range(N):
            total[j] += v[k] * M[k, j]


@kernel
def _forward(
    linear: bool, U: Array, a_x: Array, oifg: Array, c: Array, h: Array, h_t: Array, a: Array
) -> None:
    """All steps of a single sequence: U (H, 4H), a_x (T, 4H), oifg (T, 4, H), c (T + 1, H), h (T, H)."""
    T, H = h.shape
    for t in range(T):
        a[:] = a_x[t]
        _add_products(h[t - 1] if t else h_t, U, a)
        for j in range(H):
            o, i, f, g, c[t + 1, j], h[t, j] = _step(
                linear, a[j], a[H + j], a[2 * H + j], a[3 * H + j], c[t, j]
            )
            oifg[t, 0, j], oifg[t, 1, j], oifg[t, 2, j], oifg[t, 3, j] = o, i, f, g


@kernel
def _backward(
    linear: bool, U: Array, oifg: Array, c: Array, dh_loss: Array, dh: Array, dc: Array, da: Array, h: Array
) -> None:
    """All steps of a single sequence backwards: U (4H, H), da (T, 4H), the rest as in `_forward`."""
    T, H = h.shape
    one = c.dtype.type(1)
    for t in range(T - 1, -1, -1):
        for j in range(H):
            o, i, f, g = oifg[t, 0, j], oifg[t, 1, j], oifg[t, 2, j], oifg[t, 3, j]
            da[t, j], da[t, H + j], da[t, 2 * H + j], da[t, 3 * H + j], dc[j], h[t, j] = _step_back(
                linear, one, o, i, f, g, c[t, j], c[t + 1, j], dh[j] + dh_loss[t, j], dc[j]
            )
        dh[:] = 0
        _add_products(da[t], U, dh)
