"""JAX: the cells written once more with jax.numpy, from their papers, and differentiated by `jax.grad`.

A zero is added to every quantity where it is defined, to the previous state where a step reads it, and to a copy of
the parameters in each step. The derivative in that zero is the cotangent of the quantity, so that every backward
formula has something to be compared with.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
from jax.nn import sigmoid

from tests.agreement.example import Example, Sizes
from tests.witnesses.shown import Shown

jax.config.update("jax_enable_x64", True)

USES = ("jaxlib",)
PRECISION = "float64"
TOLERANCE = 1e-12

Tree = dict[str, Any]


class Tap:
    """Adds a zero to each quantity that passes, and remembers what passed."""

    def __init__(self, zeros: Tree) -> None:
        self.zeros, self.passed = zeros, Tree()

    def __call__(self, name: str, value: Any) -> Any:
        self.passed[name] = value
        return value + self.zeros[name] if name in self.zeros else value


def rnn(tap: Tap, p: Tree, x: Any, h: Any) -> Tree:
    """Elman (1990), with tanh."""
    return {"h": tap("h", jnp.tanh(tap("h_bar", p["W"] @ x + p["U"] @ h + p["b"])))}


def lstm(tap: Tap, p: Tree, x: Any, h: Any, c: Any) -> Tree:
    """Gers et al. (2000): the forget gate lets go of c, and tanh squashes it on the way out."""
    i = tap("i", sigmoid(tap("i_bar", p["b_i"] + p["W_i"] @ x + p["U_i"] @ h)))
    f = tap("f", sigmoid(tap("f_bar", p["b_f"] + p["W_f"] @ x + p["U_f"] @ h)))
    g = tap("g", jnp.tanh(tap("g_bar", p["b_g"] + p["W_g"] @ x + p["U_g"] @ h)))
    o = tap("o", sigmoid(tap("o_bar", p["b_o"] + p["W_o"] @ x + p["U_o"] @ h)))
    c = tap("c", i * g + f * c)
    return {"h": tap("h", jnp.tanh(c) * o), "c": c}


def lstm_linear(tap: Tap, p: Tree, x: Any, h: Any, c: Any) -> Tree:
    """The LSTM whose output is the cell's state times the output gate, not squashed (Greff et al. 2017: NOAF, NP)."""
    i = tap("i", sigmoid(tap("i_bar", p["b_i"] + p["W_i"] @ x + p["U_i"] @ h)))
    f = tap("f", sigmoid(tap("f_bar", p["b_f"] + p["W_f"] @ x + p["U_f"] @ h)))
    g = tap("g", jnp.tanh(tap("g_bar", p["b_g"] + p["W_g"] @ x + p["U_g"] @ h)))
    o = tap("o", sigmoid(tap("o_bar", p["b_o"] + p["W_o"] @ x + p["U_o"] @ h)))
    c = tap("c", f * c + i * g)
    return {"h": tap("h", o * c), "c": c}


def gru(tap: Tap, p: Tree, x: Any, h: Any) -> Tree:
    """Chung et al. (2014): r resets the state before the product with U_n, and z is the weight of the new."""
    r = tap("r", sigmoid(tap("r_bar", p["b_r"] + p["W_r"] @ x + p["U_r"] @ h)))
    z = tap("z", sigmoid(tap("z_bar", p["b_z"] + p["W_z"] @ x + p["U_z"] @ h)))
    n = tap("n", jnp.tanh(tap("n_bar", p["b_n"] + p["W_n"] @ x + p["U_n"] @ (h * r))))
    return {"h": tap("h", h + z * (n - h))}


def gru_cho(tap: Tap, p: Tree, x: Any, h: Any) -> Tree:
    """Cho et al. (2014), with biases: r resets the state before the product, and z is the weight of the old."""
    r = tap("r", sigmoid(tap("r_bar", p["b_r"] + p["W_r"] @ x + p["U_r"] @ h)))
    z = tap("z", sigmoid(tap("z_bar", p["b_z"] + p["W_z"] @ x + p["U_z"] @ h)))
    n = tap("n", jnp.tanh(tap("n_bar", p["b_n"] + p["W_n"] @ x + p["U_n"] @ (h * r))))
    return {"h": tap("h", n + z * (h - n))}


