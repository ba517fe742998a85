"""Jozefowicz et al. (2015), MUT2: r takes x as it is, z and the candidate take it through their weights."""

from typing import Any

import jax.numpy as jnp
from jax.nn import sigmoid

from tests.judges.witnesses.programs.jax.tap import Tap, Tree


def step(tap: Tap, p: Tree, x: Any, h_prev: Any) -> Tree:
    z = tap("z", sigmoid(tap("z_bar", p["b_z"] + p["W_z"] @ x + p["U_z"] @ h_prev)))
    r = tap("r", sigmoid(tap("r_bar", p["b_r"] + x + p["U_r"] @ h_prev)))
    n = tap("n", jnp.tanh(tap("n_bar", p["b_n"] + p["W_n"] @ x + p["U_n"] @ (h_prev * r))))
    return {"h": tap("h", h_prev + z * (n - h_prev))}
