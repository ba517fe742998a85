"""A sequence by the step functions alone: the definition that every loop through time has to meet."""

from lstmref import Cell
from lstmref.check import Array
from tests.lstmref.checker import Example


def by_steps(cell: Cell, given: Example, T: int) -> dict[str, Array]:
    """Outputs and gradients of T steps, under the names that `forward` and `backward` give them."""
    import numpy as np

    layout = cell.LAYOUT
    per_step = [given.given[name] for name in (*layout.inputs, *layout.data)]
    constants = [given.given[name] for name in layout.constants]
    states = [given.given[f"{name}_0"] for name in layout.states]
    found = {name: np.empty_like(given.cotangents[name]) for name in layout.outputs}
    caches = []
    for t in range(T):
        now, cache = cell.step_forward(given.params, *(v[t] for v in per_step), *states, *constants)
        states = [getattr(now, name) for name in layout.states]
        caches.append(cache)
        for name, value in found.items():
            value[t] = getattr(now, name)
    found |= {f"{name}_T": state for name, state in zip(layout.states, states, strict=True)}

    later = {name: given.cotangents[f"{name}_T"] for name in layout.states}
    found |= {name: np.zeros_like(value) for name, value in given.params.items()}
    found |= {name: np.empty_like(given.given[name]) for name in layout.inputs}
    for t in reversed(range(T)):
        here = {name: later.get(name, 0) + given.cotangents[name][t] for name in layout.outputs}
        back = cell.step_backward(later | here, caches[t])
        later = {name: back[f"{name}_prev"] for name in layout.states}
        for name in layout.inputs:
            found[name][t] = back[name]
        for name in given.params:
            found[name] += back[name]
    return found | {f"{name}_0": value for name, value in later.items()}
