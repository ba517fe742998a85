"""The minimal gated unit: one gate, which forgets, resets and updates.

    f = sigmoid(W_f x + U_f h' + b_f)          forget gate    (h' is h of the step before)
    n = tanh(W_n x + U_n (f h') + b_n)         candidate
    h = (1 - f) h' + f n

Source:
    zhou2016 (the minimal gated unit, with W [h', x] written as two products; it calls n the short-term
    response). f is the weight of the new, though it is called the forget gate.

Examples:
    With all parameters zero f = 1/2 and n = 0, so h = h'/2:

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
    f: Array
    n: Array


def parameter_shapes(D: int, H: int) -> dict[str, tuple[int, ...]]:
    """W_* (H, D), U_* (H, H), b_* (H,) for f, n; errors as in `lstmref.parameters.gates`.

    Examples:
        >>> parameter_shapes(D=3, H=4)["W_f"]
        (4, 3)
    """
    return parameters.gates("fn", D, H)


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
    f = sigmoid(
        x @ p["W_f"].T + h_prev @ p["U_f"].T + p["b_f"]
    )  # (B, D) (D, H) + (B, H) (H, H) + (H,) -> (B, H)
    n = np.tanh(x @ p["W_n"].T + (f * h_prev) @ p["U_n"].T + p["b_n"])
    h = (1 - f) * h_prev + f * n
    return (h,), StepCache(p, x, h_prev, f, n)


@step.backward(LAYOUT, StepCache)
def step_backward(cotangents: dict[str, Array], cache: StepCache) -> dict[str, Array]:
    """Gradients by the chain rule.

    Args:
        cotangents: h (B, H), by name.
        cache: from `step_forward`.

    Dtypes:
        That of the step.
    """
    p, x, h_prev, f, n = cache
    dh = cotangents["h"]
    da_n = dh * f * tanh_slope(n)  # (B, H), from h = (1 - f) h' + f n
    d_fh = da_n @ p["U_n"]  # (B, H) (H, H) -> (B, H), cotangent of f h'
    da_f = (dh * (n - h_prev) + d_fh * h_prev) * sigmoid_slope(f)  # f weighs, and resets
    return {
        "x": da_f @ p["W_f"] + da_n @ p["W_n"],  # (B, H) (H, D) -> (B, D)
        # h' is used three times: kept by 1 - f, reset by f, and read by f.
        "h_prev": dh * (1 - f) + d_fh * f + da_f @ p["U_f"],  # (B, H)
        "W_f": da_f.T @ x,  # (H, B) (B, D) -> (H, D)
        "W_n": da_n.T @ x,
        "U_f": da_f.T @ h_prev,  # (H, B) (B, H) -> (H, H)
        "U_n": da_n.T @ (f * h_prev),  # U_n met f h', not h'
        "b_f": da_f.sum(axis=0),  # (H,)
        "b_n": da_n.sum(axis=0),
    }


forward, backward = sequence.passes(__name__)
