"""The LSTM whose output is linear in the memory: h = o c, with no tanh.

    i = sigmoid(W_i x + U_i h' + b_i)     input gate         (h' and c' are of the step before)
    f = sigmoid(W_f x + U_f h' + b_f)     forget gate
    o = sigmoid(W_o x + U_o h' + b_o)     output gate
    g = tanh(W_g x + U_g h' + b_g)        candidate
    c = f c' + i g
    h = o c

Backward: what reaches c is dc = o dh + dc_later, the `ds = o * top_diff_h + top_diff_s` of nicodjimenez-lstm.
There is no factor 1 - tanh(c)**2, because there is no tanh; in the usual LSTM there is one.

Source:
    nicodjimenez-lstm, which calls c the state s and stacks [x; h']. In the terms of greff2017 (Sect. III) it
    is the variant without output activation function (NOAF) and without peepholes (NP).

Examples:
    With all parameters zero the gates are 1/2 and the candidate 0, so c = c'/2 and h = c/2:

    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(D=1, H=1).items()}
    >>> outputs, cache = step_forward(params, x=np.ones((1, 1)), h_prev=np.ones((1, 1)), c_prev=np.array([[2.0]]))
    >>> float(outputs.c[0, 0]), float(step_backward({"c": np.ones((1, 1))}, cache)["c_prev"][0, 0])
    (1.0, 0.5)
    >>> outputs, cache = forward(params, x=np.ones((2, 1, 1)), h_0=np.zeros((1, 1)), c_0=np.ones((1, 1)))
    >>> float(outputs.c_T[0, 0]), float(backward({"c_T": np.ones((1, 1))}, cache)["c_0"][0, 0])  # f_1 f_2
    (0.25, 0.25)
"""

from typing import Any, NamedTuple

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
    i: Array
    f: Array
    o: Array
    g: Array
    c: Array


def parameter_shapes(D: int, H: int) -> dict[str, tuple[int, ...]]:
    """W_* (H, D), U_* (H, H), b_* (H,) for i, f, o, g; errors as in `lstmref.parameters.gates`."""
    return parameters.gates("ifog", D, H)


@step.forward(LAYOUT, parameter_shapes)
def step_forward(params: dict[str, Array], x: Array, h_prev: Array, c_prev: Array) -> tuple[Any, StepCache]:
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
    f = sigmoid(x @ p["W_f"].T + h_prev @ p["U_f"].T + p["b_f"])
    o = sigmoid(x @ p["W_o"].T + h_prev @ p["U_o"].T + p["b_o"])
    g = np.tanh(x @ p["W_g"].T + h_prev @ p["U_g"].T + p["b_g"])
    c = f * c_prev + i * g
    return (o * c, c), StepCache(p, x, h_prev, c_prev, i, f, o, g, c)


@step.backward(LAYOUT, StepCache)
def step_backward(cotangents: dict[str, Array], cache: StepCache) -> dict[str, Array]:
    """Gradients by the chain rule.

    Args:
        cotangents: h, c (B, H), by name.
        cache: from `step_forward`.

    Dtypes:
        That of the step.
    """
    p, x, h_prev, c_prev, i, f, o, g, c = cache
    dh = cotangents["h"]
    dc = dh * o + cotangents["c"]  # from h = o c, and from what comes after the step
    da = {  # cotangents of the pre-activations: of o from h = o c, of the others from c = f c' + i g
        "i": dc * g * sigmoid_slope(i),
        "f": dc * c_prev * sigmoid_slope(f),
        "o": dh * c * sigmoid_slope(o),
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