def gru_after(tap: Tap, p: Tree, x: Any, h: Any) -> Tree:
    """cuDNN's GRU: r scales the product with U_n and the bias beside it, and z is the weight of the old."""
    r = tap("r", sigmoid(tap("r_bar", p["b_r"] + p["W_r"] @ x + p["U_r"] @ h)))
    z = tap("z", sigmoid(tap("z_bar", p["b_z"] + p["W_z"] @ x + p["U_z"] @ h)))
    recurrent = p["U_n"] @ h + p["b_nh"]
    n = tap("n", jnp.tanh(tap("n_bar", p["W_n"] @ x + p["b_nx"] + recurrent * r)))
    return {"h": tap("h", n + z * (h - n))}


STEPS: dict[str, Callable[..., Tree]] = {
    "rnn": rnn,
    "lstm": lstm,
    "lstm-linear": lstm_linear,
    "gru": gru,
    "gru-cho": gru_cho,
    "gru-after": gru_after,
}
CELLS = tuple(STEPS)


def step(cell: str, params: Tree, x: Any, states: Tree, zeros: Tree) -> tuple[Tree, Tree]:
    """One step of one sample: the new states, and every quantity of the step as it was before its zero."""
    tap = Tap(zeros)
    before = {name: tap(f"{name}_prev", value) for name, value in states.items()}
    return STEPS[cell](tap, params, x, **before), tap.passed


def loss(cell: str, at: Tree, on_h: Any, on_final: Tree) -> tuple[Any, Tree]:
    """Σ_t Δ_t · h_t + w · h_T + v · c_T, summed over samples, and every quantity, (T, B, n) each."""

    def advance(states: Tree, of_step: Tree) -> tuple[Tree, tuple[Any, Tree]]:
        params = {name: at["params"][name] + zero for name, zero in of_step["params"].items()}
        one = partial(step, cell, params)
        states, passed = jax.vmap(one)(of_step["x"], states, of_step["zeros"])
        return states, (states["h"], passed)

    final, (h, passed) = jax.lax.scan(
        advance, at["initial"], {"x": at["x"], "params": at["params_of_steps"], "zeros": at["zeros"]}
    )
    total = jnp.sum(on_h * h) + sum(jnp.sum(on_final[name] * final[name]) for name in final)
    return total, passed


@cache
def differentiated(cell: str, sizes: Sizes) -> Callable[..., tuple[Tree, Tree]]:
    """The gradient of the loss in everything, compiled once for a cell and sizes."""
    compiled: Callable[..., tuple[Tree, Tree]] = jax.jit(jax.grad(partial(loss, cell), has_aux=True))
    return compiled


def observe(cell: str, example: Example, rng: np.random.Generator) -> list[Shown]:
    """Every quantity of the forward pass and its cotangent."""
    T, B, _, _ = example.sizes
    one_sample = {name: value[0] for name, value in example.initial.items()}
    _, quantities = jax.eval_shape(partial(step, cell), example.params, example.x[0, 0], one_sample, {})
    at = {
        "params": example.params,
        "x": example.x,
        "initial": example.initial,
        "params_of_steps": {name: np.zeros((T, *value.shape)) for name, value in example.params.items()},
        "zeros": {name: np.zeros((T, B, *value.shape)) for name, value in quantities.items()},
    }
    gradient, passed = differentiated(cell, example.sizes)(at, example.loss, example.final)
    found = {f"forward.{name}": value for name, value in passed.items() if not name.endswith("_prev")}
    found |= {f"backward.{name}": value for name, value in gradient["zeros"].items()}
    found |= {f"backward.{name}": value for name, value in gradient["params"].items()}
    found |= {f"backward.{name}_t": value for name, value in gradient["params_of_steps"].items()}
    found |= {f"backward.{name}_0": value for name, value in gradient["initial"].items()}
    found["backward.x"] = gradient["x"]
    return [Shown(formula, np.asarray(value)) for formula, value in found.items()]
