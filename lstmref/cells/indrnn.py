"""IndRNN, the independently recurrent network: each unit reads, of the state, itself alone.

    h = relu(W x + u h' + b)          (h' is h of the step before; u h' is taken entry by entry)

Source:
    li2018 (Sect. 3, with relu). relu(a) = max(a, 0) has no derivative at a = 0; there 0 is taken.

Examples:
    >>> import numpy as np
    >>> params = {"W": np.ones((1, 1)), "u": np.array([0.5]), "b": np.zeros(1)}
    >>> outputs, cache = step_forward(params, x=np.ones((1, 1)), h_prev=np.array([[4.0]]))
    >>> float(outputs.h[0, 0]), float(step_backward({"h": np.ones((1, 1))}, cache)["u"][0])  # h'
    (3.0, 4.0)
    >>> outputs, cache = step_forward(params, x=np.ones((1, 1)), h_prev=np.array([[-4.0]]))
    >>> float(outputs.h[0, 0]), float(step_backward({"h": np.ones((1, 1))}, cache)["u"][0])  # cut off
    (0.0, 0.0)
    >>> outputs, cache = forward(params, x=np.ones((2, 1, 1)), h_0=np.zeros((1, 1)))
    >>> float(backward({"h_T": np.ones((1, 1))}, cache)["h_0"][0, 0])  # u twice
    0.25
"""

from typing import NamedTuple

from lstmref import check, sequence, step
from lstmref.activations import relu, relu_slope
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
    """W (H, D); u, b (H,).

    Raises:
        ShapeError: unless D and H are whole numbers >= 0.
        KindError: unless D and H are whole numbers >= 0.

    Examples:
        >>> parameter_shapes(D=3, H=4)
        {'W': (4, 3), 'u': (4,), 'b': (4,)}
    """
    D, H = check.size("D", D), check.size("H", H)
    return {"W": (H, D), "u": (H,), "b": (H,)}


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
    h = relu(x @ params["W"].T + params["u"] * h_prev + params["b"])  # (B, D) (D, H) + (H,) (B, H) + (H,)
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
    da = cotangents["h"] * relu_slope(h)  # (B, H)
    return {
        "x": da @ p["W"],  # (B, H) (H, D) -> (B, D)
        "h_prev": da * p["u"],
        "W": da.T @ x,  # (H, B) (B, D) -> (H, D)
        "u": (da * h_prev).sum(axis=0),  # (H,)
        "b": da.sum(axis=0),
    }


forward, backward = sequence.passes(__name__)
