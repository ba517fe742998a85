"""The GRU with the reset gate before the recurrent product; z is the weight of the new.

    r = sigmoid(W_r x + U_r h' + b_r)          reset gate     (h' is h of the step before)
    z = sigmoid(W_z x + U_z h' + b_z)          update gate
    n = tanh(W_n x + U_n (r h') + b_n)         candidate
    h = (1 - z) h' + z n

Source: cho2014 (Eqs. 5, 6 and 8, the biases added), with z written as in colah2015: there z weighs the
candidate, in Eq. 7 of cho2014 it weighs h'. As 1 - sigmoid(a) = sigmoid(-a), negating W_z, U_z and b_z turns
one into the other.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from lstmref import check, reset_before
from lstmref.activations import sigmoid, sigmoid_slope, tanh_slope
from lstmref.check import Array, Given, Parameters
from lstmref.results import HiddenSequence, HiddenStep

STATES = ("h",)


class StepCache(NamedTuple):
    """What `step_backward` needs of one step."""

    params: dict[str, Array]
    x: Array  # (B, D)
    h_prev: Array  # (B, H)
    r: Array  # (B, H)
    z: Array  # (B, H)
    n: Array  # (B, H)


class SequenceCache(NamedTuple):
    """What `backward` needs of a sequence."""

    run: reset_before.Run


def parameter_shapes(D: int, H: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes for D inputs and H hidden units: W_* (H, D), U_* (H, H), b_* (H,) for r, z, n.

    Raises ShapeError or KindError unless D and H are whole numbers >= 0.

    >>> shapes = parameter_shapes(D=3, H=4)
    >>> len(shapes), shapes["W_r"], shapes["U_z"], shapes["b_n"]
    (9, (4, 3), (4, 4), (4,))
    """
    return reset_before.shapes(D, H)


def step_forward(params: Parameters, x: Given, h_prev: Given) -> tuple[HiddenStep, StepCache]:
    """One step; the equations stand at the head of the module.

    params: see `parameter_shapes`; x: (B, D); h_prev: (B, H).
    Dtypes: float16 (read as float32), float32, float64, longdouble or complex128; one for all.
    Returns h (B, H) and the cache for `step_backward`.
    Raises ShapeError, NameSetError, KindError, NotFiniteError.
    Source: cho2014 (Eqs. 5, 6, 8); colah2015.

    With all parameters zero z = 1/2 and n = 0, so h = h'/2:

    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(D=1, H=1).items()}
    >>> outputs, cache = step_forward(params, np.ones((1, 1)), np.array([[3.0]]))
    >>> float(outputs.h[0, 0])
    1.5
    """
    p, x, (h_prev,) = check.step(parameter_shapes, params, x, h_prev=h_prev)
    # (B, D) (D, H) + (B, H) (H, H) + (H,) -> (B, H)
    r = sigmoid(x @ p["W_r"].T + h_prev @ p["U_r"].T + p["b_r"])
    z = sigmoid(x @ p["W_z"].T + h_prev @ p["U_z"].T + p["b_z"])  # (B, H)
    n = np.tanh(x @ p["W_n"].T + (r * h_prev) @ p["U_n"].T + p["b_n"])  # (B, H)
    h = (1 - z) * h_prev + z * n  # (B, H)
    return HiddenStep(h), StepCache(p, x, h_prev, r, z, n)


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
    >>> float(step_backward({"h": np.array([[1.0]])}, cache)["h_prev"][0, 0])  # 1 - z = 1/2
    0.5
    """
    p, x, h_prev, r, z, n = check.cache(cache, StepCache)
    dh = check.cotangents(cotangents, {"h": n})["h"]  # (B, H)
    dz = dh * (n - h_prev)  # (B, H), these two from h = (1 - z) h' + z n
    dn = dh * z  # (B, H)
    da_n = dn * tanh_slope(n)  # (B, H)
    d_rh = da_n @ p["U_n"]  # (B, H) (H, H) -> (B, H), cotangent of r h'
    dr = d_rh * h_prev  # (B, H)
    da_r = dr * sigmoid_slope(r)  # (B, H)
    da_z = dz * sigmoid_slope(z)  # (B, H)
    return {
        "x": da_r @ p["W_r"] + da_z @ p["W_z"] + da_n @ p["W_n"],  # (B, H) (H, D) -> (B, D)
        # h' is used four times: kept by 1 - z, reset by r, and read by both gates.
        "h_prev": dh * (1 - z) + d_rh * r + da_r @ p["U_r"] + da_z @ p["U_z"],  # (B, H)
        "W_r": da_r.T @ x,  # (H, B) (B, D) -> (H, D)
        "W_z": da_z.T @ x,
        "W_n": da_n.T @ x,
        "U_r": da_r.T @ h_prev,  # (H, B) (B, H) -> (H, H)
        "U_z": da_z.T @ h_prev,
        "U_n": da_n.T @ (r * h_prev),  # U_n met r h', not h'
        "b_r": da_r.sum(axis=0),  # (H,)
        "b_z": da_z.sum(axis=0),
        "b_n": da_n.sum(axis=0),
    }


def forward(params: Parameters, x: Given, h_0: Given) -> tuple[HiddenSequence, SequenceCache]:
    """T steps from h_0.

    params: see `parameter_shapes`; x: (T, B, D), T = 0 and B = 0 allowed; h_0: (B, H).
    Dtypes: float16 (read as float32), float32, float64, longdouble or complex128; one for all.
    Returns h (T, B, H), h_T (B, H) and the cache for `backward`.
    Raises ShapeError, NameSetError, KindError, NotFiniteError.
    Source: cho2014 (Eqs. 5, 6, 8); colah2015.

    >>> params = {name: np.ones(shape) for name, shape in parameter_shapes(D=3, H=4).items()}
    >>> outputs, cache = forward(params, np.zeros((5, 2, 3)), np.zeros((2, 4)))
    >>> outputs.h.shape, outputs.h_T.shape
    ((5, 2, 4), (2, 4))
    """
    outputs, run = reset_before.forward(reset_before.Z_OF_THE_NEW, params, x, h_0)
    return outputs, SequenceCache(run)


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
    >>> float(backward({"h_T": np.ones((1, 1))}, cache)["h_0"][0, 0])  # (1 - z_1) (1 - z_2) = 1/4
    0.25
    """
    return reset_before.backward(reset_before.Z_OF_THE_NEW, cotangents, check.cache(cache, SequenceCache).run)
