"""Arguments of a network, the loss on all of its outputs, and that loss's derivatives by the complex step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies

import lstmref
from lstmref import Architecture, network
from lstmref.check import Array
from lstmref.network import Cache, Outputs

STEP = 1e-30
TOLERANCE = 1e-12  # of the product of the norms of gradient and direction


class Case(NamedTuple):
    """A network, what it is given, and cotangents on all of its outputs; arrays are time-major."""

    architecture: Architecture
    params: dict[str, Array]
    x: Array
    states: dict[str, Array] | None
    lengths: Array | None
    masks: list[Array | None] | None
    cotangents: dict[str, Array]

    def arrays(self) -> dict[str, Array]:
        """Everything to differentiate in, under the name of its gradient."""
        return {
            "x": self.x,
            **{f"{name}_0": value for name, value in (self.states or {}).items()},
            **self.params,
        }

    def ends(self) -> list[int]:
        """How many steps each sample has."""
        return [len(self.x)] * self.x.shape[1] if self.lengths is None else [int(n) for n in self.lengths]

    def having(self, name: str, value: Any) -> Case:
        """This case with another value for one of `arrays`."""
        if name == "x":
            return self._replace(x=value)
        if name in self.params:
            return self._replace(params=self.params | {name: value})
        return self._replace(states=(self.states or {}) | {name.removesuffix("_0"): value})


def made(
    architecture: Architecture,
    T: int,
    B: int,
    seed: int,
    *,
    lengths: list[int] | None = None,
    masked: bool = False,
    given_states: bool = True,
    dtype: type[Any] = np.float64,
) -> Case:
    """Random arguments; with `masked` a mask at every layer, of another shape at every other."""
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> Array:
        return rng.normal(0, 0.7, shape).astype(dtype)

    state_names = lstmref.cell(architecture.cell).STATES
    shape = (architecture.layers, len(architecture.directions), B, architecture.H)
    masks: list[Array | None] | None = None
    if masked:
        sizes = [architecture.inputs(layer) for layer in range(architecture.layers)]
        masks = [draw(T, B, n) if layer % 2 else draw(1, B, n) for layer, n in enumerate(sizes)]
    return Case(
        architecture,
        params={name: draw(*each) for name, each in architecture.parameter_shapes().items()},
        x=draw(T, B, architecture.D),
        states={name: draw(*shape) for name in state_names} if given_states else None,
        lengths=None if lengths is None else np.array(lengths, dtype=np.int64),
        masks=masks,
        cotangents={
            "h": draw(T, B, architecture.outputs),
            **{f"{name}_T": draw(*shape) for name in state_names},
        },
    )


@strategies.composite
def cases(draw: Any, cell: str) -> Case:
    """Small networks of a cell: T >= 3, B >= 2 and D != H, as every gradient check should have."""
    whole = strategies.integers
    H = draw(whole(2, 3))
    D = draw(whole(1, 4).filter(lambda n: n != H))
    T, B = draw(whole(3, 4)), draw(whole(2, 3))
    ways = draw(strategies.sampled_from([{}, {"reverse": True}, {"bidirectional": True}]))
    architecture = Architecture(cell, D, H, draw(whole(1, 3)), **ways)
    lengths = draw(strategies.none() | strategies.lists(whole(0, T), min_size=B, max_size=B))
    return made(
        architecture,
        T,
        B,
        draw(whole(0, 2**32 - 1)),
        lengths=lengths,
        masked=draw(strategies.booleans()),
        given_states=draw(strategies.integers(0, 3)) > 0,
    )


def run(case: Case) -> tuple[Outputs, Cache]:
    """The forward pass of the network under test."""
    return network.forward(
        case.architecture, case.params, case.x, case.states, lengths=case.lengths, masks=case.masks
    )


def gradients(case: Case) -> dict[str, Array]:
    """Its backward pass."""
    return network.backward(case.cotangents, run(case)[1])


def loss(case: Case) -> Any:
    """The scalar whose gradients the cotangents ask for; NumPy's sum of what the network returns."""
    outputs, _ = run(case)
    found = {"h": outputs.h, **{f"{name}_T": state for name, state in outputs.states.items()}}
    return sum((cotangent * found[name]).sum() for name, cotangent in case.cotangents.items())


def wrong(case: Case) -> Iterator[str]:
    """The arguments in which the backward pass is not the derivative of the forward pass, in two random directions.

    A wrong gradient is orthogonal to its error in a random direction with probability 0.
    """
    found = gradients(case)
    rng = np.random.default_rng(0)
    at = case._replace(
        params={name: value.astype(complex) for name, value in case.params.items()},
        x=case.x.astype(complex),
        states=case.states and {name: value.astype(complex) for name, value in case.states.items()},
        masks=case.masks and [None if mask is None else mask.astype(complex) for mask in case.masks],
    )
    for name, value in at.arrays().items():
        if found[name].shape != value.shape:
            yield f"{name}: shape {found[name].shape}"
            continue
        for _ in range(2):
            direction = rng.normal(size=value.shape)
            expected = loss(at.having(name, value + 1j * STEP * direction)).imag / STEP
            error = abs((found[name] * direction).sum() - expected)
            scale = max(np.linalg.norm(found[name]), abs(expected), 1e-3) * np.linalg.norm(direction)
            if not error <= TOLERANCE * scale:
                yield f"{name}: {error / scale:.1e}"
