"""MUT1, a cell found by search: its update gate does not see the state, and x enters the candidate as it is.

    z = sigmoid(W_z x + b_z)                   update gate    (h' is h of the step before)
    r = sigmoid(W_r x + U_r h' + b_r)          reset gate
    n = tanh(U_n (r h') + tanh(x) + b_n)       candidate
    h = n z + h' (1 - z)

Source:
    jozefowicz2015 (MUT1; there W_xz, W_xr, W_hr, W_hh are what here is W_z, W_r, U_r, U_n). As tanh(x) is
    added to what has H entries, x has H as well.

Examples:
    With all parameters zero z = 1/2, so h = tanh(tanh(x))/2 + h'/2:

    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(H=1).items()}
    >>> outputs, cache = step_forward(params, x=np.zeros((1, 1)), h_prev=np.array([[3.0]]))
    >>> gradients = step_backward({"h": np.ones((1, 1))}, cache)
    >>> float(outputs.h[0, 0]), float(gradients["h_prev"][0, 0]), float(gradients["x"][0, 0])
    (1.5, 0.5, 0.5)
    >>> outputs, cache = forward(params, x=np.ones((2, 1, 1)), h_0=np.ones((1, 1)))
    >>> float(backward({"h_T": np.ones((1, 1))}, cache)["h_0"][0, 0])  # 1/2 twice
    0.25
"""

from typing import NamedTuple

import numpy as np

from lstmref import check, sequence, step
from lstmref.activations import sigmoid, sigmoid_slope, tanh_slope
from lstmref.check import Array
from lstmref.layout import Layout

LAYOUT = Layout(inputs={"x": ("H",)}, states={"h": ("H",)}, outputs={"h": ("H",)})
STATES = tuple(LAYOUT.states)


class StepCache(NamedTuple):
    """What `step_backward` needs of one step: params by name, all others (B, H); s is tanh(x)."""

    params: dict[str, Array]
    x: Array
    h_prev: Array
    z: Array
    r: Array
    n: Array
    s: Array


def parameter_shapes(H: int) -> dict[str, tuple[int, ...]]:
    """W_z, W_r, U_r, U_n (H, H); b_z, b_r, b_n (H,).

    Raises:
        ShapeError: unless H is a whole number >= 0.
        KindError: unless H is a whole number >= 0.

    Examples:
        >>> list(parameter_shapes(H=4))
        ['W_z', 'W_r', 'U_r', 'U_n', 'b_z', 'b_r', 'b_n']
    """
    H = check.size("H", H)
    square = dict.fromkeys(("W_z", "W_r", "U_r", "U_n"), (H, H))
    return {**square, **dict.fromkeys(("b_z", "b_r", "b_n"), (H,))}


@step.forward(LAYOUT, parameter_shapes)
def step_forward(params: dict[str, Array], x: Array, h_prev: Array) -> tuple[tuple[Array], StepCache]:
    """One step.

    Args:
        params: see `parameter_shapes`.
        x: (B, H).
        h_prev: (B, H).

    Returns:
        h (B, H), and the cache for `step_backward`.

    Dtypes:
        One for all.
    """
    p = params
    z = sigmoid(x @ p["W_z"].T + p["b_z"])  # (B, H) (H, H) + (H,) -> (B, H)
    r = sigmoid(x @ p["W_r"].T + h_prev @ p["U_r"].T + p["b_r"])
    s = np.tanh(x)
    n = np.tanh((r * h_prev) @ p["U_n"].T + s + p["b_n"])
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
        # x is used three times: by both gates, and through tanh by the candidate.
        "x": da_z @ p["W_z"] + da_r @ p["W_r"] + da_n * tanh_slope(s),  # (B, H)
        "h_prev": dh * (1 - z) + d_rh * r + da_r @ p["U_r"],  # (B, H); the update gate has not seen it
        "W_z": da_z.T @ x,  # (H, B) (B, H) -> (H, H)
        "W_r": da_r.T @ x,
        "U_r": da_r.T @ h_prev,
        "U_n": da_n.T @ (r * h_prev),  # U_n met r h', not h'
        "b_z": da_z.sum(axis=0),  # (H,)
        "b_r": da_r.sum(axis=0),
        "b_n": da_n.sum(axis=0),
    }


forward, backward = sequence.passes(__name__)
