"""Yang et al. (2024), one head, q not scaled: each row of the state decays by its own e^g; o is not carried."""

from typing import Any

import jax.numpy as jnp

from tests.judges.witnesses.programs.jax.tap import Tap, Tree


def step(tap: Tap, p: Tree, q: Any, k: Any, v: Any, g: Any, S_prev: Any) -> Tree:
    S = tap("S", jnp.diag(jnp.exp(g)) @ S_prev + jnp.outer(k, v))
    return {"S": S, "o": tap("o", q @ S)}
