"""Sequence passes of the cells with a gated memory c: the LSTM, and its variant with a linear output.

    i, f, o = sigmoid(W x + U h' + b),   g = tanh(W x + U h' + b)
    c = f c' + i g,   s = squash(c),   h = o s

The cells differ in `squash` alone, so both share these loops; their step functions spell everything out
instead. Here all that does not wait for the step before is taken out of the loop over time and done for many
steps at once:

    forward     x W^T + b                               in the loop: h' U^T, then gate by gate
    backward    what dh and dc are multiplied by,       in the loop: these multiplications, and da U
                dx, and the gradients of W, U and b

`lstmref.fast.compiled` has these loops compiled, for those who ask for them.

The gates are rows of one stacked matrix (`lstmref.fast.stacking`), in the order o, i, f, g: one product a
step, the sigmoids are neighbours, and so are the three that dc reaches. Gates are right to an absolute eps,
not to the digits of a tiny one, other than in the step functions.

Source:
    the equations and sources are those of `lstmref.cells.lstm`; the chain rule.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from lstmref.check import Array
from lstmref.fast import Loop, compiled
from lstmref.fast.affine import WeightGradient, bias_gradient, project_back, projection, with_one
from lstmref.fast.alignment import aligned, copied
from lstmref.fast.chunks import backward_chunk, backwards, block_length, cut, forward_chunk
from lstmref.fast.stacking import by_gate, stack, unstack
from lstmref.fast.tiles import times

# The order of the rows, which is that of nobody's parameters: sigmoids first, and o apart from i, f, g.
W_ROWS, U_ROWS, B_ROWS = (tuple(f"{kind}_{gate}" for gate in "oifg") for kind in "WUb")
FACTORS = (0.5, 0.5, 0.5, 1.0)  # see lstmref.fast.stacking


class Squash(NamedTuple):
    """The output function of the memory, and the derivative of h = o s; both write to their last argument."""

    linear: bool  # whether s is c itself; if not, it is tanh(c)
    value: Callable[[Array, Array], object]  # c, out (B, H): s
    slope: Callable[[Array, Array, Array, Array], object]  # o, h, s, out (T, B, H): dh/dc = o ds/dc


class Run(NamedTuple):
    """What a sequence leaves for the backward pass, which computes s and h from it once more: that takes less time
    than to keep them in memory. c[t] is the memory before step t.
    """

    x: Array  # (T, B, D + 1), the last input 1
    W: Array  # (4H, D + 1), the last column b; under FACTORS
    U: Array  # (4H, H), under FACTORS
    oifg: Array  # (T, 4, B, H), the gates after their activation
    h_0: Array  # (B, H)
    c: Array  # (T + 1, B, H)


def _slope(o: Array, h: Array, s: Array, out: Array) -> None:
    """o (1 - s**2), as h = o s."""
    np.multiply(h, s, out=out)
    np.subtract(o, out, out=out)


TANH = Squash(linear=False, value=np.tanh, slope=_slope)
IDENTITY = Squash(
    linear=True, value=lambda c, out: np.copyto(out, c), slope=lambda o, h, s, out: np.copyto(out, o)
)


def forward(
    squash: Squash, p: Mapping[str, Array], x: Array, h_0: Array, c_0: Array
) -> tuple[tuple[Array, Array, Array], Run]:
    """T steps.

    Args:
        p: the parameters by name.
        x: (T, B, D).
        h_0: (B, H).
        c_0: (B, H).

    Returns:
        h (T, B, H), h_T, c_T (B, H), and what `backward` needs.

    Dtypes:
        One for all.

    Examples:
        >>> p = {name: np.zeros((1, 1)) for name in W_ROWS + U_ROWS} | {name: np.zeros(1) for name in B_ROWS}
        >>> (h, h_T, c_T), run = forward(TANH, p, np.ones((2, 1, 1)), np.zeros((1, 1)), np.ones((1, 1)))
        >>> float(c_T[0, 0])  # f_1 f_2 = 1/4
        0.25
    """
    (B, H), dtype = h_0.shape, x.dtype
    x, W, U = with_one(x), stack(p, FACTORS, W_ROWS, B_ROWS), stack(p, FACTORS, U_ROWS)
    T, per_chunk = len(x), forward_chunk(len(x), B)
    project = projection(W, T, B)
    W_x = aligned((per_chunk, B, 4 * H), dtype)  # the input's part of the pre-activations of a chunk
    oifg = aligned((T, 4, B, H), dtype)
    h, c = aligned((T, B, H), dtype), aligned((T + 1, B, H), dtype)
    h_t, c[0] = copied(h_0), c_0

    loops = compiled.loops(dtype)
    steps = loops.forward_steps(squash.linear, U, T, B) if loops else _forward_steps(squash, U, B)
    for chunk in cut(T, per_chunk):
        h_t = steps(project(x[chunk], W_x), oifg[chunk], c[chunk.start : chunk.stop + 1], h[chunk], h_t)
    return (h, h_t.copy(), c[T].copy()), Run(x, W, U, oifg, copied(h_0), c)


def _forward_steps(squash: Squash, U: Array, B: int) -> Callable[[Array, Array, Array, Array, Array], Array]:
    """The loop over the steps of a chunk, for a batch of B: it reads a_x (t, B, 4H), the input's part of the
    pre-activations, c[0], and h_t (B, H), which is h before the chunk; writes the gates oifg (t, 4, B, H), the later
    c (t + 1, B, H), and h (t, B, H); and returns h after the chunk.
    """
    H, dtype = U.shape[1], U.dtype
    recur = times(U.T, B)
    a, ig, s = aligned((B, 4 * H), dtype), aligned((B, H), dtype), aligned((B, H), dtype)  # of one step
    a_gates = by_gate(a, 4)  # (4, B, H)
    half = np.array(0.5, dtype)
    # Names of local functions, and one view of an array for each step, take Python least time.
    add, multiply, tanh, squashed = np.add, np.multiply, np.tanh, squash.value

    def steps(a_x: Array, oifg: Array, c: Array, h: Array, h_t: Array) -> Array:
        views = by_gate(a_x, 4), oifg, oifg[:, :3], *oifg.swapaxes(0, 1), c[:-1], c[1:], h
        for a_t, all_t, oif, o, i, f, g, c_t, c_next, h_next in zip(*views, strict=True):
            recur(h_t, a)  # h' U^T
            add(a_gates, a_t, all_t)  # (4, B, H), the pre-activations
            tanh(all_t, all_t)
            multiply(oif, half, oif)
            add(oif, half, oif)
            multiply(f, c_t, c_next)
            multiply(i, g, ig)
            add(c_next, ig, c_next)  # f c' + i g
            squashed(c_next, s)
            multiply(o, s, h_next)
            h_t = h_next
        return h_t

    return steps


def backward(squash: Squash, given: Mapping[str, Array], run: Run) -> dict[str, Array]:
    """Gradients of T steps, by name.

    Args:
        given: the cotangents h (T, B, H), h_T, c_T (B, H).

    Dtypes:
        That of the run.

    Examples:
        >>> p = {name: np.zeros((1, 1)) for name in W_ROWS + U_ROWS} | {name: np.zeros(1) for name in B_ROWS}
        >>> outputs, run = forward(TANH, p, np.ones((2, 1, 1)), np.zeros((1, 1)), np.ones((1, 1)))
        >>> given = {"h": np.zeros((2, 1, 1)), "h_T": np.zeros((1, 1)), "c_T": np.ones((1, 1))}
        >>> float(backward(TANH, given, run)["c_0"][0, 0])  # f_1 f_2 = 1/4
        0.25
    """
    dx, dh, dc, dW, dU, db = _through_time(squash, given, run)
    return {
        "x": dx,
        "h_0": dh,
        "c_0": dc,
        **unstack(dW.value(), FACTORS, W_ROWS),
        **unstack(dU.value(), FACTORS, U_ROWS),
        **unstack(db, FACTORS, B_ROWS),
    }


def _loop(squash: Squash) -> Loop:
    return Loop(
        lambda p, given, sizes: forward(squash, p, *given),
        lambda given, run, sizes: backward(squash, given, run),
    )


LOOPS = {"lstm": _loop(TANH), "lstm_linear": _loop(IDENTITY)}


def _through_time(
    squash: Squash, given: Mapping[str, Array], run: Run
) -> tuple[Array, Array, Array, WeightGradient, WeightGradient, Array]:
    """The gradients of x, h_0 and c_0, and those of the stacked W, U and b."""
    x, W, U, oifg, h_0, _ = run
    (T, B, N), H, dtype = x.shape, h_0.shape[1], x.dtype
    per_chunk = backward_chunk(T, B, 4 * H)
    d_oifg = aligned((per_chunk, B, 4 * H), dtype)  # cotangents of the pre-activations
    h = aligned((per_chunk + 1, B, H), dtype)  # h[t] is h before step t of the chunk
    dx = np.empty((T, B, N - 1), dtype)
    dW, dU, db = WeightGradient(4 * H, N - 1, dtype), WeightGradient(4 * H, H, dtype), np.zeros(4 * H, dtype)
    dh, dc = copied(given["h_T"]), copied(given["c_T"])
    loops = compiled.loops(dtype)
    steps = loops.backward_steps(squash.linear, U, B) if loops else _backward_steps(squash, U, B)
    for chunk in reversed(cut(T, per_chunk)):
        da = d_oifg[: chunk.stop - chunk.start]
        h[0] = _h(squash, run, chunk.start - 1) if chunk.start else h_0
        c = run.c[chunk.start : chunk.stop + 1]
        steps(oifg[chunk], c, given["h"][chunk], dh, dc, da, h[1 : len(da) + 1])
        project_back(da, W[:, :-1], out=dx[chunk])
        dW.add(da, x[chunk, :, :-1])
        dU.add(da, h[: len(da)])
        db += bias_gradient(da)
    return dx, dh, dc, dW, dU, db


def _backward_steps(
    squash: Squash, U: Array, B: int
) -> Callable[[Array, Array, Array, Array, Array, Array, Array], None]:
    """The loop over the steps of a chunk, the last first, for a batch of B: it reads the gates oifg (t, 4, B, H),
    c (t + 1, B, H) and dh_loss (t, B, H), what the loss puts on each h; changes dh and dc (B, H), which come from the
    steps after, to those of the steps before; and writes da (t, B, 4H), for the pre-activations, and h (t, B, H) again.
    """
    H, dtype = U.shape[1], U.dtype
    recur = times(U, B)
    dc_now = aligned((B, H), dtype)
    add, multiply = np.add, np.multiply

    def steps(oifg: Array, c: Array, dh_loss: Array, dh: Array, dc: Array, da: Array, h: Array) -> None:
        per_block = block_length(len(da), B, H)
        coefficients = aligned((per_block, 5, B, H), dtype)
        for block in reversed(cut(len(da), per_block)):
            k = coefficients[: block.stop - block.start]
            _coefficients(squash, oifg[block], c[block.start : block.stop + 1], k, h[block])
            by_row, gates = da[block], by_gate(da[block], 4)
            results = by_row, gates[:, 0], gates[:, 1:]
            factors = k[:, 0], k[:, 1:4], k[:, 4], oifg[block, 2], dh_loss[block]
            for da_t, da_o, da_ifg, k_o, k_ifg, slope, f, dh_t in backwards(*results, *factors):
                add(dh, dh_t, dh)  # h_t is used by step t + 1 and by the loss
                multiply(dh, slope, dc_now)
                add(dc, dc_now, dc)  # c_t is used by step t + 1 and by h_t
                multiply(k_o, dh, da_o)
                multiply(k_ifg, dc, da_ifg)  # (3, B, H) times (B, H)
                recur(da_t, dh)  # da U
                multiply(dc, f, dc)

    return steps


def _coefficients(squash: Squash, oifg: Array, c: Array, k: Array, h: Array) -> None:
    """Write into `k` (T, 5, B, H) what dh (for o) or dc (for i, f, g) is multiplied by, and dh/dc; h (T, B, H) again.

    The slope of a sigmoid y is y (1 - y), and twice that by its halved pre-activation.
    """
    c, c_next = c[:-1], c[1:]
    o, i, f, g = oifg.swapaxes(0, 1)
    k_o, k_i, k_f, k_g, slope = k.swapaxes(0, 1)
    np.multiply(oifg[:, :3], -2, out=k[:, :3])
    k[:, :3] += 2
    ig = np.multiply(i, g, out=slope)
    k_i *= ig
    k_f *= f
    k_f *= c
    np.multiply(g, ig, out=k_g)
    np.subtract(i, k_g, out=k_g)  # i (1 - g**2)
    s = slope
    squash.value(c_next, s)
    np.multiply(o, s, out=h)
    k_o *= h
    squash.slope(o, h, s, slope)


def _h(squash: Squash, run: Run, t: int) -> Array:
    """h after step t."""
    s = np.empty_like(run.h_0)
    squash.value(run.c[t + 1], s)
    s *= run.oifg[t, 0]
    return s
