"""Keras: SimpleRNN, GRU with the reset before and after the product, and LSTM, on JAX, in float32.

Not in float64: Keras 3 takes the result of some of its operations down to float32 on every backend but TensorFlow's.
Keras has each matrix as the transpose of ours, one bias a gate (two with the reset after), and batches first.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("KERAS_BACKEND", "jax")
# Keras keeps settings in a folder, by default in the user's home; neither written nor read here.
os.environ.setdefault("KERAS_HOME", str(Path(__file__).resolve().parents[4] / ".cache" / "keras"))

import jax
import keras

from tests.judges.example import Array, Example, Sizes
from tests.judges.witnesses.gates import Gates
from tests.judges.witnesses.shown import Shown

if keras.backend.backend() != "jax":
    raise ImportError(f"Keras: expected the backend jax, got {keras.backend.backend()}")

USES = ("jax", "jaxlib")
PRECISION = "float32"
TOLERANCE = 1e-5

LAYERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "rnn": (keras.layers.SimpleRNN, {}),
    "gru": (keras.layers.GRU, {"reset_after": False}),
    "gru-cho": (keras.layers.GRU, {"reset_after": False}),
    "gru-after": (keras.layers.GRU, {"reset_after": True}),
    "lstm": (keras.layers.LSTM, {}),
}
EVERY = False
CELLS = tuple(LAYERS)
GATES = {
    "rnn": Gates(("",)),
    "gru": Gates(("z", "r", "n"), negated=("z",)),  # Keras's z is the weight of the old state
    "gru-cho": Gates(("z", "r", "n")),
    "gru-after": Gates(("z", "r", "n"), two_biases=("n",)),
    "lstm": Gates(("i", "f", "g", "o")),
}

Outputs = tuple[Any, ...]


@cache
def layer_of(cell: str, sizes: Sizes) -> tuple[Any, Callable[..., tuple[Outputs, Any]]]:
    """The layer of a cell, and a compiled function that gives its outputs and the gradient in all its arguments."""
    kind, settings = LAYERS[cell]
    layer = kind(sizes["H"], return_sequences=True, return_state=True, dtype=PRECISION, **settings)
    layer.build((sizes.B, sizes.T, sizes["D"]))
    others = [
        variable.value for variable in layer.non_trainable_variables
    ]  # the seed of a dropout that is off

    def outputs(weights: list[Any], x: Any, initial: list[Any]) -> Outputs:
        found, _ = layer.stateless_call(weights, others, x, initial_state=initial)
        return tuple(found)

    def run(weights: list[Any], x: Any, initial: list[Any], cotangents: Outputs) -> tuple[Outputs, Any]:
        found, back = jax.vjp(outputs, weights, x, initial)
        return found, back(cotangents)

    return layer, jax.jit(run)


def observe(cell: str, example: Example, rng: np.random.Generator) -> list[Shown]:
    """h of every step, the final states, the gradients in x, the initial states and every parameter.

    The number of parameters too, but not where Keras has more biases than the cell.
    """
    T, B, H = example.sizes.T, example.sizes.B, example.sizes["H"]
    layer, run = layer_of(cell, example.sizes)
    gates = GATES[cell]
    two = bool(gates.two_biases)
    bias = np.stack(gates.biases(example.params, rng)) if two else gates.bias(example.params)
    weights = [gates.stack("W", example.params).T, gates.stack("U", example.params).T, bias]
    on_final = [example.final[name] for name in example.initial]
    arguments = (
        weights,
        example.inputs["x"].swapaxes(0, 1),
        list(example.initial.values()),
        (example.loss["h"].swapaxes(0, 1), *on_final),
    )
    (h, *final), (in_weights, in_x, in_initial) = run(*jax.tree.map(np.float32, arguments))

    ends = np.arange(T)[:, None] == np.full(B, T - 1)
    shown = [Shown("forward.h", batch_second(h)), Shown("backward.x", batch_second(in_x))]
    for name, value, gradient in zip(example.initial, final, in_initial, strict=True):
        shown.append(Shown(f"forward.{name}", np.broadcast_to(value, (T, B, H)), ends))
        shown.append(Shown(f"backward.{name}_0", np.asarray(gradient)))
    kernel, recurrent, biases = (np.asarray(value) for value in in_weights)
    parts = [*gates.part("W", kernel.T), *gates.part("U", recurrent.T)]
    for side, values in zip("xh", biases, strict=True) if two else [("", biases)]:
        parts += gates.part("b", values, side)
    shown += [Shown(f"backward.{name}", value) for name, value in parts]
    if not two:
        shown.append(Shown("count.parameters", np.array(float(layer.count_params()))))
    return shown


def batch_second(values: Any) -> Array:
    """(B, T, n) to (T, B, n)."""
    return np.asarray(values).swapaxes(0, 1)
