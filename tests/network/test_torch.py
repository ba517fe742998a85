"""Beside PyTorch's nn.RNN, nn.LSTM and nn.GRU: stacked, bidirectional, packed; outputs and every gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lstmref import Architecture, network
from lstmref.check import Array
from lstmref.network.architecture import key, of_cell
from tests.network import case, frameworks
from tests.network.case import Case, made

pytestmark = pytest.mark.witness

LAYERS = {"rnn": "RNN", "lstm": "LSTM", "gru-after": "GRU"}
TOLERANCE = 1e-12


def observe(torch: Any, given: Case, batch_first: bool) -> dict[str, Array]:
    """Outputs and gradients of the layer of PyTorch, under our names and in our layout, time-major."""
    architecture, order = given.architecture, frameworks.TORCH[given.architecture.cell]
    layer = getattr(torch.nn, LAYERS[architecture.cell])(
        architecture.D,
        architecture.H,
        num_layers=architecture.layers,
        bidirectional=architecture.bidirectional,
        batch_first=batch_first,
        dtype=torch.float64,
    )
    names = frameworks.torch_names(architecture)
    weights = {
        name: torch.tensor(value)
        for where, each in names.items()
        for name, value in zip(each, frameworks.stacked(order, of_cell(given.params, *where)), strict=True)
    }
    layer.load_state_dict(weights)

    def tensor(value: Array) -> Any:
        return torch.tensor(value, requires_grad=True)

    T, B, _ = given.x.shape
    x = tensor(given.x)
    states = {name: tensor(state) for name, state in (given.states or {}).items()}
    flat = tuple(state.reshape(-1, B, architecture.H) for state in states.values())
    seen = x.transpose(0, 1) if batch_first else x
    if given.lengths is not None:
        seen = torch.nn.utils.rnn.pack_padded_sequence(
            seen, torch.tensor(given.lengths), batch_first=batch_first, enforce_sorted=False
        )
    h, last = layer(seen, flat if len(flat) > 1 else flat[0])
    if given.lengths is not None:
        h, _ = torch.nn.utils.rnn.pad_packed_sequence(h, batch_first=batch_first, total_length=T)
    if batch_first:
        h = h.transpose(0, 1)
    final = dict(zip(states, last if isinstance(last, tuple) else (last,), strict=True))
    final = {name: value.reshape(states[name].shape) for name, value in final.items()}
    outputs = {"h": h, **{f"{name}_T": value for name, value in final.items()}}
    torch.autograd.backward(
        list(outputs.values()), [torch.tensor(given.cotangents[name]) for name in outputs]
    )
    found = {f"output {name}": value.detach().numpy() for name, value in outputs.items()}
    found["x"] = x.grad.numpy()
    found |= {f"{name}_0": state.grad.numpy() for name, state in states.items()}
    for where, each in names.items():
        of_one = frameworks.apart(order, *(getattr(layer, name).grad.numpy() for name in each))
        merged = frameworks.merged(of_one, of_cell(given.params, *where))
        found |= {key(*where, name): value for name, value in merged.items()}
    return found


@pytest.mark.parametrize("batch_first", [False, True], ids=["time-major", "batch-major"])
@pytest.mark.parametrize("lengths", [None, [3, 6, 1, 4]], ids=["equal", "packed"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one", "both"])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("name", LAYERS)
def test_same_outputs_and_gradients(
    installed: Callable[[str], Any],
    name: str,
    layers: int,
    bidirectional: bool,
    lengths: list[int] | None,
    batch_first: bool,
) -> None:
    given = made(Architecture(name, 3, 5, layers, bidirectional), T=6, B=4, seed=layers, lengths=lengths)
    expected = observe(installed("torch"), given, batch_first)
    found = ours(given, batch_first)
    assert found.keys() == expected.keys()
    for what, value in expected.items():
        scale = abs(value).max()
        np.testing.assert_allclose(found[what], value, rtol=0, atol=TOLERANCE * scale, err_msg=what)


def ours(given: Case, batch_first: bool) -> dict[str, Array]:
    """The same of the network under test."""

    def turn(value: Array) -> Array:
        return value.swapaxes(0, 1) if batch_first else value

    outputs, cache = network.forward(
        given.architecture,
        given.params,
        turn(given.x),
        given.states,
        lengths=given.lengths,
        batch_first=batch_first,
    )
    gradients = network.backward(given.cotangents | {"h": turn(given.cotangents["h"])}, cache)
    return {
        "output h": turn(outputs.h),
        **{f"output {name}_T": state for name, state in outputs.states.items()},
        **gradients,
        "x": turn(gradients["x"]),
    }


def test_a_difference_is_seen(installed: Callable[[str], Any]) -> None:
    """Directions or layers in the wrong order would not agree."""
    given = made(Architecture("lstm", 3, 5, 2, True), T=6, B=4, seed=1, lengths=[3, 6, 1, 4])
    expected = observe(installed("torch"), given, batch_first=False)["output h"]
    swapped = {"forward": "reverse", "reverse": "forward"}
    params = {
        key(int(layer), swapped[way], name): value
        for (layer, way, name), value in ((each.split("."), value) for each, value in given.params.items())
    }
    for other in (given._replace(params=params), given._replace(lengths=np.array([3, 6, 2, 4]))):
        assert abs(case.run(other)[0].h - expected).max() > 1e-3
