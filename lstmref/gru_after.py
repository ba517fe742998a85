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
from lstmref.affine import (
    bias_gradient,
    gate_shapes,
    gates,
    project,
    project_back,
    stack,
    unstack,
    weight_gradient,
)
from lstmref.check import Array, Given, Parameters
from lstmref.results import HiddenSequence, HiddenStep

STATES = ("h",)
W_NAMES = ("W_r", "W_z", "W_n")
U_NAMES = ("U_r", "U_z", "U_n")
B_NAMES = ("b_r", "b_z", "b_nx")


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
    """What `backward` needs of a sequence; states[t] is h before step t."""

    x: Array  # (T, B, D)
    W: Array  # (3H, D)
    U: Array  # (3H, H)
    rzn: Array  # (T, B, 3H), the gates after their activation
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
    x = check.own(x)
    T, H = len(x), h_0.shape[1]
    W, U = stack(p, *W_NAMES), stack(p, *U_NAMES)  # (3H, D), (3H, H)
    rzn = project(x, W, stack(p, *B_NAMES))  # (T, B, 3H), pre-activations, overwritten by the gates
    r, z, n = gates(rzn, 3)  # views, (T, B, H) each
    states = np.empty((T + 1, *h_0.shape), x.dtype)
    m = np.empty_like(states[1:])
    states[0] = h_0
    for t in range(T):
        h_prev, a_rz = states[t], rzn[t, :, : 2 * H]  # (B, H), (B, 2H)
        from_h = h_prev @ U.T  # (B, 3H)
        a_rz += from_h[:, : 2 * H]
        sigmoid(a_rz, out=a_rz)
        m[t] = from_h[:, 2 * H :] + p["b_nh"]
        n[t] = np.tanh(n[t] + r[t] * m[t])
        states[t + 1] = (1 - z[t]) * n[t] + z[t] * h_prev
    return HiddenSequence(states[1:].copy(), states[T].copy()), SequenceCache(x, W, U, rzn, m, states)


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
    x, W, U, rzn, m, states = check.cache(cache, SequenceCache)
    given = check.cotangents(cotangents, {"h": states[1:], "h_T": states[0]})
    r, z, n = gates(rzn, 3)
    # The candidate's pre-activation is met by x as da_n and by h' as dm = r da_n, the gates' by both alike.
    d_from_x, d_from_h = np.empty_like(rzn), np.empty_like(rzn)  # (T, B, 3H) each
    da_r, da_z, da_n = gates(d_from_x, 3)  # views, (T, B, H) each
    _, _, dm = gates(d_from_h, 3)
    H = states.shape[2]
    dh = check.own(given["h_T"])  # (B, H)
    for t in reversed(range(len(x))):
        dh = dh + given["h"][t]  # h_t is used by step t + 1 and by the loss
        da_n[t] = dh * (1 - z[t]) * tanh_slope(n[t])
        da_r[t] = da_n[t] * m[t] * sigmoid_slope(r[t])
        da_z[t] = dh * (states[t] - n[t]) * sigmoid_slope(z[t])
        d_from_h[t, :, : 2 * H] = d_from_x[t, :, : 2 * H]
        dm[t] = da_n[t] * r[t]
        dh = dh * z[t] + d_from_h[t] @ U
    return {
        "x": project_back(d_from_x, W),
        "h_0": dh,
        **unstack(weight_gradient(d_from_x, x), *W_NAMES),
        **unstack(weight_gradient(d_from_h, states[:-1]), *U_NAMES),
        **unstack(bias_gradient(d_from_x), *B_NAMES),
        "b_nh": bias_gradient(dm),
    }
