"""How much memory forward and backward take at their peak, beside the cache that backward reads."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

import lstmref
from benchmarks.case import Array, Case


@dataclass(frozen=True)
class Memory:
    """Bytes. `returned`: outputs and gradients, which belong to the caller; they are part of the peak."""

    peak: int
    cache: int
    returned: int


def measure(case: Case) -> Memory:
    """One forward and backward pass, traced from before the first to after the second; the arguments do not count."""
    module = lstmref.cell(case.cell)
    states = list(case.states.values())
    module.backward(
        {"h": case.dh}, module.forward(case.params, case.x, *states)[1]
    )  # what is made once is made now
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        outputs, cache = module.forward(case.params, case.x, *states)
        gradients = module.backward({"h": case.dh}, cache)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    return Memory(peak, nbytes(cache), nbytes((outputs, gradients)))


def nbytes(thing: object) -> int:
    """The bytes of all arrays that can be reached from a thing; of a view, of what it is a view of; each once.

    >>> whole = np.zeros(10)
    >>> nbytes({"a": whole, "b": (whole[2:4], whole)})
    80
    """
    return sum(array.nbytes for array in {id(one): one for one in _owners(thing, set())}.values())


def _owners(thing: object, seen: set[int]) -> Iterator[Array]:
    if isinstance(thing, np.ndarray):
        while isinstance(thing.base, np.ndarray):
            thing = thing.base
        yield thing
        return
    if id(thing) in seen or isinstance(thing, (str, bytes, type)):
        return
    seen.add(id(thing))
    if isinstance(thing, Mapping):
        inside = list(thing.values())
    elif isinstance(thing, (tuple, list, set, frozenset)):
        inside = list(thing)
    else:
        slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
        inside = [getattr(thing, name) for name in slots if hasattr(thing, name)]
        inside += vars(thing).values() if hasattr(thing, "__dict__") and not callable(thing) else []
    for one in inside:
        yield from _owners(one, seen)
