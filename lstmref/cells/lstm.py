"""The LSTM with a forget gate, without peepholes.

    i = sigmoid(W_i x + U_i h' + b_i)     input gate         (h' and c' are of the step before)
    f = sigmoid(W_f x + U_f h' + b_f)     forget gate
    o = sigmoid(W_o x + U_o h' + b_o)     output gate
    g = tanh(W_g x + U_g h' + b_g)        candidate
    c = f c' + i g
    h = o tanh(c)

Source: hochreiter1997 (the memory cell, its input and output gate), gers2000 (the forget gate), greff2017
(Sect. II-A, with the peepholes left out: the variant NP of Sect. III; it calls g the block input z).

Backward (greff2017, Sect. II-B): what reaches c is dc = dh o (1 - tanh(c)**2) + dc_later, where dc_later = f
dc of the step after or, at the end, the cotangent of c_T.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from lstmref import check, memory
from lstmref.activations import sigmoid, sigmoid_slope, tanh_slope
from lstmref.check import Array, Given, Parameters
from lstmref.results import MemorySequence, MemoryStep

STATES = ("h", "c")


def _slope(o: Array, h: Array, s: Array, out: Array) -> None:
    """o (1 - s**2), as h = o s."""
    np.multiply(h, s, out=out)
    np.subtract(o, out, out=out)


TANH = memory.Squash(linear=False, value=np.tanh, slope=_slope)


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
    s: Array  # (B, H), tanh(c)


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
    Source: gers2000; greff2017 (Sect. II-A, without peepholes).

    With all parameters zero the gates are 1/2 and the candidate 0, so c = c'/2 and h = tanh(c)/2:

    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(D=1, H=1).items()}
    >>> outputs, cache = step_forward(params, np.ones((1, 1)), np.ones((1, 1)), np.array([[2.0]]))
    >>> float(outputs.c[0, 0]), bool(outputs.h[0, 0] == np.tanh(1.0) / 2)
    (1.0, True)
    """
    p, x, (h_prev, c_prev) = check.step(parameter_shapes, params, x, h_prev=h_prev, c_prev=c_prev)
    # (B, D) (D, H) + (B, H) (H, H) + (H,) -> (B, H)
    i = sigmoid(x @ p["W_i"].T + h_prev @ p["U_i"].T + p["b_i"])
    f = sigmoid(x @ p["W_f"].T + h_prev @ p["U_f"].T + p["b_f"])  # (B, H)
    o = sigmoid(x @ p["W_o"].T + h_prev @ p["U_o"].T + p["b_o"])  # (B, H)
    g = np.tanh(x @ p["W_g"].T + h_prev @ p["U_g"].T + p["b_g"])  # (B, H)
    c = f * c_prev + i * g  # (B, H)
    s = np.tanh(c)  # (B, H)
    h = o * s  # (B, H)
    return MemoryStep(h, c), StepCache(p, x, h_prev, c_prev, i, f, o, g, s)


def step_backward(cotangents: Mapping[str, Given], cache: StepCache) -> dict[str, Array]:
    """Gradients of one step.

    cotangents: "h", "c" (B, H), each zero if absent.
    Dtypes: that of the forward pass.
    Returns "x" (B, D), "h_prev", "c_prev" (B, H) and every parameter's name, summed over the batch. For
    complex128 these are derivatives of a holomorphic function: nothing is conjugated.
    Raises ShapeError, NameSetError, KindError, NotFiniteError.
    Source: the chain rule; greff2017 (Sect. II-B, without peepholes).

    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(D=1, H=1).items()}
    >>> outputs, cache = step_forward(params, np.ones((1, 1)), np.ones((1, 1)), np.array([[2.0]]))
    >>> float(step_backward({"c": np.array([[1.0]])}, cache)["c_prev"][0, 0])  # f = 1/2
    0.5
    """
    p, x, h_prev, c_prev, i, f, o, g, s = check.cache(cache, StepCache)
    given = check.cotangents(cotangents, {"h": s, "c": s})
    dh = given["h"]  # (B, H)
    do = dh * s  # (B, H), from h = o s
    dc = dh * o * tanh_slope(s) + given["c"]  # (B, H), from h = o tanh(c), and from what comes after the step
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
    Source: gers2000; greff2017 (Sect. II-A, without peepholes).

    >>> params = {name: np.ones(shape) for name, shape in parameter_shapes(D=3, H=4).items()}
    >>> outputs, cache = forward(params, np.zeros((5, 2, 3)), np.zeros((2, 4)), np.zeros((2, 4)))
    >>> outputs.h.shape, outputs.h_T.shape, outputs.c_T.shape
    ((5, 2, 4), (2, 4), (2, 4))
    """
    outputs, run = memory.forward(TANH, params, x, h_0, c_0)
    return outputs, SequenceCache(run)


def backward(cotangents: Mapping[str, Given], cache: SequenceCache) -> dict[str, Array]:
    """Gradients of T steps: backpropagation through time.

    cotangents: "h" (T, B, H) on every h_t, "h_T" and "c_T" (B, H) on the final states; each is zero if
    absent, and those of h and h_T add up.
    Dtypes: that of the forward pass.
    Returns "x" (T, B, D), "h_0", "c_0" (B, H) and every parameter's name, summed over time and batch. For
    complex128 nothing is conjugated.
    Raises ShapeError, NameSetError, KindError, NotFiniteError.
    Source: the chain rule; greff2017 (Sect. II-B, without peepholes).

    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(D=1, H=1).items()}
    >>> outputs, cache = forward(params, np.ones((2, 1, 1)), np.zeros((1, 1)), np.zeros((1, 1)))
    >>> float(backward({"c_T": np.ones((1, 1))}, cache)["c_0"][0, 0])  # f_1 f_2 = 1/4
    0.25
    """
    return memory.backward(TANH, cotangents, check.cache(cache, SequenceCache).run)
