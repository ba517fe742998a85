"""Greff et al. (2017), the vanilla LSTM: the peepholes of i and f see the old c, that of o the new one.

Cells with some of the three take their step from here, by the gates that have one.
"""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax.nn import sigmoid

from tests.judges.witnesses.programs.jax.tap import Tap, Tree


def with_peepholes(gates: str) -> Callable[..., Tree]:
    """The step with peepholes at these gates; the parameters must have p for each of them."""

    def step(tap: Tap, p: Tree, x: Any, h_prev: Any, c_prev: Any) -> Tree:
        def gate(name: str, memory: Any) -> Any:
            a = p[f"b_{name}"] + p[f"W_{name}"] @ x + p[f"U_{name}"] @ h_prev
            if name in gates:
                a = a + jnp.diag(p[f"p_{name}"]) @ memory
            return tap(name, sigmoid(tap(f"{name}_bar", a)))

        i, f = gate("i", c_prev), gate("f", c_prev)
        g = tap("g", jnp.tanh(tap("g_bar", p["b_g"] + p["W_g"] @ x + p["U_g"] @ h_prev)))
        c = tap("c", i * g + f * c_prev)
        o = gate("o", c)
        return {"h": tap("h", jnp.tanh(c) * o), "c": c}

    return step


step = with_peepholes("ifo")
