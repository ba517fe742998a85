"""The LSTM whose output is linear in the memory: h = o c, with no tanh.

    i = sigmoid(W_i x + U_i h' + b_i)     input gate         (h' and c' are of the step before)
    f = sigmoid(W_f x + U_f h' + b_f)     forget gate
    o = sigmoid(W_o x + U_o h' + b_o)     output gate
    g = tanh(W_g x + U_g h' + b_g)        candidate
    c = f c' + i g
    h = o c

Source: nicodjimenez-lstm, which calls c the state s and stacks [x; h']. In the terms of greff2017 (Sect.
III) it is the variant without output activation function (NOAF) and without peepholes (NP).

Backward: what reaches c is dc = o dh + dc_later, the `ds = o * top_diff_h + top_diff_s` of
nicodjimenez-lstm. There is no factor 1 - tanh(c)**2, because there is no tanh; in the usual LSTM there is
one.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from lstmref import check, memory
from lstmref.activations import sigmoid, sigmoid_slope, tanh_slope
from lstmref.check import Array, Given, Parameters
from lstmref.results import MemorySequence, MemoryStep

STATES = ("h", "c")
IDENTITY = memory.Squash(
    linear=True, value=lambda c, out: np.copyto(out, c), slope=lambda o, h, s, out: np.copyto(out, o)
)


class StepCache(NamedTuple):
    """What `step_backward` needs of one step."""

    params: dict[str, Array]
    x: Array  # (B, D)
    h_prev: Array  # (B, H)
    c_prev: Array  # (B, H)
    i: Array  # (B, H)
    f: Array  # (B, H)
    o: Array  # (B, H)
    g: Array  # (B, H)
    c: Array  # (B, H)


class SequenceCache(NamedTuple):
    """What `backward` needs of a sequence."""

    run: memory.Run


def parameter_shapes(D: int, H: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes for D inputs and H hidden units: W_* (H, D), U_* (H, H), b_* (H,) for i, f, o, g.

    Raises ShapeError or KindError unless D and H are whole numbers >= 0.

    >>> shapes = parameter_shapes(D=3, H=4)
    >>> len(shapes), shapes["W_i"], shapes["U_f"], shapes["b_g"]
    (12, (4, 3), (4, 4), (4,))
    """
    return memory.shapes(D, H)


def step_forward(params: Parameters, x: Given, h_prev: Given, c_prev: Given) -> tuple[MemoryStep, StepCache]:
    """One step; the equations stand at the head of the module.

    params: see `parameter_shapes`; x: (B, D); h_prev, c_prev: (B, H).
    Dtypes: float16 (read as float32), float32, float64, longdouble or complex128; one for all.
    Returns h, c (B, H) and the cache for `step_backward`.
    Raises ShapeError, NameSetError, KindError, NotFiniteError.
    Source: nicodjimenez-lstm.

    With all parameters zero the gates are 1/2 and the candidate 0, so c = c'/2 and h = c/2:

    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(D=1, H=1).items()}
    >>> outputs, cache = step_forward(params, np.ones((1, 1)), np.ones((1, 1)), np.array([[2.0]]))
    >>> float(outputs.c[0, 0]), float(outputs.h[0, 0])
    (1.0, 0.5)
    """
    p, x, (h_prev, c_prev) = check.step(parameter_shapes, params, x, h_prev=h_prev, c_prev=c_prev)
    # (B, D) (D, H) + (B, H) (H, H) + (H,) -> (B, H)
    i = sigmoid(x @ p["W_i"].T + h_prev @ p["U_i"].T + p["b_i"])
    f = sigmoid(x @ p["W_f"].T + h_prev @ p["U_f"].T + p["b_f"])  # (B, H)
    o = sigmoid(x @ p["W_o"].T + h_prev @ p["U_o"].T + p["b_o"])  # (B, H)
    g = np.tanh(x @ p["W_g"].T + h_prev @ p["U_g"].T + p["b_g"])  # (B, H)
    c = f * c_prev + i * g  # (B, H)
    h = o * c  # (B, H)
    return MemoryStep(h, c.copy()), StepCache(p, x, h_prev, c_prev, i, f, o, g, c)


