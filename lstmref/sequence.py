"""The one loop through time: it makes of every cell's step a pass over a sequence, forward and backward.

Forward, step by step:      states, outputs, cache_t  =  step_forward(params, inputs_t, states)
Backward, the last first:   a cotangent of h_t is what the loss puts on h_t, plus what step t + 1 put on its h_prev;
                            gradients of parameters add up over the steps.

For some cells `lstmref.fast` has a loop that gives the same to rounding in less time: there it is the default.
Source: the chain rule; werbos1990 (backpropagation through time).
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from lstmref import check, describe, fast
from lstmref.check import Array, Given, Parameters
from lstmref.layout import shapes
from lstmref.step import bind, plain, record, signature


class SequenceCache(NamedTuple):
    """What `backward` needs of a sequence; every cell has a class of its own, so that none takes another's."""

    sizes: dict[str, int]  # of the letters of the layout, T and B among them
    dtype: np.dtype[Any]
    kept: Any  # by the loop: `Kept` by the general one


class Kept(NamedTuple):
    """What the general loop keeps: its own copy of the parameters, and the cache of every step."""

    params: dict[str, Array]
    steps: list[Any]


class Steps(NamedTuple):
    """The general loop of one cell, over arrays that are right; a fast loop has the same two functions."""

    cell: Any

    def forward(self, p: dict[str, Array], given: list[Array], sizes: dict[str, int]) -> tuple[Any, Any]:
        """All steps: what `Layout.results` names, as a tuple, and the caches of the steps.

        p: the parameters by name; given: the arguments in order, such as x (T, B, D), of one dtype.
        """
        layout, step = self.cell.LAYOUT, plain(self.cell.step_forward)
        p, own = {name: check.own(value) for name, value in p.items()}, [check.own(value) for value in given]
        each, rest = len(layout.inputs) + len(layout.data), len(layout.states)
        over_time, now, constants = own[:each], own[each : each + rest], own[each + rest :]
        axes = {
            name: letters for name, letters in layout.results(time=True).items() if name in layout.outputs
        }
        found = {name: np.empty(shape, own[0].dtype) for name, shape in shapes(axes, sizes).items()}
        caches = []
        for t in range(sizes["T"]):
            results, cache = step(p, *(array[t] for array in over_time), *now, *constants)
            now = results[:rest]
            caches.append(cache)
            for name, value in zip((*layout.states, *layout.apart), results, strict=True):
                if name in found:
                    found[name][t] = value
        return (*found.values(), *map(check.own, now)), Kept(p, caches)

    def backward(self, given: Mapping[str, Array], kept: Any, sizes: dict[str, int]) -> dict[str, Array]:
        """Gradients of all steps: of the inputs, the initial states and the parameters.

        given: a cotangent for each of `Layout.results`, such as h (T, B, H), of the dtype of the forward pass.
        """
        layout, step_back, (p, caches) = self.cell.LAYOUT, plain(self.cell.step_backward), kept
        given = {name: np.ascontiguousarray(value) for name, value in given.items()}
        later = {name: given[f"{name}_T"] for name in layout.states}
        dtype = next(iter(given.values())).dtype
        over_time = {name: ("T", "B", *axes) for name, axes in layout.inputs.items()}
        d_inputs = {name: np.empty(shape, dtype) for name, shape in shapes(over_time, sizes).items()}
        total = {name: np.zeros_like(value) for name, value in p.items()}
        for t in reversed(range(sizes["T"])):
            here = {name: given[name][t] for name in layout.outputs}  # what the loss puts on them
            found = step_back(
                here | {s: here[s] + d if s in here else d for s, d in later.items()}, caches[t]
            )
            later = {name: found[f"{name}_prev"] for name in layout.states}
            for name, value in d_inputs.items():
                value[t] = found[name]
            for name, value in total.items():
                value += found[name]
        return d_inputs | {f"{name}_0": check.own(value) for name, value in later.items()} | total


def passes(module: str, *, fast_loop: bool = True) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """`forward` and `backward` of the cell in the module of that name, over T steps; without `fast_loop` plainly.

    forward takes params, as `parameter_shapes` has them, and the arguments of the layout: x (T, B, D), h_0 (B, H) and
    so on, T = 0 and B = 0 allowed, all of one dtype that `lstmref.check` reads. It returns h (T, B, H) and the other
    outputs, the last states h_T (B, H), and the cache. backward takes cotangents of these by name, each zero if
    absent (those of h and h_T add up), and the cache; it returns the gradients of inputs, initial states and
    parameters, summed over time and batch, the caller's own. For complex128 nothing is conjugated.
    Both raise KindError, ShapeError, NameSetError or NotFiniteError.

    >>> from lstmref import rnn
    >>> forward, backward = passes("lstmref.cells.rnn", fast_loop=False)
    >>> params = {"W": np.zeros((1, 1)), "U": np.array([[0.5]]), "b": np.zeros(1)}
    >>> outputs, cache = forward(params, np.ones((2, 1, 1)), h_0=np.zeros((1, 1)))
    >>> float(backward({"h_T": np.ones((1, 1))}, cache)["h_0"][0, 0])  # U twice, for tanh(0) has the slope 1
    0.25
    """
    cell: Any = sys.modules[module]
    axes, results = cell.LAYOUT.arguments(time=True), cell.LAYOUT.results(time=True)
    named, Outputs = signature(axes), record("Sequence", results)
    Cache: Any = type("SequenceCache", (SequenceCache,), {"__module__": module, "__slots__": ()})

    def loop() -> Any:
        return (fast.loop(module) if fast_loop else None) or Steps(cell)

    def forward(params: Parameters, *given: Given, **by_name: Given) -> tuple[Any, SequenceCache]:
        bound = bind(named, axes, given, by_name)
        p, read, sizes = check.arguments(cell.parameter_shapes, cell.LAYOUT.letters, axes, params, bound)
        found, kept = loop().forward(p, read, sizes)
        return Outputs(*found), Cache(sizes, read[0].dtype, kept)

    def backward(cotangents: Mapping[str, Given], cache: SequenceCache) -> dict[str, Array]:
        sizes, dtype, kept = check.cache(cache, Cache)
        given = check.cotangents(cotangents, shapes(results, sizes), dtype)
        found: dict[str, Array] = loop().backward(given, kept, sizes)
        return found

    for function, text in ((forward, describe.forward), (backward, describe.backward)):
        function.__module__, function.__qualname__ = module, function.__name__
        function.__doc__ = text(cell.LAYOUT)
    forward.__signature__ = named  # type: ignore[attr-defined]
    return forward, backward
