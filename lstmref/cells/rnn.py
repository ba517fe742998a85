"""The simple recurrent network of Elman.

    h = tanh(W x + U h' + b)          (h' is h of the step before)

Source: elman1990 (the network with context units, Fig. 2); tanh in place of its logistic units.

Backward, with dh the cotangent of h and `a` the pre-activation:

    da = dh (1 - h**2),   dx = W^T da,   dh' = U^T da,   dW = da x^T,   dU = da h'^T,   db = da
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from lstmref import check
from lstmref.activations import tanh_slope
from lstmref.affine import WeightGradient, bias_gradient, project, project_back, with_one
from lstmref.alignment import aligned, copied
from lstmref.check import Array, Given, Parameters
from lstmref.products import times
from lstmref.results import HiddenSequence, HiddenStep
from lstmref.stacking import stack
from lstmref.walk import backward_chunk, backwards, block_length, cut, forward_chunk

STATES = ("h",)


class StepCache(NamedTuple):
    """What `step_backward` needs of one step."""

    params: dict[str, Array]
    x: Array  # (B, D)
    h_prev: Array  # (B, H)
    h: Array  # (B, H)


class SequenceCache(NamedTuple):
    """What `backward` needs of a sequence; states[t] is h before step t."""

    x: Array  # (T, B, D + 1), the last input 1
    W: Array  # (H, D + 1), the last column b
    U: Array  # (H, H)
    states: Array  # (T + 1, B, H)


def parameter_shapes(D: int, H: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the parameters for D inputs and H hidden units.

    Raises ShapeError or KindError unless D and H are whole numbers >= 0.

    >>> parameter_shapes(D=3, H=4)
    {'W': (4, 3), 'U': (4, 4), 'b': (4,)}
    """
    D, H = check.size("D", D), check.size("H", H)
    return {"W": (H, D), "U": (H, H), "b": (H,)}


def step_forward(params: Parameters, x: Given, h_prev: Given) -> tuple[HiddenStep, StepCache]:
    """One step, h = tanh(x W^T + h' U^T + b).

    params: see `parameter_shapes`; x: (B, D); h_prev: (B, H).
    Dtypes: float16 (read as float32), float32, float64, longdouble or complex128; one for all.
    Returns h (B, H) and the cache for `step_backward`.
    Raises ShapeError, NameSetError, KindError, NotFiniteError.
    Source: elman1990.

    >>> params = {"W": np.ones((1, 1)), "U": np.zeros((1, 1)), "b": np.zeros(1)}
    >>> outputs, cache = step_forward(params, np.array([[0.5]]), np.zeros((1, 1)))
    >>> bool(outputs.h[0, 0] == np.tanh(0.5))
    True
    """
    p, x, (h_prev,) = check.step(parameter_shapes, params, x, h_prev=h_prev)
    a = x @ p["W"].T + h_prev @ p["U"].T + p["b"]  # (B, H)
    h = np.tanh(a)  # (B, H)
    return HiddenStep(h.copy()), StepCache(p, x, h_prev, h)


def step_backward(cotangents: Mapping[str, Given], cache: StepCache) -> dict[str, Array]:
    """Gradients of one step.

    cotangents: "h" (B, H), zero if absent.
    Dtypes: that of the forward pass.
    Returns "x" (B, D), "h_prev" (B, H), "W" (H, D), "U" (H, H), "b" (H,); weights are summed over the batch.
    For complex128 these are derivatives of a holomorphic function: nothing is conjugated.
    Raises ShapeError, NameSetError, KindError, NotFiniteError.
    Source: the chain rule; see the head of the module.

    >>> params = {"W": np.zeros((1, 1)), "U": np.array([[0.5]]), "b": np.zeros(1)}
    >>> outputs, cache = step_forward(params, np.ones((1, 1)), np.zeros((1, 1)))
    >>> float(step_backward({"h": np.ones((1, 1))}, cache)["h_prev"][0, 0])  # U, for tanh(0) has the slope 1
    0.5
    """
    p, x, h_prev, h = check.cache(cache, StepCache)
    dh = check.cotangents(cotangents, {"h": h})["h"]  # (B, H)
    da = dh * tanh_slope(h)  # (B, H)
    return {
        "x": da @ p["W"],  # (B, H) (H, D) -> (B, D)
        "h_prev": da @ p["U"],  # (B, H) (H, H) -> (B, H)
        "W": da.T @ x,  # (H, B) (B, D) -> (H, D)
        "U": da.T @ h_prev,  # (H, B) (B, H) -> (H, H)
        "b": da.sum(axis=0),  # (H,)
    }


def forward(params: Parameters, x: Given, h_0: Given) -> tuple[HiddenSequence, SequenceCache]:
    """T steps from h_0.

    params: see `parameter_shapes`; x: (T, B, D), T = 0 and B = 0 allowed; h_0: (B, H).
    Dtypes: float16 (read as float32), float32, float64, longdouble or complex128; one for all.
    Returns h (T, B, H), h_T (B, H) and the cache for `backward`.
    Raises ShapeError, NameSetError, KindError, NotFiniteError.
    Source: elman1990.

    >>> params = {name: np.ones(shape) for name, shape in parameter_shapes(D=3, H=4).items()}
    >>> outputs, cache = forward(params, np.zeros((5, 2, 3)), np.zeros((2, 4)))
    >>> outputs.h.shape, outputs.h_T.shape
    ((5, 2, 4), (2, 4))
    """
    p, x, (h_0,) = check.sequence(parameter_shapes, params, x, h_0=h_0)
    (B, H), dtype = h_0.shape, x.dtype
    x, W, U = with_one(x), stack(p, (1.0,), ["W"], ["b"]), stack(p, (1.0,), ["U"])
    T, per_chunk = len(x), forward_chunk(len(x), B)
    W_x = aligned((per_chunk, B, H), dtype)  # the input's part of the pre-activations of a chunk
    states = aligned((T + 1, B, H), dtype)
    states[0] = h_0
    recur, from_h = times(U.T, B), aligned((B, H), dtype)
    add, tanh = np.add, np.tanh
    for chunk in cut(T, per_chunk):
        a_x = project(x[chunk], W, W_x)
        for a, h, h_next in zip(a_x, states[:-1][chunk], states[1:][chunk], strict=True):
            recur(h, from_h)
            add(a, from_h, from_h)
            tanh(from_h, h_next)
    return HiddenSequence(states[1:].copy(), states[T].copy()), SequenceCache(x, W, U, states)


def backward(cotangents: Mapping[str, Given], cache: SequenceCache) -> dict[str, Array]:
    """Gradients of T steps: backpropagation through time.

    cotangents: "h" (T, B, H) on every h_t and "h_T" (B, H) on the last; each is zero if absent, their effects
    add up.
    Dtypes: that of the forward pass.
    Returns "x" (T, B, D), "h_0" (B, H), "W" (H, D), "U" (H, H), "b" (H,), summed over time and batch. For
    complex128 nothing is conjugated.
    Raises ShapeError, NameSetError, KindError, NotFiniteError.
    Source: the chain rule; see the head of the module.

    >>> params = {"W": np.zeros((1, 1)), "U": np.array([[0.5]]), "b": np.zeros(1)}
    >>> outputs, cache = forward(params, np.ones((2, 1, 1)), np.zeros((1, 1)))
    >>> float(backward({"h_T": np.ones((1, 1))}, cache)["h_0"][0, 0])  # U twice, for tanh(0) has the slope 1
    0.25
    """
    x, W, U, states = check.cache(cache, SequenceCache)
    given = check.cotangents(cotangents, {"h": states[1:], "h_T": states[0]})
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
