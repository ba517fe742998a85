"""The GRU with the reset gate after the recurrent product; z is the weight of the kept.

    r = sigmoid(W_r x + U_r h' + b_r)                    reset gate     (h' is h of the step before)
    z = sigmoid(W_z x + U_z h' + b_z)                    update gate
    m = U_n h' + b_nh                                    what the reset gate scales
    n = tanh(W_n x + b_nx + r m)                         candidate
    h = (1 - z) n + z h'

Source: pytorch-gru and cudnn. They have two biases at every gate; at r and z only the sum acts, so here it
is one. The two of the candidate are not redundant: r scales b_nh and not b_nx, so their gradients differ.
No choice of parameters makes this cell, in general, the one of `gru`.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from lstmref import check
from lstmref.activations import sigmoid, sigmoid_slope, tanh_slope
from lstmref.affine import WeightGradient, bias_gradient, project, project_back, with_one
from lstmref.alignment import aligned, copied
from lstmref.check import Array, Given, Parameters
from lstmref.products import times
from lstmref.results import HiddenSequence, HiddenStep
from lstmref.stacking import by_gate, gate_shapes, stack, unstack
from lstmref.walk import backward_chunk, backwards, block_length, cut, forward_chunk

STATES = ("h",)
W_NAMES = ("W_r", "W_z", "W_n")
U_NAMES = ("U_r", "U_z", "U_n")
B_NAMES = ("b_r", "b_z", "b_nx")
# The order of the rows of the stacked matrices: what x and h' meet alike, r and z, adjoins what they do not, n and m.
W_ROWS, B_ROWS, U_ROWS = ("W_n", "W_r", "W_z"), ("b_nx", "b_r", "b_z"), ("U_r", "U_z", "U_n")
# See lstmref.stacking. The sequence passes work with the weight of the new, w = 1 - z = sigmoid(-a).
W_FACTORS, U_FACTORS = (1.0, 0.5, -0.5), (0.5, -0.5, 1.0)


class StepCache(NamedTuple):
    """What `step_backward` needs of one step."""

    params: dict[str, Array]
    x: Array  # (B, D)
    h_prev: Array  # (B, H)
    r: Array  # (B, H)
    z: Array  # (B, H)
    m: Array  # (B, H)
    n: Array  # (B, H)


class SequenceCache(NamedTuple):
    """What `backward` needs of a sequence; states[t] is h before step t, w is 1 - z."""

    x: Array  # (T, B, D + 1), the last input 1
    W: Array  # (3H, D + 1), the last column b; under W_FACTORS
    U: Array  # (3H, H), under U_FACTORS
    nrw: Array  # (T, 3, B, H), after their activation
    m: Array  # (T, B, H)
    states: Array  # (T + 1, B, H)


def parameter_shapes(D: int, H: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes for D inputs and H hidden units: W_* (H, D) and U_* (H, H) for r, z, n; four biases
    (H,).

    Raises ShapeError or KindError unless D and H are whole numbers >= 0.

    >>> shapes = parameter_shapes(D=3, H=4)
    >>> len(shapes), shapes["W_r"], shapes["U_z"], shapes["b_nx"], shapes["b_nh"]
    (10, (4, 3), (4, 4), (4,), (4,))
    """
    return gate_shapes(D, H, W_NAMES, U_NAMES, B_NAMES) | {"b_nh": (H,)}


def step_forward(params: Parameters, x: Given, h_prev: Given) -> tuple[HiddenStep, StepCache]:
    """One step; the equations stand at the head of the module.

    params: see `parameter_shapes`; x: (B, D); h_prev: (B, H).
    Dtypes: float16 (read as float32), float32, float64, longdouble or complex128; one for all.
    Returns h (B, H) and the cache for `step_backward`.
    Raises ShapeError, NameSetError, KindError, NotFiniteError.
    Source: pytorch-gru; cudnn.

    With all parameters zero but b_nh, r = z = 1/2, so h = tanh(b_nh / 2) / 2 + h'/2:

    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(D=1, H=1).items()}
    >>> outputs, cache = step_forward(params | {"b_nh": np.ones(1)}, np.ones((1, 1)), np.array([[3.0]]))
    >>> bool(outputs.h[0, 0] == np.tanh(0.5) / 2 + 1.5)
    True
    """
    p, x, (h_prev,) = check.step(parameter_shapes, params, x, h_prev=h_prev)
    # (B, D) (D, H) + (B, H) (H, H) + (H,) -> (B, H)
    r = sigmoid(x @ p["W_r"].T + h_prev @ p["U_r"].T + p["b_r"])
    z = sigmoid(x @ p["W_z"].T + h_prev @ p["U_z"].T + p["b_z"])  # (B, H)
    m = h_prev @ p["U_n"].T + p["b_nh"]  # (B, H)
    n = np.tanh(x @ p["W_n"].T + p["b_nx"] + r * m)  # (B, H)
    h = (1 - z) * n + z * h_prev  # (B, H)
    return HiddenStep(h), StepCache(p, x, h_prev, r, z, m, n)


