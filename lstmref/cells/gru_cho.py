"""The GRU with the reset gate before the recurrent product; z is the weight of the kept.

    r = sigmoid(W_r x + U_r h' + b_r)          reset gate     (h' is h of the step before)
    z = sigmoid(W_z x + U_z h' + b_z)          update gate
    n = tanh(W_n x + U_n (r h') + b_n)         candidate
    h = z h' + (1 - z) n

Source:
    cho2014 (Eqs. 5-8, the biases added); the operator GRU of onnx-gru with linear_before_reset = 0, and
    keras-gru with reset_after=False. In `gru` the two weights of the last line are exchanged: as 1 -
    sigmoid(a) = sigmoid(-a), negating W_z, U_z and b_z turns one into the other.

Examples:
    With all parameters zero z = 1/2 and n = 0, so h = h'/2:

    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(D=1, H=1).items()}
    >>> outputs, cache = step_forward(params, x=np.ones((1, 1)), h_prev=np.array([[3.0]]))
    >>> float(outputs.h[0, 0]), float(step_backward({"h": np.ones((1, 1))}, cache)["h_prev"][0, 0])
    (1.5, 0.5)
    >>> outputs, cache = forward(params, x=np.ones((2, 1, 1)), h_0=np.ones((1, 1)))
    >>> float(outputs.h_T[0, 0]), float(backward({"h_T": np.ones((1, 1))}, cache)["h_0"][0, 0])  # 1/2 twice
    (0.25, 0.25)
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
    n: Array


def parameter_shapes(D: int, H: int) -> dict[str, tuple[int, ...]]:
    """W_* (H, D), U_* (H, H), b_* (H,) for r, z, n; errors as in `lstmref.parameters.gates`."""
    return parameters.gates("rzn", D, H)


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
    n = np.tanh(x @ p["W_n"].T + (r * h_prev) @ p["U_n"].T + p["b_n"])
    h = z * h_prev + (1 - z) * n
    return (h,), StepCache(p, x, h_prev, r, z, n)


@step.backward(LAYOUT, StepCache)
def step_backward(cotangents: dict[str, Array], cache: StepCache) -> dict[str, Array]:
    """Gradients by the chain rule.

    Args:
        cotangents: h (B, H), by name.
        cache: from `step_forward`.

    Dtypes:
        That of the step.
    """
    p, x, h_prev, r, z, n = cache
    dh = cotangents["h"]
    da_n = dh * (1 - z) * tanh_slope(n)  # (B, H); as dz below from h = z h' + (1 - z) n
    d_rh = da_n @ p["U_n"]  # (B, H) (H, H) -> (B, H), cotangent of r h'
    da_r = d_rh * h_prev * sigmoid_slope(r)
    da_z = dh * (h_prev - n) * sigmoid_slope(z)
    return {
        "x": da_r @ p["W_r"] + da_z @ p["W_z"] + da_n @ p["W_n"],  # (B, H) (H, D) -> (B, D)
        # h' is used four times: kept by z, reset by r, and read by both gates.
        "h_prev": dh * z + d_rh * r + da_r @ p["U_r"] + da_z @ p["U_z"],  # (B, H)
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


forward, backward = sequence.passes(__name__)
