"""MUT3, a cell found by search: a GRU whose update gate sees the state through tanh.

    z = sigmoid(W_z x + U_z tanh(h') + b_z)    update gate    (h' is h of the step before)
    r = sigmoid(W_r x + U_r h' + b_r)          reset gate
    n = tanh(U_n (r h') + W_n x + b_n)         candidate
    h = n z + h' (1 - z)

Source:
    jozefowicz2015 (MUT3; there W_x* and W_h* are what here is W_* and U_*, and W_xh, W_hh, b_h are W_n, U_n,
    b_n).

Examples:
    With all parameters zero z = 1/2 and n = 0, so h = h'/2:

    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(D=1, H=1).items()}
    >>> outputs, cache = step_forward(params, x=np.ones((1, 1)), h_prev=np.array([[3.0]]))
    >>> gradients = step_backward({"h": np.ones((1, 1))}, cache)
    >>> float(outputs.h[0, 0]), float(gradients["h_prev"][0, 0])
    (1.5, 0.5)
    >>> bool(gradients["U_z"][0, 0] == -3 / 4 * np.tanh(3))  # (n - h') z (1 - z), times what U_z met
    True
    >>> outputs, cache = forward(params, x=np.ones((2, 1, 1)), h_0=np.ones((1, 1)))
    >>> float(backward({"h_T": np.ones((1, 1))}, cache)["h_0"][0, 0])  # 1/2 twice
    0.25
"""

from typing import NamedTuple

import numpy as np

from lstmref import parameters, sequence, step
from lstmref.activations import sigmoid, sigmoid_slope, tanh_slope
from lstmref.check import Array
from lstmref.layout import Layout

LAYOUT = Layout(inputs={"x": ("D",)}, states={"h": ("H",)}, outputs={"h": ("H",)})
STATES = tuple(LAYOUT.states)


class StepCache(NamedTuple):
    """What `step_backward` needs of one step: params by name, x (B, D), all others (B, H); s is tanh(h_prev)."""

    params: dict[str, Array]
    x: Array
    h_prev: Array
    z: Array
    r: Array
    n: Array
    s: Array


def parameter_shapes(D: int, H: int) -> dict[str, tuple[int, ...]]:
    """W_* (H, D), U_* (H, H), b_* (H,) for z, r, n; errors as in `lstmref.parameters.gates`.

    Examples:
        >>> parameter_shapes(D=3, H=4)["W_z"]
        (4, 3)
    """
    return parameters.gates("zrn", D, H)


@step.forward(LAYOUT, parameter_shapes)
def step_forward(params: dict[str, Array], x: Array, h_prev: Array) -> tuple[tuple[Array], StepCache]:
    """One step.

    Args:
        params: see `parameter_shapes`.
        x: (B, D).
        h_prev: (B, H).

    Returns:
        h (B, H), and the cache for `step_backward`.

    Dtypes:
        One for all.
    """
    p = params
    s = np.tanh(h_prev)
    z = sigmoid(x @ p["W_z"].T + s @ p["U_z"].T + p["b_z"])  # (B, D) (D, H) + (B, H) (H, H) + (H,) -> (B, H)
    r = sigmoid(x @ p["W_r"].T + h_prev @ p["U_r"].T + p["b_r"])
    n = np.tanh((r * h_prev) @ p["U_n"].T + x @ p["W_n"].T + p["b_n"])
    h = n * z + h_prev * (1 - z)
    return (h,), StepCache(p, x, h_prev, z, r, n, s)


@step.backward(LAYOUT, StepCache)
def step_backward(cotangents: dict[str, Array], cache: StepCache) -> dict[str, Array]:
    """Gradients by the chain rule.

    Args:
        cotangents: h (B, H), by name.
        cache: from `step_forward`.

    Dtypes:
        That of the step.
    """
    p, x, h_prev, z, r, n, s = cache
    dh = cotangents["h"]
    da_n = dh * z * tanh_slope(n)  # (B, H); as da_z from h = n z + h' (1 - z)
    da_z = dh * (n - h_prev) * sigmoid_slope(z)
    d_rh = da_n @ p["U_n"]  # (B, H) (H, H) -> (B, H), cotangent of r h'
    da_r = d_rh * h_prev * sigmoid_slope(r)
    return {
        "x": da_z @ p["W_z"] + da_r @ p["W_r"] + da_n @ p["W_n"],  # (B, H) (H, D) -> (B, D)
        # h' is used four times: kept by 1 - z, reset by r, read by r, and through tanh by z.
        "h_prev": dh * (1 - z) + d_rh * r + da_r @ p["U_r"] + (da_z @ p["U_z"]) * tanh_slope(s),  # (B, H)
        "W_z": da_z.T @ x,  # (H, B) (B, D) -> (H, D)
        "W_r": da_r.T @ x,
        "W_n": da_n.T @ x,
        "U_z": da_z.T @ s,  # (H, B) (B, H) -> (H, H); U_z met tanh(h')
        "U_r": da_r.T @ h_prev,
        "U_n": da_n.T @ (r * h_prev),  # U_n met r h', not h'
        "b_z": da_z.sum(axis=0),  # (H,)
        "b_r": da_r.sum(axis=0),
        "b_n": da_n.sum(axis=0),
    }


forward, backward = sequence.passes(__name__)
