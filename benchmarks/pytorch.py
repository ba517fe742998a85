"""`torch.nn.LSTM`, `torch.nn.GRU` and `torch.nn.RNN` on the CPU: the layer forward, and backward by autograd."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.case import Array, Case, Numbers
from benchmarks.contestant import Contestant


@dataclass(frozen=True)
class Layer:
    """A layer of PyTorch and its order of gates. It has a bias beside each weight: `bias_x` and `bias_h` name ours that
    are put there, gate by gate, None for zeros."""

    kind: Any
    gates: tuple[str, ...]
    bias_x: tuple[str | None, ...]
    bias_h: tuple[str | None, ...]


LAYERS = {
    "lstm": Layer(nn.LSTM, ("i", "f", "g", "o"), ("b_i", "b_f", "b_g", "b_o"), (None, None, None, None)),
    "rnn": Layer(nn.RNN, ("",), ("b",), (None,)),
    "gru-after": Layer(nn.GRU, ("r", "z", "n"), ("b_r", "b_z", "b_nx"), (None, None, "b_nh")),
}


def prepare(case: Case) -> Contestant:
    """Forward of the layer, then the gradients in x, the initial states, all weights and biases.

    Forward alone keeps all the same what a backward pass would need, as ours does.
    """
    layout = LAYERS[case.cell]
    layer = layout.kind(case.size.D, case.size.H).to(getattr(torch, case.dtype.name))
    values = {
        "weight_ih_l0": np.concatenate([case.params[_of("W", gate)] for gate in layout.gates]),
        "weight_hh_l0": np.concatenate([case.params[_of("U", gate)] for gate in layout.gates]),
        "bias_ih_l0": _biases(case, layout.bias_x),
        "bias_hh_l0": _biases(case, layout.bias_h),
    }
    layer.load_state_dict({name: torch.tensor(value) for name, value in values.items()})
    x = torch.tensor(case.x, requires_grad=True)
    states = [torch.tensor(value[None], requires_grad=True) for value in case.states.values()]
    initial = tuple(states) if len(states) > 1 else states[0]
    dh = torch.tensor(case.dh)
    wanted = [x, *states, *(getattr(layer, name) for name in values)]

    def run() -> tuple[Any, Any]:
        h, _ = layer(x, initial)
        if case.forward_alone:
            return h, ()
        return h, torch.autograd.grad(h, wanted, grad_outputs=dh)

    return Contestant(run, lambda returned: _named(case, layout, returned))


def _of(kind: str, gate: str) -> str:
    """The weight of a gate; a cell without gates has one of each kind, by its letter alone."""
    return f"{kind}_{gate}" if gate else kind


def _biases(case: Case, names: tuple[str | None, ...]) -> Array:
    zero = np.zeros(case.size.H, case.dtype)
    return np.concatenate([zero if name is None else case.params[name] for name in names])


def _named(case: Case, layout: Layer, returned: tuple[Any, Any]) -> Numbers:
    h, gradients = returned
    if case.forward_alone:
        return {"h": h.detach().numpy()}
    dx, *rest = (one.detach().numpy() for one in gradients)
    numbers = {"h": h.detach().numpy(), "x": dx}
    for name, value in zip(case.states, rest, strict=False):
        numbers[f"{name}_0"] = value[0]
    W, U, bias_x, bias_h = (np.split(one, len(layout.gates)) for one in rest[len(case.states) :])
    for k, gate in enumerate(layout.gates):
        numbers[_of("W", gate)], numbers[_of("U", gate)] = W[k], U[k]
    for names, parts in ((layout.bias_x, bias_x), (layout.bias_h, bias_h)):
        numbers |= {name: part for name, part in zip(names, parts, strict=True) if name is not None}
    return numbers
