"""Goodfellow et al. (2016), §10.2: softmax of a read-out, and the cross-entropy with the target y, at each step."""

from typing import Any

import jax.numpy as jnp
from jax.nn import softmax

from tests.judges.witnesses.programs.jax.tap import Tap, Tree


def step(tap: Tap, p: Tree, x: Any, y: Any, h_prev: Any) -> Tree:
    h = tap("h", jnp.tanh(tap("h_bar", p["b"] + p["W"] @ x + p["U"] @ h_prev)))
    probabilities = tap("p", softmax(tap("p_bar", p["a"] + p["V"] @ h)))
    return {"h": h, "l": tap("l", -y @ jnp.log(probabilities))}
