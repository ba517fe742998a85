"""The GRU with the reset gate after the recurrent product; z is the weight of the kept.

    r = sigmoid(W_r x + U_r h' + b_r)                    reset gate     (h' is h of the step before)
    z = sigmoid(W_z x + U_z h' + b_z)                    update gate
    m = U_n h' + b_nh                                    what the reset gate scales
    n = tanh(W_n x + b_nx + r m)                         candidate
    h = (1 - z) n + z h'

Source:
    pytorch-gru and cudnn. They have two biases at every gate; at r and z only the sum acts, so here it is
    one. The two of the candidate are not redundant: r scales b_nh and not b_nx, so their gradients differ. No
    choice of parameters makes this cell, in general, the one of `gru`.

Examples:
    With all parameters zero but b_nh, r = z = 1/2, so h = tanh(b_nh / 2) / 2 + h'/2:

    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(D=1, H=1).items()}
    >>> outputs, cache = step_forward(params | {"b_nh": np.ones(1)}, x=np.ones((1, 1)), h_prev=np.array([[3.0]]))
    >>> bool(outputs.h[0, 0] == np.tanh(0.5) / 2 + 1.5)
    True
    >>> outputs, cache = step_forward(params, x=np.ones((1, 1)), h_prev=np.array([[3.0]]))
    >>> gradients = step_backward({"h": np.array([[1.0]])}, cache)
    >>> float(gradients["b_nx"][0]), float(gradients["b_nh"][0])  # 1 - z, and r (1 - z)
    (0.5, 0.25)
    >>> outputs, cache = forward(params, x=np.ones((2, 1, 1)), h_0=np.zeros((1, 1)))
    >>> float(backward({"h_T": np.ones((1, 1))}, cache)["h_0"][0, 0])  # z_1 z_2 = 1/4
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
    """What `step_backward` needs of one step: params by name, x (B, D), all others (B, H)."""

    params: dict[str, Array]
    x: Array
    h_prev: Array
    r: Array
    z: Array
    m: Array
    n: Array


def parameter_shapes(D: int, H: int) -> dict[str, tuple[int, ...]]:
    """W_* (H, D), U_* (H, H) for r, z, n; b_r, b_z, b_nx, b_nh (H,); errors as in `lstmref.parameters.gates`.

    Examples:
        >>> list(parameter_shapes(D=3, H=4))
        ['W_r', 'U_r', 'b_r', 'W_z', 'U_z', 'b_z', 'W_n', 'U_n', 'b_nx', 'b_nh']
    """
    *shapes, (_, b) = parameters.gates("rzn", D, H).items()
    return dict(shapes) | {"b_nx": b, "b_nh": b}


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
    r = sigmoid(
        x @ p["W_r"].T + h_prev @ p["U_r"].T + p["b_r"]
    )  # (B, D) (D, H) + (B, H) (H, H) + (H,) -> (B, H)
    z = sigmoid(x @ p["W_z"].T + h_prev @ p["U_z"].T + p["b_z"])
    m = h_prev @ p["U_n"].T + p["b_nh"]
    n = np.tanh(x @ p["W_n"].T + p["b_nx"] + r * m)
    h = (1 - z) * n + z * h_prev
    return (h,), StepCache(p, x, h_prev, r, z, m, n)


@step.backward(LAYOUT, StepCache)
def step_backward(cotangents: dict[str, Array], cache: StepCache) -> dict[str, Array]:
    """Gradients by the chain rule.

    Args:
        cotangents: h (B, H), by name.
        cache: from `step_forward`.

    Dtypes:
        That of the step.
    """
    p, x, h_prev, r, z, m, n = cache
    dh = cotangents["h"]
    da_n = dh * (1 - z) * tanh_slope(n)  # (B, H); as da_z from h = (1 - z) n + z h'
    da_z = dh * (h_prev - n) * sigmoid_slope(z)
    dm = da_n * r  # as da_r from the product r m
    da_r = da_n * m * sigmoid_slope(r)
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


forward, backward = sequence.passes(__name__)
