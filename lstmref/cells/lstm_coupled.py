"""The LSTM with coupled input and forget gates: what is let in of the new is let go of the old.

    i = sigmoid(W_i x + U_i h' + b_i)     input gate         (h' and c' are of the step before)
    f = 1 - i                             forget gate, without weights of its own
    o = sigmoid(W_o x + U_o h' + b_o)     output gate
    g = tanh(W_g x + U_g h' + b_g)        candidate
    c = f c' + i g
    h = o tanh(c)

Source:
    greff2017 (Sect. III, the variant CIFG, with the peepholes left out as in the variant NP).

Examples:
    With all parameters zero i = f = 1/2 and g = 0, so c = c'/2:

    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(D=1, H=1).items()}
    >>> one, zero = np.ones((1, 1)), np.zeros((1, 1))
    >>> outputs, cache = step_forward(params, x=one, h_prev=one, c_prev=2 * one)
    >>> float(outputs.c[0, 0]), float(step_backward({"c": one}, cache)["b_i"][0])  # (g - c') i (1 - i)
    (1.0, -0.5)
    >>> outputs, cache = forward(params, x=np.ones((2, 1, 1)), h_0=zero, c_0=one)
    >>> float(outputs.c_T[0, 0]), float(backward({"c_T": one}, cache)["c_0"][0, 0])  # f_1 f_2
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
    """What `step_backward` needs of one step: params by name, x (B, D), all others (B, H); s is tanh(c)."""

    params: dict[str, Array]
    x: Array
    h_prev: Array
    c_prev: Array
    i: Array
    f: Array
    o: Array
    g: Array
    s: Array


def parameter_shapes(D: int, H: int) -> dict[str, tuple[int, ...]]:
    """W_* (H, D), U_* (H, H), b_* (H,) for i, o, g; errors as in `lstmref.parameters.gates`.

    Examples:
        >>> list(parameter_shapes(D=3, H=4))[:3]
        ['W_i', 'U_i', 'b_i']
    """
    return parameters.gates("iog", D, H)


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
    i = sigmoid(
        x @ p["W_i"].T + h_prev @ p["U_i"].T + p["b_i"]
    )  # (B, D) (D, H) + (B, H) (H, H) + (H,) -> (B, H)
    f = 1 - i
    o = sigmoid(x @ p["W_o"].T + h_prev @ p["U_o"].T + p["b_o"])
    g = np.tanh(x @ p["W_g"].T + h_prev @ p["U_g"].T + p["b_g"])
    c = f * c_prev + i * g
    s = np.tanh(c)
    return (o * s, c), StepCache(p, x, h_prev, c_prev, i, f, o, g, s)


@step.backward(LAYOUT, StepCache)
def step_backward(cotangents: dict[str, Array], cache: StepCache) -> dict[str, Array]:
    """Gradients by the chain rule.

    Args:
        cotangents: h, c (B, H), by name.
        cache: from `step_forward`.

    Dtypes:
        That of the step.
    """
    p, x, h_prev, c_prev, i, f, o, g, s = cache
    dh = cotangents["h"]
    dc = dh * o * tanh_slope(s) + cotangents["c"]  # from h = o tanh(c), and from what comes after the step
    da = {  # cotangents of the pre-activations
        "i": dc * (g - c_prev) * sigmoid_slope(i),  # i lets g in, and 1 - i lets c' through
        "o": dh * s * sigmoid_slope(o),
        "g": dc * i * tanh_slope(g),
    }
    return {
        "x": sum(da[k] @ p[f"W_{k}"] for k in da),  # (B, H) (H, D) -> (B, D)
        "h_prev": sum(da[k] @ p[f"U_{k}"] for k in da),  # (B, H) (H, H) -> (B, H)
        "c_prev": dc * f,
        **{f"W_{k}": da[k].T @ x for k in da},  # (H, B) (B, D) -> (H, D)
        **{f"U_{k}": da[k].T @ h_prev for k in da},  # (H, B) (B, H) -> (H, H)
        **{f"b_{k}": da[k].sum(axis=0) for k in da},  # (H,)
    }


forward, backward = sequence.passes(__name__)
