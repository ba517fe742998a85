"""MUT2, found by a search over architectures: x enters the reset gate as it is, so it has as many entries as h.

    z = sigmoid(W_z x + U_z h' + b_z)          update gate    (h' is h of the step before)
    r = sigmoid(x + U_r h' + b_r)              reset gate
    n = tanh(U_n (r h') + W_n x + b_n)         candidate
    h = n z + h' (1 - z)

Source:
    jozefowicz2015 (Sect. 3.4, MUT2; it writes W_x* for W_*, W_h* for U_*, and W_hh, b_h for U_n, b_n).

Examples:
    With all parameters zero z = 1/2 and n = 0, so h = h'/2:

    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(H=1).items()}
    >>> outputs, cache = step_forward(params, x=np.ones((1, 1)), h_prev=np.array([[3.0]]))
    >>> float(outputs.h[0, 0]), float(step_backward({"h": np.ones((1, 1))}, cache)["h_prev"][0, 0])
    (1.5, 0.5)
    >>> outputs, cache = forward(params, x=np.ones((2, 1, 1)), h_0=np.ones((1, 1)))
    >>> float(outputs.h_T[0, 0]), float(backward({"h_T": np.ones((1, 1))}, cache)["h_0"][0, 0])  # 1/2 twice
    (0.25, 0.25)
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
    """What `step_backward` needs of one step: params by name, all others (B, H)."""

    params: dict[str, Array]
    x: Array
    h_prev: Array
    z: Array
    r: Array
    n: Array


def parameter_shapes(H: int) -> dict[str, tuple[int, ...]]:
    """W_z, W_n, U_z, U_r, U_n (H, H); b_z, b_r, b_n (H,).

    Raises:
        ShapeError: unless H is a whole number >= 0.
        KindError: unless H is a whole number >= 0.

    Examples:
        >>> list(parameter_shapes(H=4))
        ['W_z', 'W_n', 'U_z', 'U_r', 'U_n', 'b_z', 'b_r', 'b_n']
    """
    H = check.size("H", H)
    square = dict.fromkeys(("W_z", "W_n", "U_z", "U_r", "U_n"), (H, H))  # x enters r as it is: no W_r
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
    z = sigmoid(x @ p["W_z"].T + h_prev @ p["U_z"].T + p["b_z"])  # (B, H) (H, H) + … + (H,) -> (B, H)
    r = sigmoid(x + h_prev @ p["U_r"].T + p["b_r"])
    n = np.tanh((r * h_prev) @ p["U_n"].T + x @ p["W_n"].T + p["b_n"])
    return (n * z + h_prev * (1 - z),), StepCache(p, x, h_prev, z, r, n)


@step.backward(LAYOUT, StepCache)
def step_backward(cotangents: dict[str, Array], cache: StepCache) -> dict[str, Array]:
    """Gradients by the chain rule.

    Args:
        cotangents: h (B, H), by name.
        cache: from `step_forward`.

    Dtypes:
        That of the step.
    """
    p, x, h_prev, z, r, n = cache
    dh = cotangents["h"]
    da_z = dh * (n - h_prev) * sigmoid_slope(z)  # (B, H); as da_n from h = n z + h' (1 - z)
    da_n = dh * z * tanh_slope(n)
    d_rh = da_n @ p["U_n"]  # (B, H) (H, H) -> (B, H), cotangent of r h'
    da_r = d_rh * h_prev * sigmoid_slope(r)
    return {
        "x": da_z @ p["W_z"] + da_r + da_n @ p["W_n"],  # no matrix between x and r
        # h' is used four times: read by both gates, reset by r, and kept by 1 - z.
        "h_prev": da_z @ p["U_z"] + da_r @ p["U_r"] + d_rh * r + dh * (1 - z),
        "W_z": da_z.T @ x,  # (H, B) (B, H) -> (H, H)
        "W_n": da_n.T @ x,
        "U_z": da_z.T @ h_prev,
        "U_r": da_r.T @ h_prev,
        "U_n": da_n.T @ (r * h_prev),  # U_n met r h', not h'
        "b_z": da_z.sum(axis=0),  # (H,)
        "b_r": da_r.sum(axis=0),
        "b_n": da_n.sum(axis=0),
    }


forward, backward = sequence.passes(__name__)
