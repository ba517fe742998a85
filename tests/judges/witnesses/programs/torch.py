"""PyTorch: nn.RNN, nn.GRU and nn.LSTM, forward by its own kernels and backward by its autograd, in float64."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from tests.judges.example import Array, Example
from tests.judges.witnesses.gates import Gates
from tests.judges.witnesses.shown import Shown

USES = ()
PRECISION = "float64"
TOLERANCE = 1e-12

LAYERS = {"rnn": nn.RNN, "gru-after": nn.GRU, "lstm": nn.LSTM}
EVERY = False
CELLS = tuple(LAYERS)
GATES = {
    "rnn": Gates(("",)),
    "gru-after": Gates(("r", "z", "n"), two_biases=("n",)),
    "lstm": Gates(("i", "f", "g", "o")),
}


def given(values: Array) -> torch.Tensor:
    """An argument to differentiate in."""
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def observe(cell: str, example: Example, rng: np.random.Generator) -> list[Shown]:
    """h of every step, the final states, and the gradients in x, the initial states and every parameter.

    Two biases that are one of ours must both have its gradient.
    """
    T, B = example.sizes.T, example.sizes.B
    D, H = example.sizes["D"], example.sizes["H"]
    gates = GATES[cell]
    bias_x, bias_h = gates.biases(example.params, rng)
    stacked = {
        "weight_ih_l0": gates.stack("W", example.params),
        "weight_hh_l0": gates.stack("U", example.params),
        "bias_ih_l0": bias_x,
        "bias_hh_l0": bias_h,
    }
    layer = LAYERS[cell](D, H, dtype=torch.float64)
    layer.load_state_dict({name: torch.tensor(value) for name, value in stacked.items()})
    x, initial = given(example.inputs["x"]), {name: given(value) for name, value in example.initial.items()}
    first = tuple(value[None] for value in initial.values())
    h, last = layer(x, first if len(first) > 1 else first[0])
    final = dict(zip(initial, last if isinstance(last, tuple) else (last,), strict=True))
    # The final h has a cotangent beside the one on the last of all h.
    on_final = [torch.tensor(example.final[name])[None] for name in final]
    torch.autograd.backward([h, *final.values()], [torch.tensor(example.loss["h"]), *on_final])

    ends = np.arange(T)[:, None] == np.full(B, T - 1)
    shown = [Shown("forward.h", h.detach().numpy())]
    for name, value in final.items():
        shown.append(Shown(f"forward.{name}", np.broadcast_to(value[0].detach().numpy(), (T, B, H)), ends))
    shown.append(Shown("backward.x", gradient(x)))
    shown += [Shown(f"backward.{name}_0", gradient(value)) for name, value in initial.items()]
    for name, letter, side in (
        ("weight_ih_l0", "W", ""),
        ("weight_hh_l0", "U", ""),
        ("bias_ih_l0", "b", "x"),
        ("bias_hh_l0", "b", "h"),
    ):
        parts = gates.part(letter, gradient(getattr(layer, name)), side)
        shown += [Shown(f"backward.{ours}", value) for ours, value in parts]
    return shown


def gradient(tensor: torch.Tensor) -> Array:
    """What autograd left in a tensor; zero, which no formula gives, where it left nothing."""
    return np.zeros(tensor.shape) if tensor.grad is None else tensor.grad.numpy()