def step_backward(cotangents: Mapping[str, Given], cache: StepCache) -> dict[str, Array]:
    """Gradients of one step.

    cotangents: "h", "c" (B, H), each zero if absent.
    Dtypes: that of the forward pass.
    Returns "x" (B, D), "h_prev", "c_prev" (B, H) and every parameter's name, summed over the batch. For
    complex128 these are derivatives of a holomorphic function: nothing is conjugated.
    Raises ShapeError, NameSetError, KindError, NotFiniteError.
    Source: the chain rule; nicodjimenez-lstm (`top_diff_is`).

    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(D=1, H=1).items()}
    >>> outputs, cache = step_forward(params, np.ones((1, 1)), np.ones((1, 1)), np.array([[2.0]]))
    >>> float(step_backward({"h": np.array([[1.0]])}, cache)["c_prev"][0, 0])  # f o = 1/4
    0.25
    """
    p, x, h_prev, c_prev, i, f, o, g, c = check.cache(cache, StepCache)
    given = check.cotangents(cotangents, {"h": c, "c": c})
    dh = given["h"]  # (B, H)
    do = dh * c  # (B, H), from h = o c
    dc = o * dh + given["c"]  # (B, H), from h = o c, and from what comes after the step
    di = dc * g  # (B, H), these four from c = f c' + i g
    df = dc * c_prev  # (B, H)
    dg = dc * i  # (B, H)
    dc_prev = dc * f  # (B, H)
    da = {  # cotangents of the pre-activations, (B, H) each
        "i": di * sigmoid_slope(i),
        "f": df * sigmoid_slope(f),
        "o": do * sigmoid_slope(o),
        "g": dg * tanh_slope(g),
    }
    dx, dh_prev = np.zeros_like(x), np.zeros_like(h_prev)  # (B, D), (B, H)
    gradients = {"x": dx, "h_prev": dh_prev, "c_prev": dc_prev}
    for gate, da_gate in da.items():
        dx += da_gate @ p[f"W_{gate}"]  # (B, H) (H, D) -> (B, D)
        dh_prev += da_gate @ p[f"U_{gate}"]  # (B, H) (H, H) -> (B, H)
        gradients[f"W_{gate}"] = da_gate.T @ x  # (H, B) (B, D) -> (H, D)
        gradients[f"U_{gate}"] = da_gate.T @ h_prev  # (H, B) (B, H) -> (H, H)
        gradients[f"b_{gate}"] = da_gate.sum(axis=0)  # (H,)
    return gradients


def forward(params: Parameters, x: Given, h_0: Given, c_0: Given) -> tuple[MemorySequence, SequenceCache]:
    """T steps from h_0 and c_0.

    params: see `parameter_shapes`; x: (T, B, D), T = 0 and B = 0 allowed; h_0, c_0: (B, H).
    Dtypes: float16 (read as float32), float32, float64, longdouble or complex128; one for all.
    Returns h (T, B, H), h_T, c_T (B, H) and the cache for `backward`.
    Raises ShapeError, NameSetError, KindError, NotFiniteError.
    Source: nicodjimenez-lstm.

    >>> params = {name: np.ones(shape) for name, shape in parameter_shapes(D=3, H=4).items()}
    >>> outputs, cache = forward(params, np.zeros((5, 2, 3)), np.zeros((2, 4)), np.zeros((2, 4)))
    >>> outputs.h.shape, outputs.h_T.shape, outputs.c_T.shape
    ((5, 2, 4), (2, 4), (2, 4))
    """
    outputs, run = memory.forward(IDENTITY, params, x, h_0, c_0)
    return outputs, SequenceCache(run)


def backward(cotangents: Mapping[str, Given], cache: SequenceCache) -> dict[str, Array]:
    """Gradients of T steps: backpropagation through time.

    cotangents: "h" (T, B, H) on every h_t, "h_T" and "c_T" (B, H) on the final states; each is zero if
    absent, and those of h and h_T add up.
    Dtypes: that of the forward pass.
    Returns "x" (T, B, D), "h_0", "c_0" (B, H) and every parameter's name, summed over time and batch. For
    complex128 nothing is conjugated.
    Raises ShapeError, NameSetError, KindError, NotFiniteError.
    Source: the chain rule; nicodjimenez-lstm (`top_diff_is`).

    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(D=1, H=1).items()}
    >>> outputs, cache = forward(params, np.ones((2, 1, 1)), np.zeros((1, 1)), np.zeros((1, 1)))
    >>> float(backward({"c_T": np.ones((1, 1))}, cache)["c_0"][0, 0])  # f_1 f_2 = 1/4
    0.25
    """
    return memory.backward(IDENTITY, cotangents, check.cache(cache, SequenceCache).run)
