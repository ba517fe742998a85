"""The one loop through time: it makes of every cell's step a pass over a sequence, forward and backward.

Forward, step by step:      states, outputs, cache_t  =  step_forward(params, inputs_t, states) Backward, the
last first:   a cotangent of h_t is what the loss puts on h_t, plus what step t + 1 put on its h_prev;
gradients of parameters add up over the steps.

Where `lstmref.fast` has a loop for a cell, which gives the same to rounding in less time, that is the
default.

Source:
    the chain rule; werbos1990 (backpropagation through time).
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from lstmref import check, describe, fast
from lstmref.check import Array, Given, Parameters
from lstmref.layout import over_time, shapes
from lstmref.step import bind, own_class, plain, record, signature


class SequenceCache(NamedTuple):
    """What `backward` needs of a sequence; every cell has a class of its own, so that none takes another's."""

    sizes: dict[str, int]  # of the letters of the layout, T and B among them
    dtype: np.dtype[Any]
    kept: Any  # by the loop


class Kept(NamedTuple):
    """What the loop keeps: its own copy of the parameters, and the cache of every step."""

    params: dict[str, Array]
    steps: list[Any]


class Steps(NamedTuple):
    """The loop of one cell, over arrays that are right; those of `lstmref.fast` have the same two functions."""

    cell: Any

    def forward(self, p: dict[str, Array], given: list[Array], sizes: dict[str, int]) -> tuple[Any, Kept]:
        """All steps, over arrays of one dtype.

        Args:
            p: the parameters by name.
            given: the arguments in order, x (T, B, D) and so on.
        """
        layout, step_forward = self.cell.LAYOUT, plain(self.cell.step_forward)
        p, own = {name: check.own(value) for name, value in p.items()}, [check.own(value) for value in given]
        each, rest = len(layout.inputs) + len(layout.data), len(layout.states)
        by_step, states, constants = own[:each], own[each : each + rest], own[each + rest :]
        outputs, caches = over_time(layout.outputs, sizes, own[0].dtype), []
        for t in range(sizes["T"]):
            results, cache = step_forward(p, *(array[t] for array in by_step), *states, *constants)
            now = dict(zip((*layout.states, *layout.apart), results, strict=True))
            for name, value in outputs.items():
                value[t] = now[name]
            states = results[:rest]
            caches.append(cache)
        return (*outputs.values(), *map(check.own, states)), Kept(p, caches)

    def backward(self, given: Mapping[str, Array], kept: Kept, sizes: dict[str, int]) -> dict[str, Array]:
        """Gradients of all steps by name.

        Args:
            given: a cotangent of each result, h (T, B, H) and so on, of one dtype.
        """
        layout, step_backward = self.cell.LAYOUT, plain(self.cell.step_backward)
        loss = {name: np.ascontiguousarray(value) for name, value in given.items()}
        later = {name: loss[f"{name}_T"] for name in layout.states}  # what comes from the steps after
        inputs = over_time(layout.inputs, sizes, next(iter(loss.values())).dtype)
        total = {name: np.zeros_like(value) for name, value in kept.params.items()}
        for t in reversed(range(sizes["T"])):
            now = later | {name: later.get(name, 0) + loss[name][t] for name in layout.outputs}
            found = step_backward(now, kept.steps[t])
            for name, value in inputs.items():
                value[t] = found[name]
            for name, value in total.items():
                value += found[name]
            later = {name: found[f"{name}_prev"] for name in layout.states}
        return inputs | {f"{name}_0": check.own(value) for name, value in later.items()} | total


def passes(module: str, *, fast_loop: bool = True) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """`forward` and `backward` over T steps of the cell in the module of that name; `lstmref.describe` tells of them.

    They take and give arrays (T, B, ...) and (B, ...) as LAYOUT has them, in any dtype that `lstmref.check`
    reads.

    Raises:
        KindError: when they are called with others.
        ShapeError: when they are called with others.
        NameSetError: when they are called with others.
        NotFiniteError: when they are called with others.

    Examples:
        >>> forward, backward = passes("lstmref.cells.rnn", fast_loop=False)
        >>> params = {"W": np.zeros((1, 1)), "U": np.array([[0.5]]), "b": np.zeros(1)}
        >>> outputs, cache = forward(params, np.ones((2, 1, 1)), h_0=np.zeros((1, 1)))
        >>> float(backward({"h_T": np.ones((1, 1))}, cache)["h_0"][0, 0])  # U twice, for tanh(0) has the slope 1
        0.25
    """
    cell: Any = sys.modules[module]
    axes, results = cell.LAYOUT.arguments(time=True), cell.LAYOUT.results(time=True)
    letters, named = cell.LAYOUT.letters, signature(axes)
    Outputs: Any = own_class("Sequence", record("Sequence", tuple(results)), module)
    Cache: Any = own_class("SequenceCache" if fast_loop else "PlainSequenceCache", SequenceCache, module)

    def forward(params: Parameters, *given: Given, **by_name: Given) -> tuple[Any, SequenceCache]:
        bound = bind(named, axes, given, by_name)
        p, read, sizes = check.arguments(cell.parameter_shapes, letters, axes, params, bound)
        found, kept = loop().forward(p, read, sizes)
        return Outputs(*found), Cache(sizes, read[0].dtype, kept)

    def backward(cotangents: Mapping[str, Given], cache: SequenceCache) -> dict[str, Array]:
        sizes, dtype, kept = check.cache(cache, Cache)
        return loop().backward(check.cotangents(cotangents, shapes(results, sizes), dtype), kept, sizes)

    def loop() -> "fast.Loop | Steps":
        return (fast.loop(module) if fast_loop else None) or Steps(cell)

    return describe.passes(forward, backward, module, cell.LAYOUT, named)
