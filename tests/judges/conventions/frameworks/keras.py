"""Keras on JAX: SimpleRNN, LSTM and GRU, in float32."""

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

from tests.judges.conventions.box import States, Tensors
from tests.judges.conventions.effects import Tried
from tests.judges.example import Array

if keras.backend.backend() != "jax":
    raise ImportError(f"Keras: expected the backend jax, got {keras.backend.backend()}")


class KerasBox:
    """A layer, run on sequences of one step."""

    PRECISION = "float32"

    def __init__(self, make: Callable[..., Any], **settings: Any) -> None:
        self.make, self.settings = make, settings

    @cache  # noqa: B019 - boxes live as long as the module
    def layer(self, D: int, H: int) -> tuple[Any, Callable[..., Any]]:
        """The layer, and its step compiled."""
        layer = self.make(H, return_state=True, dtype=self.PRECISION, **self.settings)
        layer.build((1, 1, D))
        others = [value.value for value in layer.non_trainable_variables]  # the seed of a dropout that is off

        def step(weights: list[Any], x: Any, states: list[Any]) -> Any:
            first = states if len(states) > 1 else states[0]
            found, _ = layer.stateless_call(weights, others, x, initial_state=first)
            return found[1:]

        return layer, jax.jit(step)

    def shapes(self, D: int, H: int) -> dict[str, tuple[int, ...]]:
        return {value.name: tuple(value.shape) for value in self.layer(D, H)[0].trainable_variables}

    def step(self, tensors: Tensors, x: Array, states: States) -> States:
        layer, step = self.layer(x.shape[1], states[0].shape[1])
        weights = [np.float32(tensors[value.name]) for value in layer.trainable_variables]
        last = step(weights, x.astype(np.float32)[:, None], [np.float32(state) for state in states])
        return tuple(np.asarray(state, np.float64) for state in last)


SIMPLE, LSTM, GRU = keras.layers.SimpleRNN, keras.layers.LSTM, keras.layers.GRU
BOXES = {
    "rnn": KerasBox(SIMPLE),
    "lstm": KerasBox(LSTM),
    "gru": KerasBox(GRU),  # with reset_after=True by default, and so the page says
    "gru-before": KerasBox(GRU, reset_after=False),
}
OPTIONS: dict[str, Tried] = {
    "reset_after=False": {"gru": KerasBox(GRU, reset_after=False)},
    'recurrent_activation="hard_sigmoid"': {
        "lstm": KerasBox(LSTM, recurrent_activation="hard_sigmoid"),
        "gru": KerasBox(GRU, recurrent_activation="hard_sigmoid"),
    },
    'activation="relu"': {
        "rnn": KerasBox(SIMPLE, activation="relu"),
        "lstm": KerasBox(LSTM, activation="relu"),
        "gru": KerasBox(GRU, activation="relu"),
    },
    "use_bias=False": {
        "rnn": KerasBox(SIMPLE, use_bias=False),
        "lstm": KerasBox(LSTM, use_bias=False),
        "gru": KerasBox(GRU, use_bias=False),
    },
}
