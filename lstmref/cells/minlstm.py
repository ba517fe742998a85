"""minLSTM: gates that see the input alone, and add up to 1 by division.

    f = sigmoid(W_f x + b_f)     forget gate    (h' is h of the step before)
    i = sigmoid(W_i x + b_i)     input gate
    n = W_n x + b_n              candidate
    s = f + i                    sum of the gates, never 0
    a = f / s                    share of what was
    e = i / s                    share of what is new
    h = a h' + e n

Source:
    feng2024 (Sect. 3.2, minLSTM; there f' and i' are what here is a and e, and n is the candidate h-tilde).
    As no gate reads h', a step is linear in it, and sequences can be computed side by side; here they are
    not.

Examples:
    With all parameters zero f = i, so a = e = 1/2, and n = 0:

    >>> import numpy as np
    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(D=1, H=1).items()}
    >>> outputs, cache = step_forward(params, x=np.ones((1, 1)), h_prev=np.array([[3.0]]))
    >>> gradients = step_backward({"h": np.ones((1, 1))}, cache)
    >>> float(outputs.h[0, 0]), float(gradients["h_prev"][0, 0]), float(gradients["b_f"][0])
    (1.5, 0.5, 0.375)
    >>> outputs, cache = forward(params, x=np.ones((2, 1, 1)), h_0=np.ones((1, 1)))
    >>> float(outputs.h_T[0, 0]), float(backward({"h_T": np.ones((1, 1))}, cache)["h_0"][0, 0])  # a_1 a_2
    (0.25, 0.25)
"""

from typing import NamedTuple

from lstmref import check, sequence, step
from lstmref.activations import sigmoid
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
    i: Array
    n: Array
    a: Array
    e: Array
    h: Array


def parameter_shapes(D: int, H: int) -> dict[str, tuple[int, ...]]:
    """W_* (H, D), b_* (H,) for f, i, n.

    Raises:
        ShapeError: unless D and H are whole numbers >= 0.
        KindError: unless D and H are whole numbers >= 0.

    Examples:
        >>> list(parameter_shapes(D=3, H=4))
        ['W_f', 'b_f', 'W_i', 'b_i', 'W_n', 'b_n']
    """
    D, H = check.size("D", D), check.size("H", H)
    return {f"{letter}_{k}": shape for k in "fin" for letter, shape in (("W", (H, D)), ("b", (H,)))}


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
    f = sigmoid(x @ p["W_f"].T + p["b_f"])  # (B, D) (D, H) + (H,) -> (B, H)
    i = sigmoid(x @ p["W_i"].T + p["b_i"])
    n = x @ p["W_n"].T + p["b_n"]
    s = f + i
    a, e = f / s, i / s
    h = a * h_prev + e * n
    return (h,), StepCache(p, x, h_prev, f, i, n, a, e, h)


@step.backward(LAYOUT, StepCache)
def step_backward(cotangents: dict[str, Array], cache: StepCache) -> dict[str, Array]:
    """Gradients by the chain rule.

    Args:
        cotangents: h (B, H), by name.
        cache: from `step_forward`.

    Dtypes:
        That of the step.
    """
    p, x, h_prev, f, i, n, a, e, h = cache
    dh = cotangents["h"]
    # As h = (f h' + i n) / s, its slope in f is (h' - h) / s, in i (n - h) / s. Times the sigmoids' own slopes, where
    # f / s is a and i / s is e: so nothing is divided by a sum that may be tiny.
    da = {  # cotangents of the pre-activations
        "f": dh * (h_prev - h) * a * (1 - f),
        "i": dh * (n - h) * e * (1 - i),
        "n": dh * e,
    }
    return {
        "x": sum(da[k] @ p[f"W_{k}"] for k in da),  # (B, H) (H, D) -> (B, D)
        "h_prev": dh * a,
        **{f"W_{k}": da[k].T @ x for k in da},  # (H, B) (B, D) -> (H, D)
        **{f"b_{k}": da[k].sum(axis=0) for k in da},  # (H,)
    }


forward, backward = sequence.passes(__name__)