def step_backward(cotangents: Mapping[str, Given], cache: StepCache) -> dict[str, Array]:
    """Gradients of one step.

    cotangents: "h" (B, H), zero if absent.
    Dtypes: that of the forward pass.
    Returns "x" (B, D), "h_prev" (B, H) and every parameter's name, summed over the batch. For complex128
    these are derivatives of a holomorphic function: nothing is conjugated.
    Raises ShapeError, NameSetError, KindError, NotFiniteError.
    Source: the chain rule, on the equations at the head of the module.

    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(D=1, H=1).items()}
    >>> outputs, cache = step_forward(params, np.ones((1, 1)), np.array([[3.0]]))
    >>> gradients = step_backward({"h": np.array([[1.0]])}, cache)
    >>> float(gradients["b_nx"][0]), float(gradients["b_nh"][0])  # 1 - z, and r (1 - z)
    (0.5, 0.25)
    """
    p, x, h_prev, r, z, m, n = check.cache(cache, StepCache)
    dh = check.cotangents(cotangents, {"h": n})["h"]  # (B, H)
    dz = dh * (h_prev - n)  # (B, H), these two from h = (1 - z) n + z h'
    dn = dh * (1 - z)  # (B, H)
    da_n = dn * tanh_slope(n)  # (B, H)
    dr = da_n * m  # (B, H), these two from the product r m
    dm = da_n * r  # (B, H)
    da_r = dr * sigmoid_slope(r)  # (B, H)
    da_z = dz * sigmoid_slope(z)  # (B, H)
    return {
        "x": da_r @ p["W_r"] + da_z @ p["W_z"] + da_n @ p["W_n"],  # (B, H) (H, D) -> (B, D)
        # h' is used four times: kept by z, and read by m and by both gates.
        "h_prev": dh * z + dm @ p["U_n"] + da_r @ p["U_r"] + da_z @ p["U_z"],  # (B, H)
        "W_r": da_r.T @ x,  # (H, B) (B, D) -> (H, D)
        "W_z": da_z.T @ x,
        "W_n": da_n.T @ x,
        "U_r": da_r.T @ h_prev,  # (H, B) (B, H) -> (H, H)
        "U_z": da_z.T @ h_prev,
        "U_n": dm.T @ h_prev,
        "b_r": da_r.sum(axis=0),  # (H,)
        "b_z": da_z.sum(axis=0),
        "b_nx": da_n.sum(axis=0),
        "b_nh": dm.sum(axis=0),
    }


def forward(params: Parameters, x: Given, h_0: Given) -> tuple[HiddenSequence, SequenceCache]:
    """T steps from h_0.

    params: see `parameter_shapes`; x: (T, B, D), T = 0 and B = 0 allowed; h_0: (B, H).
    Dtypes: float16 (read as float32), float32, float64, longdouble or complex128; one for all.
    Returns h (T, B, H), h_T (B, H) and the cache for `backward`.
    Raises ShapeError, NameSetError, KindError, NotFiniteError.
    Source: pytorch-gru; cudnn.

    >>> params = {name: np.ones(shape) for name, shape in parameter_shapes(D=3, H=4).items()}
    >>> outputs, cache = forward(params, np.zeros((5, 2, 3)), np.zeros((2, 4)))
    >>> outputs.h.shape, outputs.h_T.shape
    ((5, 2, 4), (2, 4))
    """
    p, x, (h_0,) = check.sequence(parameter_shapes, params, x, h_0=h_0)
    (B, H), dtype, b_nh = h_0.shape, x.dtype, p["b_nh"]
    x, W, U = with_one(x), stack(p, W_FACTORS, W_ROWS, B_ROWS), stack(p, U_FACTORS, U_ROWS)
    T, per_chunk = len(x), forward_chunk(len(x), B)
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
        a_x = project(x[chunk], W, W_x)
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
    return HiddenSequence(states[1:].copy(), states[T].copy()), SequenceCache(x, W, U, nrw, m, states)


def backward(cotangents: Mapping[str, Given], cache: SequenceCache) -> dict[str, Array]:
    """Gradients of T steps: backpropagation through time.

    cotangents: "h" (T, B, H) on every h_t and "h_T" (B, H) on the last; each is zero if absent, their effects
    add up.
    Dtypes: that of the forward pass.
    Returns "x" (T, B, D), "h_0" (B, H) and every parameter's name, summed over time and batch. For complex128
    nothing is conjugated.
    Raises ShapeError, NameSetError, KindError, NotFiniteError.
    Source: the chain rule, on the equations at the head of the module.

    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(D=1, H=1).items()}
    >>> outputs, cache = forward(params, np.ones((2, 1, 1)), np.zeros((1, 1)))
    >>> float(backward({"h_T": np.ones((1, 1))}, cache)["h_0"][0, 0])  # z_1 z_2 = 1/4
    0.25
    """
    states = check.cache(cache, SequenceCache).states
    given = check.cotangents(cotangents, {"h": states[1:], "h_T": states[0]})
    dx, dh, dW, dU, db = _through_time(given, cache)
    return {
        "x": dx,
        "h_0": dh,
        **unstack(dW.value(), W_FACTORS, W_ROWS),
        **unstack(dU.value(), U_FACTORS, U_ROWS),
        **unstack(db, (*W_FACTORS, 1.0), (*B_ROWS, "b_nh")),
    }


def _through_time(
    given: Mapping[str, Array], cache: SequenceCache
) -> tuple[Array, Array, WeightGradient, WeightGradient, Array]:
    """The gradients of x and h_0, and those of the stacked W, U and biases."""
    x, W, U, _, _, states = cache
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
            _coefficients(cache, steps, k)
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


def _coefficients(cache: SequenceCache, steps: slice, k: Array) -> None:
    """Write into `k` (T, 5, B, H) what dh is multiplied by (for n, r, w, m), and 1 - w.

    The slope of a sigmoid y is y (1 - y), and twice that by its halved pre-activation.
    """
    nrw, m, h = cache.nrw[steps], cache.m[steps], cache.states[steps]
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
