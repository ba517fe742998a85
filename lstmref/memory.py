"""Sequence passes of the cells with a gated memory c: the LSTM, and its variant with a linear output.

    i, f, o = sigmoid(W x + U h' + b),   g = tanh(W x + U h' + b)
    c = f c' + i g,   s = squash(c),   h = o s

The cells differ in `squash` alone, so both share these loops; their step functions spell everything out
instead. The four gates are rows of one stacked matrix, in the order i, f, o, g: one product a step.
"""

from collections.abc import Callable, Mapping
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
from lstmref.results import MemorySequence

W_NAMES = ("W_i", "W_f", "W_o", "W_g")
U_NAMES = ("U_i", "U_f", "U_o", "U_g")
B_NAMES = ("b_i", "b_f", "b_o", "b_g")


class Squash(NamedTuple):
    """The output function of the memory, and its transposed derivative stated through its value s."""

    value: Callable[[Array], Array]  # c (B, H) -> s (B, H)
    pull_back: Callable[[Array, Array], Array]  # ds (B, H), s (B, H) -> its share of dc (B, H)


class Run(NamedTuple):
    """What a sequence leaves for the backward pass; h[t] and c[t] are the states before step t."""

    x: Array  # (T, B, D)
    W: Array  # (4H, D)
    U: Array  # (4H, H)
    ifog: Array  # (T, B, 4H), the gates after their activation
    h: Array  # (T + 1, B, H)
    c: Array  # (T + 1, B, H)
    s: Array  # (T, B, H)


def shapes(D: int, H: int) -> dict[str, tuple[int, ...]]:
    """The parameter shapes of these cells; errors as in `lstm.parameter_shapes`.

    >>> shapes(D=3, H=4)["U_f"]
    (4, 4)
    """
    return gate_shapes(D, H, W_NAMES, U_NAMES, B_NAMES)


def forward(
    squash: Squash, params: Parameters, x: Given, h_0: Given, c_0: Given
) -> tuple[MemorySequence, Run]:
    """T steps from h_0, c_0; shapes, dtypes and errors as in `lstm.forward`.

    >>> from lstmref.lstm import TANH
    >>> params = {name: np.zeros(shape) for name, shape in shapes(D=1, H=1).items()}
    >>> outputs, run = forward(TANH, params, np.ones((2, 1, 1)), np.zeros((1, 1)), np.ones((1, 1)))
    >>> float(outputs.c_T[0, 0])  # f_1 f_2 = 1/4
    0.25
    """
    p, x, (h_0, c_0) = check.sequence(shapes, params, x, h_0=h_0, c_0=c_0)
    x = check.own(x)
    T, H = len(x), h_0.shape[1]
    W, U = stack(p, *W_NAMES), stack(p, *U_NAMES)  # (4H, D), (4H, H)
    ifog = project(x, W, stack(p, *B_NAMES))  # (T, B, 4H), pre-activations, overwritten by the gates
    i, f, o, g = gates(ifog, 4)  # views, (T, B, H) each
    h = np.empty((T + 1, *h_0.shape), x.dtype)
    c = np.empty_like(h)
    s = np.empty_like(h[1:])
    h[0], c[0] = h_0, c_0
    for t in range(T):
        a = ifog[t]  # (B, 4H)
        a += h[t] @ U.T
        sigmoid(a[:, : 3 * H], out=a[:, : 3 * H])
        np.tanh(g[t], out=g[t])
        c[t + 1] = f[t] * c[t] + i[t] * g[t]
        s[t] = squash.value(c[t + 1])
        h[t + 1] = o[t] * s[t]
    return MemorySequence(h[1:].copy(), h[T].copy(), c[T].copy()), Run(x, W, U, ifog, h, c, s)


def backward(squash: Squash, cotangents: Mapping[str, Given], run: Run) -> dict[str, Array]:
    """Gradients of T steps; shapes, dtypes and errors as in `lstm.backward`.

    >>> from lstmref.lstm import TANH
    >>> params = {name: np.zeros(shape) for name, shape in shapes(D=1, H=1).items()}
    >>> outputs, run = forward(TANH, params, np.ones((2, 1, 1)), np.zeros((1, 1)), np.ones((1, 1)))
    >>> float(backward(TANH, {"c_T": np.ones((1, 1))}, run)["c_0"][0, 0])  # f_1 f_2 = 1/4
    0.25
    """
    x, W, U, ifog, h, c, s = run
    given = check.cotangents(cotangents, {"h": h[1:], "h_T": h[0], "c_T": c[0]})
    i, f, o, g = gates(ifog, 4)
    d_ifog = np.empty_like(ifog)  # (T, B, 4H), cotangents of the pre-activations
    da_i, da_f, da_o, da_g = gates(d_ifog, 4)  # views, (T, B, H) each
    dh, dc = check.own(given["h_T"]), check.own(given["c_T"])
    for t in reversed(range(len(x))):
        dh = dh + given["h"][t]  # h_t is used by step t + 1 and by the loss
        dc = dc + squash.pull_back(dh * o[t], s[t])  # c_t is used by step t + 1 and by h_t
        da_i[t] = dc * g[t] * sigmoid_slope(i[t])
        da_f[t] = dc * c[t] * sigmoid_slope(f[t])
        da_o[t] = dh * s[t] * sigmoid_slope(o[t])
        da_g[t] = dc * i[t] * tanh_slope(g[t])
        dh = d_ifog[t] @ U
        dc = dc * f[t]
    return {
        "x": project_back(d_ifog, W),
        "h_0": dh,
        "c_0": dc,
        **unstack(weight_gradient(d_ifog, x), *W_NAMES),
        **unstack(weight_gradient(d_ifog, h[:-1]), *U_NAMES),
        **unstack(bias_gradient(d_ifog), *B_NAMES),
    }
