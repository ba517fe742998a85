"""Gated linear attention as a recurrence: a matrix state that decays by a gate of its own for each row.

    S = diag(exp(g)) S' + k v^T           (S' is S of the step before; g is the logarithm of the gate)
    o = S^T q                             read out at every step, not carried

Source:
    yang2024 (Eq. 3, with alpha = exp(g); there vectors are rows). Queries, keys, values and gates are given:
    how a layer makes them of its input is not part of the recurrence, and it has no parameters. q is not
    scaled.

Examples:
    >>> one = np.ones((1, 1))
    >>> S_prev = np.full((1, 1, 1), 4.0)
    >>> outputs, cache = step_forward({}, q=one, k=2 * one, v=3 * one, g=np.log([[0.5]]), S_prev=S_prev)
    >>> float(outputs.S[0, 0, 0]), float(outputs.o[0, 0])  # 4 / 2 + 2 times 3
    (8.0, 8.0)
    >>> float(step_backward({"o": one}, cache)["S_prev"][0, 0, 0])  # q / 2
    0.5
    >>> three = np.ones((3, 1, 1))
    >>> outputs, cache = forward({}, q=three, k=three, v=three, g=0 * three, S_0=np.zeros((1, 1, 1)))
    >>> outputs.o[:, 0, 0], float(backward({"o": three}, cache)["S_0"][0, 0, 0])
    (array([1., 2., 3.]), 3.0)
"""

from typing import NamedTuple

import numpy as np

from lstmref import sequence, step
from lstmref.check import Array, size
from lstmref.layout import Layout

LAYOUT = Layout(
    inputs={"q": ("K",), "k": ("K",), "v": ("V",), "g": ("K",)},
    states={"S": ("K", "V")},
    outputs={"o": ("V",)},
)
STATES = tuple(LAYOUT.states)


class StepCache(NamedTuple):
    """What `step_backward` needs of one step: q, k, a = exp(g) (B, K); v (B, V); S, S_prev (B, K, V)."""

    q: Array
    k: Array
    v: Array
    a: Array
    S_prev: Array
    S: Array


def parameter_shapes(K: int, V: int) -> dict[str, tuple[int, ...]]:
    """There are none.

    Raises:
        ShapeError: unless K and V are whole numbers >= 0.
        KindError: unless K and V are whole numbers >= 0.

    Examples:
        >>> parameter_shapes(K=3, V=4)
        {}
    """
    size("K", K), size("V", V)
    return {}


@step.forward(LAYOUT, parameter_shapes)
def step_forward(
    params: dict[str, Array], q: Array, k: Array, v: Array, g: Array, S_prev: Array
) -> tuple[tuple[Array, Array], StepCache]:
    """One step.

    Args:
        params: empty, {}.
        q: (B, K).
        k: (B, K).
        v: (B, V).
        g: (B, K).
        S_prev: (B, K, V).

    Returns:
        S (B, K, V), o (B, V), and the cache for `step_backward`.

    Dtypes:
        One for all.
    """
    a = np.exp(g)
    S = a[:, :, None] * S_prev + k[:, :, None] * v[:, None, :]
    o = (q[:, None, :] @ S)[:, 0, :]  # (B, 1, K) (B, K, V) -> (B, V)
    return (S, o), StepCache(q, k, v, a, S_prev, S)


@step.backward(LAYOUT, StepCache)
def step_backward(cotangents: dict[str, Array], cache: StepCache) -> dict[str, Array]:
    """Gradients by the chain rule.

    Args:
        cotangents: S (B, K, V), o (B, V), by name.
        cache: from `step_forward`.

    Dtypes:
        That of the step.
    """
    q, k, v, a, S_prev, S = cache
    do = cotangents["o"]
    dS = (
        cotangents["S"] + q[:, :, None] * do[:, None, :]
    )  # from what comes after the step, and from o = S^T q
    return {
        "q": (S @ do[:, :, None])[:, :, 0],  # (B, K, V) (B, V, 1) -> (B, K)
        "k": (dS @ v[:, :, None])[:, :, 0],
        "v": (k[:, None, :] @ dS)[:, 0, :],  # (B, 1, K) (B, K, V) -> (B, V)
        "g": a * (dS * S_prev).sum(axis=2),  # exp is its own slope
        "S_prev": a[:, :, None] * dS,
    }


forward, backward = sequence.passes(__name__)
