"""The LSTM with a recurrent projection: h is a projection of the gated memory, smaller than it.

    i = sigmoid(W_i x + U_i h' + b_i)     input gate         (h' and c' are of the step before)
    f = sigmoid(W_f x + U_f h' + b_f)     forget gate
    o = sigmoid(W_o x + U_o h' + b_o)     output gate
    g = tanh(W_g x + U_g h' + b_g)        candidate
    c = f c' + i g
    m = o tanh(c)
    h = W_r m

Source:
    sak2014 (the LSTMP, with the peepholes and the non-recurrent projection left out; it calls h the recurrent
    projection r).

Examples:
    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(D=1, H=2, P=1).items()}
    >>> params["W_r"] += 2
    >>> outputs, cache = step_forward(params, x=np.ones((1, 1)), h_prev=np.ones((1, 1)), c_prev=np.full((1, 2), 2.0))
    >>> bool(np.isclose(outputs.h[0, 0], 2 * np.tanh(1)))  # of two units, o tanh(c) each, o = 1/2 and c = c'/2
    True
    >>> step_backward({"c": np.ones((1, 2))}, cache)["c_prev"]
    array([[0.5, 0.5]])
    >>> outputs, cache = forward(params, x=np.ones((3, 1, 1)), h_0=np.zeros((1, 1)), c_0=np.ones((1, 2)))
    >>> backward({"c_T": np.ones((1, 2))}, cache)["c_0"]  # f_1 f_2 f_3
    array([[0.125, 0.125]])
"""

from typing import Any, NamedTuple

import numpy as np

from lstmref import check, parameters, sequence, step
from lstmref.activations import sigmoid, sigmoid_slope, tanh_slope
from lstmref.check import Array
from lstmref.layout import Layout

LAYOUT = Layout(inputs={"x": ("D",)}, states={"h": ("P",), "c": ("H",)}, outputs={"h": ("P",)})
STATES = tuple(LAYOUT.states)


class StepCache(NamedTuple):
    """What `step_backward` needs of one step: params by name, x (B, D), h_prev (B, P), all others (B, H)."""

    params: dict[str, Array]
    x: Array
    h_prev: Array
    c_prev: Array
    i: Array
    f: Array
    o: Array
    g: Array
    s: Array  # tanh(c)


def parameter_shapes(D: int, H: int, P: int) -> dict[str, tuple[int, ...]]:
    """W_* (H, D), U_* (H, P), b_* (H,) for i, f, o, g, and W_r (P, H); errors as in `lstmref.parameters.gates`.

    Examples:
        >>> shapes = parameter_shapes(D=3, H=4, P=2)
        >>> shapes["U_i"], shapes["W_r"]
        ((4, 2), (2, 4))
    """
    return parameters.gates("ifog", D, H, recurrent=check.size("P", P)) | {"W_r": (P, H)}


@step.forward(LAYOUT, parameter_shapes)
def step_forward(params: dict[str, Array], x: Array, h_prev: Array, c_prev: Array) -> tuple[Any, StepCache]:
    """One step.

    Args:
        params: see `parameter_shapes`.
        x: (B, D).
        h_prev: (B, P).
        c_prev: (B, H).

    Returns:
        h (B, P) and c (B, H), and the cache for `step_backward`.

    Dtypes:
        One for all.
    """
    p = params
    i = sigmoid(
        x @ p["W_i"].T + h_prev @ p["U_i"].T + p["b_i"]
    )  # (B, D) (D, H) + (B, P) (P, H) + (H,) -> (B, H)
    f = sigmoid(x @ p["W_f"].T + h_prev @ p["U_f"].T + p["b_f"])
    o = sigmoid(x @ p["W_o"].T + h_prev @ p["U_o"].T + p["b_o"])
    g = np.tanh(x @ p["W_g"].T + h_prev @ p["U_g"].T + p["b_g"])
    c = f * c_prev + i * g
    s = np.tanh(c)
    h = (o * s) @ p["W_r"].T  # (B, H) (H, P) -> (B, P)
    return (h, c), StepCache(p, x, h_prev, c_prev, i, f, o, g, s)


@step.backward(LAYOUT, StepCache)
def step_backward(cotangents: dict[str, Array], cache: StepCache) -> dict[str, Array]:
    """Gradients by the chain rule.

    Args:
        cotangents: h (B, P), c (B, H), by name.
        cache: from `step_forward`.

    Dtypes:
        That of the step.
    """
    p, x, h_prev, c_prev, i, f, o, g, s = cache
    dh = cotangents["h"]
    dm = dh @ p["W_r"]  # (B, P) (P, H) -> (B, H)
    dc = dm * o * tanh_slope(s) + cotangents["c"]  # from m = o tanh(c), and from what comes after the step
    da = {  # cotangents of the pre-activations: of o from m = o s, of the others from c = f c' + i g
        "i": dc * g * sigmoid_slope(i),
        "f": dc * c_prev * sigmoid_slope(f),
        "o": dm * s * sigmoid_slope(o),
        "g": dc * i * tanh_slope(g),
    }
    return {
        "x": sum(da[k] @ p[f"W_{k}"] for k in da),  # (B, H) (H, D) -> (B, D)
        "h_prev": sum(da[k] @ p[f"U_{k}"] for k in da),  # (B, H) (H, P) -> (B, P)
        "c_prev": dc * f,
        **{f"W_{k}": da[k].T @ x for k in da},  # (H, B) (B, D) -> (H, D)
        **{f"U_{k}": da[k].T @ h_prev for k in da},  # (H, B) (B, P) -> (H, P)
        **{f"b_{k}": da[k].sum(axis=0) for k in da},  # (H,)
        "W_r": dh.T @ (o * s),  # (P, B) (B, H) -> (P, H)
    }


forward, backward = sequence.passes(__name__)
