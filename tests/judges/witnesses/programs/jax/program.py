"""JAX: the cells written once more with jax.numpy, from their papers, and differentiated by `jax.grad`.

A cell is one file in `steps/`, found there by its name, with hyphens as underscores. It has

    step(tap, p, x, …, h_prev, …)  ->  {"h": …, …}

of one sample: `p` are the parameters by name; inputs, data, previous states and what is given once come by name, as
arrays without axes of length 1; what is returned are the new states and the outputs that are not carried. Every
quantity that a formula is about, pre-activations too, passes through `tap("i_bar", …)` under its name.

A zero is added to every quantity where it is defined, to the previous state where a step reads it, and to a copy of
the parameters in each step. The derivative in that zero is the cotangent of the quantity, so that every backward
formula has something to be compared with.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp

from tests.judges.example import Example, Sizes
from tests.judges.witnesses.programs.jax.tap import Tap, Tree
from tests.judges.witnesses.shown import Shown

jax.config.update("jax_enable_x64", True)

USES = ("jaxlib",)
PRECISION = "float64"
TOLERANCE = 1e-12
EVERY = True

STEPS = Path(__file__).parent / "steps"
CELLS = tuple(sorted(path.stem.replace("_", "-") for path in STEPS.glob("*.py")))


@cache
def step_of(cell: str) -> Callable[..., Tree]:
    """The step of a cell, as its file has it."""
    module = import_module(f"tests.judges.witnesses.programs.jax.steps.{cell.replace('-', '_')}")
    found: Callable[..., Tree] = module.step
    return found


def step(
    cell: str, params: Tree, constants: Tree, given: Tree, states: Tree, zeros: Tree
) -> tuple[Tree, Tree]:
    """One step of one sample: the new states and outputs, and every quantity of the step as it was before its zero."""
    tap = Tap(zeros)
    before = {f"{name}_prev": tap(f"{name}_prev", value) for name, value in states.items()}
    return step_of(cell)(tap, params, **given, **before, **constants), tap.passed


def loss(cell: str, at: Tree, fixed: Tree) -> tuple[Any, Tree]:
    """Σ_t Δ_t · h_t over all outputs + w · h_T + … over the states, summed over samples; and every quantity.

    at: what is differentiated in. fixed: the cotangents, and what is given and has no gradient.
    """

    def advance(states: Tree, of_step: Tree) -> tuple[Tree, tuple[Tree, Tree]]:
        params = {name: at["params"][name] + zero for name, zero in of_step["params"].items()}
        one = partial(step, cell, params, fixed["constants"])
        found, passed = jax.vmap(one)(of_step["given"], states, of_step["zeros"])
        carried = {name: found[name] for name in states}
        return carried, ({name: found[name] for name in fixed["loss"]}, passed)

    steps = {
        "given": {**at["inputs"], **fixed["data"]},
        "params": at["params_of_steps"],
        "zeros": at["zeros"],
    }
    final, (outputs, passed) = jax.lax.scan(advance, at["initial"], steps)
    total = sum(jnp.sum(weight * outputs[name]) for name, weight in fixed["loss"].items())
    return total + sum(jnp.sum(weight * final[name]) for name, weight in fixed["final"].items()), passed


@cache
def differentiated(cell: str, sizes: Sizes) -> Callable[..., tuple[Tree, Tree]]:
    """The gradient of the loss in everything, compiled once for a cell and sizes."""
    # Run a few times only: to compile quickly matters more than what is compiled.
    options = {"xla_backend_optimization_level": 0}
    made: Callable[..., tuple[Tree, Tree]] = jax.jit(
        jax.grad(partial(loss, cell), has_aux=True), compiler_options=options
    )
    return made


def observe(cell: str, example: Example, rng: np.random.Generator) -> list[Shown]:
    """Every quantity of the forward pass and its cotangent."""
    T, B = example.sizes.T, example.sizes.B
    given = {name: values[0, 0] for name, values in example.given.items()}
    states = {name: values[0] for name, values in example.initial.items()}
    passing = partial(step, cell)
    _, quantities = jax.eval_shape(passing, example.params, example.constants, given, states, {})
    at = {
        "params": example.params,
        "inputs": example.inputs,
        "initial": example.initial,
        "params_of_steps": {name: np.zeros((T, *value.shape)) for name, value in example.params.items()},
        "zeros": {name: np.zeros((T, B, *value.shape)) for name, value in quantities.items()},
    }
    fixed = {
        "data": example.data,
        "constants": example.constants,
        "loss": example.loss,
        "final": example.final,
    }
    gradient, passed = differentiated(cell, example.sizes)(at, fixed)
    previous = {f"{name}_prev" for name in example.initial}
    found = {f"forward.{name}": value for name, value in passed.items() if name not in previous}
    found |= {f"backward.{name}": value for name, value in gradient["zeros"].items()}
    found |= {f"backward.{name}": value for name, value in gradient["params"].items()}
    found |= {f"backward.{name}_t": value for name, value in gradient["params_of_steps"].items()}
    found |= {f"backward.{name}_0": value for name, value in gradient["initial"].items()}
    found |= {f"backward.{name}": value for name, value in gradient["inputs"].items()}
    return [Shown(formula, np.asarray(value)) for formula, value in found.items()]
