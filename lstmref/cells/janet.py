"""JANET, "just another network": an LSTM with a forget gate and no other.

    f = sigmoid(W_f x + U_f h' + b_f)     forget gate        (h' and c' are of the step before)
    g = tanh(W_g x + U_g h' + b_g)        candidate
    c = f c' + (1 - f) g
    h = c

Source:
    vanderwesthuizen2018 (Sect. 3; the variant with the input weighed by 1 - f, without the constant that it
    subtracts there from the pre-activation). h = c, yet both are kept: each has a cotangent and a first value
    of its own.

Examples:
    With all parameters zero f = 1/2 and g = 0, so h = c = c'/2:

    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(D=1, H=1).items()}
    >>> one, zero = np.ones((1, 1)), np.zeros((1, 1))
    >>> outputs, cache = step_forward(params, x=one, h_prev=one, c_prev=2 * one)
    >>> float(outputs.h[0, 0]), float(step_backward({"h": one, "c": one}, cache)["c_prev"][0, 0])  # 2 f
    (1.0, 1.0)
    >>> outputs, cache = forward(params, x=np.ones((2, 1, 1)), h_0=zero, c_0=one)
    >>> float(outputs.h_T[0, 0]), float(backward({"h_T": one}, cache)["c_0"][0, 0])  # f_1 f_2
    (0.25, 0.25)
"""

from typing import NamedTuple

import numpy as np

from lstmref import parameters, sequence, step
from lstmref.activations import sigmoid, sigmoid_slope, tanh_slope
from lstmref.check import Array
from lstmref.layout import Layout

LAYOUT = Layout(inputs={"x": ("D",)}, states={"h": ("H",), "c": ("H",)}, outputs={"h": ("H",)})
STATES = tuple(LAYOUT.states)


class StepCache(NamedTuple):
    """What `step_backward` needs of one step: params by name, x (B, D), all others (B, H)."""

    params: dict[str, Array]
    x: Array
    h_prev: Array
    c_prev: Array
    f: Array
    g: Array


def parameter_shapes(D: int, H: int) -> dict[str, tuple[int, ...]]:
    """W_* (H, D), U_* (H, H), b_* (H,) for f, g; errors as in `lstmref.parameters.gates`.

    Examples:
        >>> parameter_shapes(D=3, H=4)["W_f"]
        (4, 3)
    """
    return parameters.gates("fg", D, H)


@step.forward(LAYOUT, parameter_shapes)
def step_forward(
    params: dict[str, Array], x: Array, h_prev: Array, c_prev: Array
) -> tuple[tuple[Array, Array], StepCache]:
    """One step.

    Args:
        params: see `parameter_shapes`.
        x: (B, D).
        h_prev: (B, H).
        c_prev: (B, H).

    Returns:
        h, c (B, H), and the cache for `step_backward`.

    Dtypes:
        One for all.
    """
    p = params
    f = sigmoid(
        x @ p["W_f"].T + h_prev @ p["U_f"].T + p["b_f"]
    )  # (B, D) (D, H) + (B, H) (H, H) + (H,) -> (B, H)
    g = np.tanh(x @ p["W_g"].T + h_prev @ p["U_g"].T + p["b_g"])
    c = f * c_prev + (1 - f) * g
    return (c, c), StepCache(p, x, h_prev, c_prev, f, g)


@step.backward(LAYOUT, StepCache)
def step_backward(cotangents: dict[str, Array], cache: StepCache) -> dict[str, Array]:
    """Gradients by the chain rule.

    Args:
        cotangents: h, c (B, H), by name.
        cache: from `step_forward`.

    Dtypes:
        That of the step.
    """
    p, x, h_prev, c_prev, f, g = cache
    dc = cotangents["h"] + cotangents["c"]  # from h = c, and from what comes after the step
    da_f = dc * (c_prev - g) * sigmoid_slope(f)  # (B, H); as da_g from c = f c' + (1 - f) g
    da_g = dc * (1 - f) * tanh_slope(g)
    return {
        "x": da_f @ p["W_f"] + da_g @ p["W_g"],  # (B, H) (H, D) -> (B, D)
        "h_prev": da_f @ p["U_f"] + da_g @ p["U_g"],  # (B, H) (H, H) -> (B, H)
        "c_prev": dc * f,
        "W_f": da_f.T @ x,  # (H, B) (B, D) -> (H, D)
        "W_g": da_g.T @ x,
        "U_f": da_f.T @ h_prev,  # (H, B) (B, H) -> (H, H)
        "U_g": da_g.T @ h_prev,
        "b_f": da_f.sum(axis=0),  # (H,)
        "b_g": da_g.sum(axis=0),
    }


forward, backward = sequence.passes(__name__)
