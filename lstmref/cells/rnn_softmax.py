"""The simple recurrent network with its read-out and loss: softmax and cross-entropy at every step.

    h = tanh(W x + U h' + b)          (h' is h of the step before)
    p = softmax(V h + a)              probabilities of C classes
    l = -sum(y log p)                 cross-entropy, a number, not carried

Source:
    goodfellow2016 (Sect. 10.2, Eqs. 10.8-10.14; b and c there are b and a here). y, the target, is data: a
    class as a row with one 1, or the weights of all classes. They need not add up to 1: the gradients hold
    for any y.

Examples:
    >>> shapes = parameter_shapes(D=1, H=1, C=4)
    >>> params = {name: np.zeros(shape) for name, shape in shapes.items()} | {"U": np.array([[0.5]])}
    >>> one, y = np.ones((1, 1)), np.array([[0.0, 0.0, 1.0, 0.0]])
    >>> outputs, cache = step_forward(params, x=one, y=y, h_prev=one)
    >>> bool(np.isclose(outputs.l[0], np.log(4))), step_backward({"l": np.ones(1)}, cache)["a"]  # p - y
    (True, array([ 0.25,  0.25, -0.75,  0.25]))
    >>> outputs, cache = forward(params, x=np.ones((2, 1, 1)), y=np.stack([y, y]), h_0=0 * one)
    >>> outputs.l.shape, float(backward({"h_T": one}, cache)["h_0"][0, 0])  # U twice
    ((2, 1), 0.25)
"""

from typing import NamedTuple

import numpy as np

from lstmref import check, sequence, step
from lstmref.activations import log_softmax, tanh_slope
from lstmref.check import Array
from lstmref.layout import Layout

LAYOUT = Layout(inputs={"x": ("D",)}, states={"h": ("H",)}, outputs={"l": ()}, data={"y": ("C",)})
STATES = tuple(LAYOUT.states)


class StepCache(NamedTuple):
    """What `step_backward` needs of one step: params by name; x (B, D); y, p (B, C); h_prev, h (B, H)."""

    params: dict[str, Array]
    x: Array
    y: Array
    h_prev: Array
    h: Array
    p: Array


def parameter_shapes(D: int, H: int, C: int) -> dict[str, tuple[int, ...]]:
    """W (H, D), U (H, H), b (H,), V (C, H), a (C,).

    Raises:
        ShapeError: unless D, H and C are whole numbers >= 0.
        KindError: unless D, H and C are whole numbers >= 0.

    Examples:
        >>> parameter_shapes(D=3, H=4, C=5)
        {'W': (4, 3), 'U': (4, 4), 'b': (4,), 'V': (5, 4), 'a': (5,)}
    """
    D, H, C = check.size("D", D), check.size("H", H), check.size("C", C)
    return {"W": (H, D), "U": (H, H), "b": (H,), "V": (C, H), "a": (C,)}


@step.forward(LAYOUT, parameter_shapes)
def step_forward(
    params: dict[str, Array], x: Array, y: Array, h_prev: Array
) -> tuple[tuple[Array, Array], StepCache]:
    """One step.

    Args:
        params: see `parameter_shapes`.
        x: (B, D).
        y: (B, C).
        h_prev: (B, H).

    Returns:
        h (B, H) and l (B,), and the cache for `step_backward`.

    Dtypes:
        One for all.
    """
    W, U, b, V, a = (params[name] for name in ("W", "U", "b", "V", "a"))
    h = np.tanh(x @ W.T + h_prev @ U.T + b)  # (B, D) (D, H) + (B, H) (H, H) + (H,) -> (B, H)
    log_p = log_softmax(h @ V.T + a)  # (B, H) (H, C) + (C,) -> (B, C)
    l = -(y * log_p).sum(axis=1)  # noqa: E741 -- the name it has on the page
    return (h, l), StepCache(params, x, y, h_prev, h, np.exp(log_p))


@step.backward(LAYOUT, StepCache)
def step_backward(cotangents: dict[str, Array], cache: StepCache) -> dict[str, Array]:
    """Gradients by the chain rule, none for y.

    Args:
        cotangents: h (B, H), l (B,), by name.
        cache: from `step_forward`.

    Dtypes:
        That of the step.
    """
    params, x, y, h_prev, h, p = cache
    # The slope of -sum(y log p) in the pre-activation: p times the sum of y, less y.
    da_p = cotangents["l"][:, None] * (p * y.sum(axis=1, keepdims=True) - y)  # (B, C)
    dh = cotangents["h"] + da_p @ params["V"]  # what comes after the step, and (B, C) (C, H) -> (B, H)
    da_h = dh * tanh_slope(h)
    return {
        "x": da_h @ params["W"],  # (B, H) (H, D) -> (B, D)
        "h_prev": da_h @ params["U"],  # (B, H) (H, H) -> (B, H)
        "W": da_h.T @ x,  # (H, B) (B, D) -> (H, D)
        "U": da_h.T @ h_prev,  # (H, B) (B, H) -> (H, H)
        "b": da_h.sum(axis=0),  # (H,)
        "V": da_p.T @ h,  # (C, B) (B, H) -> (C, H)
        "a": da_p.sum(axis=0),  # (C,)
    }


forward, backward = sequence.passes(__name__)
