"""How exact a result can be at all."""

import numpy as np

from lstmref import Cell
from tests.arrays.given import changed
from tests.lstmref import checker
from tests.lstmref.checker import Example


def sensitivity(cell: Cell, given: Example, eps: float, *, step: bool) -> dict[str, float]:
    """How far each result moves when every number that is given moves by up to `eps` of itself.

    That much no computation can be held to: where terms cancel, it is more than `eps` of the result.
    """
    rng = np.random.default_rng(0)
    results = []
    for _ in range(4):
        moved = changed(given, lambda _, value: value * (1 + eps * rng.uniform(-1, 1, value.shape)))
        outputs, _ = checker.run(cell, moved, step=step)
        results.append(outputs._asdict() | checker.gradients(cell, moved, step=step))
    first, *others = results
    return {
        name: max(float(np.abs(one[name] - value).max(initial=0)) for one in others)
        for name, value in first.items()
    }
