"""The simple recurrent network of Elman.

    h = tanh(W x + U h' + b)          (h' is h of the step before)

Backward, with dh the cotangent of h and `a` the pre-activation:

    da = dh (1 - h**2),   dx = W^T da,   dh' = U^T da,   dW = da x^T,   dU = da h'^T,   db = da

Source:
    elman1990 (the network with context units, Fig. 2); tanh in place of its logistic units.

Examples:
    >>> params = {"W": np.zeros((1, 1)), "U": np.array([[0.5]]), "b": np.zeros(1)}
    >>> outputs, cache = step_forward(params, x=np.ones((1, 1)), h_prev=np.zeros((1, 1)))
    >>> float(step_backward({"h": np.ones((1, 1))}, cache)["h_prev"][0, 0])  # U, for tanh(0) has the slope 1
    0.5
    >>> outputs, cache = forward(params, x=np.ones((2, 1, 1)), h_0=np.zeros((1, 1)))
    >>> float(backward({"h_T": np.ones((1, 1))}, cache)["h_0"][0, 0])  # U twice
    0.25
"""

from typing import NamedTuple

import numpy as np

from lstmref import check, sequence, step
from lstmref.activations import tanh_slope
from lstmref.check import Array
from lstmref.layout import Layout

LAYOUT = Layout(inputs={"x": ("D",)}, states={"h": ("H",)}, outputs={"h": ("H",)})
STATES = tuple(LAYOUT.states)


class StepCache(NamedTuple):
    """What `step_backward` needs of one step: params by name, x (B, D), h_prev and h (B, H)."""

    params: dict[str, Array]
    x: Array
    h_prev: Array
    h: Array


def parameter_shapes(D: int, H: int) -> dict[str, tuple[int, ...]]:
    """W (H, D), U (H, H), b (H,).

    Raises:
        ShapeError: unless D and H are whole numbers >= 0.
        KindError: unless D and H are whole numbers >= 0.

    Examples:
        >>> parameter_shapes(D=3, H=4)
        {'W': (4, 3), 'U': (4, 4), 'b': (4,)}
    """
    D, H = check.size("D", D), check.size("H", H)
    return {"W": (H, D), "U": (H, H), "b": (H,)}


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
    h = np.tanh(
        x @ params["W"].T + h_prev @ params["U"].T + params["b"]
    )  # (B, D) (D, H) + (B, H) (H, H) + (H,)
    return (h,), StepCache(params, x, h_prev, h)


@step.backward(LAYOUT, StepCache)
def step_backward(cotangents: dict[str, Array], cache: StepCache) -> dict[str, Array]:
    """Gradients by the chain rule.

    Args:
        cotangents: h (B, H), by name.
        cache: from `step_forward`.

    Dtypes:
        That of the step.
    """
    p, x, h_prev, h = cache
    da = cotangents["h"] * tanh_slope(h)  # (B, H)
    return {
        "x": da @ p["W"],  # (B, H) (H, D) -> (B, D)
        "h_prev": da @ p["U"],  # (B, H) (H, H) -> (B, H)
        "W": da.T @ x,  # (H, B) (B, D) -> (H, D)
        "U": da.T @ h_prev,  # (H, B) (B, H) -> (H, H)
        "b": da.sum(axis=0),  # (H,)
    }


forward, backward = sequence.passes(__name__)
