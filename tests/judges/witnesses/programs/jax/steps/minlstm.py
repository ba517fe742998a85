"""Feng et al. (2024), minLSTM: gates of x alone, each divided by their sum."""

from typing import Any

from jax.nn import sigmoid

from tests.judges.witnesses.programs.jax.tap import Tap, Tree


def step(tap: Tap, p: Tree, x: Any, h_prev: Any) -> Tree:
    f = tap("f", sigmoid(tap("f_bar", p["b_f"] + p["W_f"] @ x)))
    i = tap("i", sigmoid(tap("i_bar", p["b_i"] + p["W_i"] @ x)))
    n = tap("n", p["b_n"] + p["W_n"] @ x)
    s = tap("s", i + f)
    a, e = tap("a", f / s), tap("e", i / s)
    return {"h": tap("h", e * n + a * h_prev)}
