"""Flax: the cells of flax.linen and flax.nnx, in float32."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
from flax import linen, nnx

from tests.judges.conventions.box import States, Tensors
from tests.judges.conventions.effects import Special, Tried
from tests.judges.example import Array


def named(tree: Any) -> dict[str, Any]:
    """The arrays of a tree by their path: `ii/kernel`."""
    return {
        "/".join(str(getattr(step, "key", "")) for step in path if getattr(step, "key", "")): leaf
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
    }


class LinenBox:
    """A cell of flax.linen; its weights are a tree beside it."""

    PRECISION = "float32"

    def __init__(self, make: Callable[..., Any], **settings: Any) -> None:
        self.make, self.settings = make, settings

    @cache  # noqa: B019 - boxes live as long as the module
    def tree(self, D: int, H: int) -> tuple[Any, Callable[..., Any]]:
        """The tree of weights, as shapes, and the cell's step compiled."""
        cell, x = self.make(features=H, **self.settings), np.zeros((1, D), np.float32)
        carry = cell.initialize_carry(jax.random.key(0), x.shape)
        return jax.eval_shape(cell.init, jax.random.key(0), carry, x)["params"], jax.jit(cell.apply)

    def shapes(self, D: int, H: int) -> dict[str, tuple[int, ...]]:
        return {name: tuple(value.shape) for name, value in named(self.tree(D, H)[0]).items()}

    def step(self, tensors: Tensors, x: Array, states: States) -> States:
        tree, step = self.tree(x.shape[1], states[0].shape[1])
        leaves = [np.float32(tensors[name]) for name in named(tree)]
        params = jax.tree_util.tree_unflatten(jax.tree_util.tree_structure(tree), leaves)
        last, _ = step({"params": params}, _given(states), np.float32(x))
        return _states(last)


class NnxBox:
    """A cell of flax.nnx, which holds its weights."""

    PRECISION = "float32"

    def __init__(self, make: Callable[..., Any], **settings: Any) -> None:
        self.make, self.settings = make, settings

    @cache  # noqa: B019 - boxes live as long as the module
    def cell(self, D: int, H: int) -> tuple[Any, Callable[..., Any]]:
        """The weights that the cell holds, and its step compiled."""
        graph, weights, rest = nnx.split(self.make(D, H, rngs=nnx.Rngs(0), **self.settings), nnx.Param, ...)

        def step(weights: Any, carry: Any, x: Any) -> Any:
            return nnx.merge(graph, weights, rest)(carry, x)

        return weights, jax.jit(step)

    def shapes(self, D: int, H: int) -> dict[str, tuple[int, ...]]:
        return {name: tuple(value.shape) for name, value in named(self.cell(D, H)[0]).items()}

    def step(self, tensors: Tensors, x: Array, states: States) -> States:
        weights, step = self.cell(x.shape[1], states[0].shape[1])
        leaves = [np.float32(tensors[name]) for name in named(weights)]
        structure = jax.tree_util.tree_structure(weights)
        last, _ = step(jax.tree_util.tree_unflatten(structure, leaves), _given(states), np.float32(x))
        return _states(last)


def _given(states: States) -> Any:
    first = tuple(np.float32(state) for state in states)
    return first if len(first) > 1 else first[0]


def _states(last: Any) -> States:
    return tuple(np.asarray(s, np.float64) for s in (last if isinstance(last, tuple) else (last,)))


MAKERS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "rnn": (LinenBox, linen.SimpleCell),
    "lstm": (LinenBox, linen.LSTMCell),
    "lstm-nnx": (NnxBox, nnx.OptimizedLSTMCell),
    "gru": (LinenBox, linen.GRUCell),
    "gru-nnx": (NnxBox, nnx.GRUCell),
}
BOXES = {key: box(make) for key, (box, make) in MAKERS.items()}


def residual(layer_key: str) -> bool:
    """The old state is added to the pre-activation."""
    D, H = 3, 4
    rng = np.random.default_rng(5)
    box = LinenBox(linen.SimpleCell, residual=True)
    w = {name: rng.normal(size=shape) for name, shape in box.shapes(D, H).items()}
    x, h = rng.normal(size=D), rng.normal(size=H)
    (found,) = box.step(w, x[None], (h[None],))
    expected = np.tanh(x @ w["i/kernel"] + w["i/bias"] + h @ w["h/kernel"] + h)
    return bool(np.allclose(found[0], expected, atol=1e-5))


def each(**settings: Any) -> dict[str, Any]:
    """All cells with a setting."""
    return {key: box(make, **settings) for key, (box, make) in MAKERS.items()}


OPTIONS: dict[str, Tried] = {
    "gate_fn=hard_sigmoid": {
        key: box(make, gate_fn=jax.nn.hard_sigmoid) for key, (box, make) in MAKERS.items() if key != "rnn"
    },
    "activation_fn=relu": each(activation_fn=jax.nn.relu),
    "residual=True": Special("residual", residual),
}
