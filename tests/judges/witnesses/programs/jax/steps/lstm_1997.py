"""Hochreiter and Schmidhuber (1997), with tanh: c is added to, and nothing of it is let go."""

from typing import Any

import jax.numpy as jnp
from jax.nn import sigmoid

from tests.judges.witnesses.programs.jax.tap import Tap, Tree


def step(tap: Tap, p: Tree, x: Any, h_prev: Any, c_prev: Any) -> Tree:
    i = tap("i", sigmoid(tap("i_bar", p["b_i"] + p["W_i"] @ x + p["U_i"] @ h_prev)))
    g = tap("g", jnp.tanh(tap("g_bar", p["b_g"] + p["W_g"] @ x + p["U_g"] @ h_prev)))
    o = tap("o", sigmoid(tap("o_bar", p["b_o"] + p["W_o"] @ x + p["U_o"] @ h_prev)))
    c = tap("c", i * g + c_prev)
    return {"h": tap("h", jnp.tanh(c) * o), "c": c}
