"""The LSTM of 1997, without a forget gate: the memory adds up, and nothing of it is let go.

    i = sigmoid(W_i x + U_i h' + b_i)     input gate         (h' and c' are of the step before)
    o = sigmoid(W_o x + U_o h' + b_o)     output gate
    g = tanh(W_g x + U_g h' + b_g)        candidate
    c = c' + i g                          the constant error carousel
    h = o tanh(c)

Source:
    hochreiter1997 (Sect. 4, the memory cell; its squashing functions, 4 sigmoid(a) - 2 for g and 2 sigmoid(c)
    - 1 at the output, are tanh here, as in the cells that came after it; biases at all three).

Examples:
    With all parameters zero g = 0, so c = c', and h = tanh(c)/2:

    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(D=1, H=1).items()}
    >>> one, zero = np.ones((1, 1)), np.zeros((1, 1))
    >>> outputs, cache = step_forward(params, x=one, h_prev=one, c_prev=2 * one)
    >>> float(outputs.c[0, 0]), float(step_backward({"c": one}, cache)["b_g"][0])  # i
    (2.0, 0.5)
    >>> outputs, cache = forward(params, x=np.ones((9, 1, 1)), h_0=zero, c_0=one)
    >>> float(outputs.c_T[0, 0]), float(backward({"c_T": one}, cache)["c_0"][0, 0])  # the error is carried as it is
    (1.0, 1.0)
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
    i: Array
    o: Array
    g: Array
    s: Array


def parameter_shapes(D: int, H: int) -> dict[str, tuple[int, ...]]:
    """W_* (H, D), U_* (H, H), b_* (H,) for i, o, g; errors as in `lstmref.parameters.gates`.

    Examples:
        >>> parameter_shapes(D=3, H=4)["W_o"]
        (4, 3)
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
    o = sigmoid(x @ p["W_o"].T + h_prev @ p["U_o"].T + p["b_o"])
    g = np.tanh(x @ p["W_g"].T + h_prev @ p["U_g"].T + p["b_g"])
    c = c_prev + i * g
    s = np.tanh(c)
    return (o * s, c), StepCache(p, x, h_prev, i, o, g, s)


@step.backward(LAYOUT, StepCache)
def step_backward(cotangents: dict[str, Array], cache: StepCache) -> dict[str, Array]:
    """Gradients by the chain rule, none of them cut off.

    The paper's own algorithm cuts off the errors that leave a memory cell; these are the full gradients.

    Args:
        cotangents: h, c (B, H), by name.
        cache: from `step_forward`.

    Dtypes:
        That of the step.
    """
    p, x, h_prev, i, o, g, s = cache
    dh = cotangents["h"]
    dc = dh * o * tanh_slope(s) + cotangents["c"]  # from h = o tanh(c), and from what comes after the step
    da = {  # cotangents of the pre-activations: of o from h = o s, of the others from c = c' + i g
        "i": dc * g * sigmoid_slope(i),
        "o": dh * s * sigmoid_slope(o),
        "g": dc * i * tanh_slope(g),
    }
    return {
        "x": sum(da[k] @ p[f"W_{k}"] for k in da),  # (B, H) (H, D) -> (B, D)
        "h_prev": sum(da[k] @ p[f"U_{k}"] for k in da),  # (B, H) (H, H) -> (B, H)
        "c_prev": dc,
        **{f"W_{k}": da[k].T @ x for k in da},  # (H, B) (B, D) -> (H, D)
        **{f"U_{k}": da[k].T @ h_prev for k in da},  # (H, B) (B, H) -> (H, H)
        **{f"b_{k}": da[k].sum(axis=0) for k in da},  # (H,)
    }


forward, backward = sequence.passes(__name__)
