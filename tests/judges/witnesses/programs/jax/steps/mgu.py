"""Zhou et al. (2016): one gate resets the state for the candidate, and is the weight of the candidate."""

from typing import Any

import jax.numpy as jnp
from jax.nn import sigmoid

from tests.judges.witnesses.programs.jax.tap import Tap, Tree


def step(tap: Tap, p: Tree, x: Any, h_prev: Any) -> Tree:
    f = tap("f", sigmoid(tap("f_bar", p["b_f"] + p["W_f"] @ x + p["U_f"] @ h_prev)))
    n = tap("n", jnp.tanh(tap("n_bar", p["b_n"] + p["W_n"] @ x + p["U_n"] @ (h_prev * f))))
    return {"h": tap("h", h_prev + f * (n - h_prev))}
