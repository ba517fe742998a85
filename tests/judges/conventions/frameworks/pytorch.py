"""PyTorch: nn.RNN, nn.LSTM and nn.GRU, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from tests.judges.conventions.box import States, Tensors
from tests.judges.conventions.effects import Special, Tried
from tests.judges.example import Array


class TorchBox:
    """A layer of nn.RNNBase, one layer deep and in one direction."""

    PRECISION = "float64"

    def __init__(self, make: Callable[..., Any], **settings: Any) -> None:
        self.make, self.settings = make, settings

    def layer(self, D: int, H: int) -> Any:
        return self.make(D, H, dtype=torch.float64, **self.settings)

    def shapes(self, D: int, H: int) -> dict[str, tuple[int, ...]]:
        return {name: tuple(value.shape) for name, value in self.layer(D, H).named_parameters()}

    def step(self, tensors: Tensors, x: Array, states: States) -> States:
        layer = self.layer(x.shape[1], states[0].shape[1])
        layer.load_state_dict({name: torch.tensor(value) for name, value in tensors.items()})
        first = tuple(torch.tensor(state)[None] for state in states)
        with torch.no_grad():
            _, last = layer(torch.tensor(x)[None], first if len(first) > 1 else first[0])
        return tuple(s[0].numpy() for s in (last if isinstance(last, tuple) else (last,)))


BOXES = {"rnn": TorchBox(nn.RNN), "lstm": TorchBox(nn.LSTM), "gru": TorchBox(nn.GRU)}


def projection(layer_key: str) -> bool:
    """Whether h is W_hr (o ⊙ tanh c), as numbers; the step is computed here once more."""
    D, H, P = 3, 4, 2
    rng = np.random.default_rng(1)
    layer = nn.LSTM(D, H, proj_size=P, dtype=torch.float64)
    w = {name: rng.normal(size=tuple(value.shape)) for name, value in layer.named_parameters()}
    layer.load_state_dict({name: torch.tensor(value) for name, value in w.items()})
    x, h, c = rng.normal(size=D), rng.normal(size=P), rng.normal(size=H)
    with torch.no_grad():
        _, (found, _) = layer(torch.tensor(x)[None, None], tuple(torch.tensor(s)[None, None] for s in (h, c)))
    a = w["weight_ih_l0"] @ x + w["bias_ih_l0"] + w["weight_hh_l0"] @ h + w["bias_hh_l0"]
    i, f, g, o = np.split(a, 4)
    i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
    memory = f * c + i * np.tanh(g)
    return bool(np.allclose(found[0, 0].numpy(), w["weight_hr_l0"] @ (o * np.tanh(memory)), atol=1e-12))


OPTIONS: dict[str, Tried] = {
    'nonlinearity="relu"': {"rnn": TorchBox(nn.RNN, nonlinearity="relu")},
    "proj_size=P": Special("projection", projection),
    "bias=False": {
        "rnn": TorchBox(nn.RNN, bias=False),
        "lstm": TorchBox(nn.LSTM, bias=False),
        "gru": TorchBox(nn.GRU, bias=False),
    },
}
