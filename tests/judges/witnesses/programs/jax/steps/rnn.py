"""Elman (1990), with tanh."""

from typing import Any

import jax.numpy as jnp

from tests.judges.witnesses.programs.jax.tap import Tap, Tree


def step(tap: Tap, p: Tree, x: Any, h_prev: Any) -> Tree:
    return {"h": tap("h", jnp.tanh(tap("h_bar", p["W"] @ x + p["U"] @ h_prev + p["b"])))}
