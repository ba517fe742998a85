"""The LSTM with peepholes: its gates see the memory too, each of its units its own.

    i = sigmoid(W_i x + U_i h' + p_i c' + b_i)     input gate         (h' and c' are of the step before)
    f = sigmoid(W_f x + U_f h' + p_f c' + b_f)     forget gate
    g = tanh(W_g x + U_g h' + b_g)                 candidate
    c = f c' + i g
    o = sigmoid(W_o x + U_o h' + p_o c + b_o)      output gate        (it sees c, not c')
    h = o tanh(c)

Source:
    greff2017 (Sect. II-A, the vanilla LSTM; it calls g the block input z, and h the block output y). The
    cells `lstm-peephole-i` to `lstm-peephole-fo` have some of the three: their step is the one here.

Examples:
    With all parameters zero but p_f, f = sigmoid(p_f c'), so c = c' sigmoid(p_f c'), whose slope at c' = 0 is
    1/2:

    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(D=1, H=1).items()} | {"p_f": np.ones(1)}
    >>> zero, one = np.zeros((1, 1)), np.ones((1, 1))
    >>> outputs, cache = step_forward(params, x=one, h_prev=one, c_prev=np.log([[3.0]]))
    >>> bool(np.isclose(outputs.c[0, 0], np.log(3) * 3 / 4))
    True
    >>> outputs, cache = step_forward(params, x=one, h_prev=one, c_prev=zero)
    >>> float(step_backward({"c": one}, cache)["c_prev"][0, 0])
    0.5
    >>> outputs, cache = forward(params, x=np.ones((2, 1, 1)), h_0=zero, c_0=zero)
    >>> float(backward({"c_T": one}, cache)["c_0"][0, 0])  # 1/2 twice
    0.25
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
    c: Array
    s: Array


def parameter_shapes(D: int, H: int, peepholes: str = "ifo") -> dict[str, tuple[int, ...]]:
    """W_* (H, D), U_* (H, H), b_* (H,) for i, f, o, g; p_* (H,) for the peepholes, by the letters of their gates.

    Errors as in `lstmref.parameters.gates`.

    Examples:
        >>> list(parameter_shapes(D=3, H=4, peepholes="o"))[-2:], parameter_shapes(D=3, H=4)["p_i"]
        (['b_g', 'p_o'], (4,))
    """
    shapes = parameters.gates("ifog", D, H)
    return shapes | {f"p_{k}": shapes["b_i"] for k in peepholes}


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
    # What is on its way to a gate or the candidate; a peephole that the cell has not adds nothing.
    a = {k: x @ p[f"W_{k}"].T + h_prev @ p[f"U_{k}"].T + p[f"b_{k}"] for k in "ifog"}  # (B, H)
    i = sigmoid(a["i"] + p["p_i"] * c_prev if "p_i" in p else a["i"])  # (B, H) + (H,) (B, H)
    f = sigmoid(a["f"] + p["p_f"] * c_prev if "p_f" in p else a["f"])
    g = np.tanh(a["g"])
    c = f * c_prev + i * g
    o = sigmoid(a["o"] + p["p_o"] * c if "p_o" in p else a["o"])
    s = np.tanh(c)
    return (o * s, c), StepCache(p, x, h_prev, c_prev, i, f, o, g, c, s)


@step.backward(LAYOUT, StepCache)
def step_backward(cotangents: dict[str, Array], cache: StepCache) -> dict[str, Array]:
    """Gradients by the chain rule (greff2017, Sect. II-B).

    Args:
        cotangents: h, c (B, H), by name.
        cache: from `step_forward`.

    Dtypes:
        That of the step.
    """
    p, x, h_prev, c_prev, i, f, o, g, c, s = cache
    dh = cotangents["h"]
    da_o = dh * s * sigmoid_slope(o)  # from h = o s
    dc = dh * o * tanh_slope(s) + cotangents["c"]  # from h = o tanh(c), and from what comes after the step
    if "p_o" in p:
        dc = dc + p["p_o"] * da_o  # the output gate has seen c
    da = {  # cotangents of the pre-activations; those of i, f and g from c = f c' + i g
        "i": dc * g * sigmoid_slope(i),
        "f": dc * c_prev * sigmoid_slope(f),
        "o": da_o,
        "g": dc * i * tanh_slope(g),
    }
    seen = {"i": c_prev, "f": c_prev, "o": c}
    return {
        "x": sum(da[k] @ p[f"W_{k}"] for k in da),  # (B, H) (H, D) -> (B, D)
        "h_prev": sum(da[k] @ p[f"U_{k}"] for k in da),  # (B, H) (H, H) -> (B, H)
        "c_prev": dc * f + sum(p[f"p_{k}"] * da[k] for k in "if" if f"p_{k}" in p),
        **{f"W_{k}": da[k].T @ x for k in da},  # (H, B) (B, D) -> (H, D)
        **{f"U_{k}": da[k].T @ h_prev for k in da},  # (H, B) (B, H) -> (H, H)
        **{f"b_{k}": da[k].sum(axis=0) for k in da},  # (H,)
        **{f"p_{k}": (da[k] * seen[k]).sum(axis=0) for k in seen if f"p_{k}" in p},  # (H,)
    }


forward, backward = sequence.passes(__name__)
