"""What `lstmref` says: outputs of its forward pass, and the gradients of that pass by complex-step differentiation.

No derived formula is used here, nor a backward pass written by hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derivations.cells import cells
from tests.judges.agreement.check import witnessed
from tests.judges.example import Array, Named
from tests.judges.forward import Forward
from tests.judges.shape import letters, of_reference, parameter_shapes
from tests.judges.strength.configurations import Configuration, example


@dataclass(frozen=True)
class Reference:
    """An example with what is right on it; every array has the two axes of its symbol at its end.

    Attributes:
        given: what every step is given, (T, B, m, n). constant: parameters, and what is given once.
        initial, final: by state, (B, m, n); final is the cotangent on the last state. loss: by output, (T, B, m, n).
        states: every state after every step, (T, B, m, n). outputs: the same of every output.
        gradients: of every input (T, B, m, n), the initial states ``h_0`` … (B, m, n), and every parameter, over time
            and batch.
        parameters: how many numbers the cell learns at these sizes.
        sizes: what the letters stand for.
    """

    given: Named
    constant: Named
    initial: Named
    final: Named
    loss: Named
    states: Named
    outputs: Named
    gradients: Named
    parameters: int
    sizes: dict[str, int]


def reference(name: str, c: Configuration, seed: int = 0) -> Reference:
    """Run the cell of this name on a configuration.

    Raises:
        lstmref.NameSetError: there is no cell of this name.
        UnlikeError: no example of this configuration can be differentiated.
    """
    cell, said = cells()[name], of_reference(name)
    sizes = c.sizes(letters(cell))
    parameters = parameter_shapes(name, sizes.of)
    found, witness = witnessed(
        name,
        sizes,
        seed,
        lambda number: example(name, c, parameters, said, letters(cell), seed + 1000 * number),
    )
    steps, lift = range(1, c.T + 1), Forward(cell, sizes).lifted

    def each(named: dict[str, Array]) -> Named:
        return {n: lift(n, values) for n, values in named.items()}

    gradients = each({n: np.stack([witness.through_input(n, t) for t in steps]) for n in said.inputs})
    gradients |= {f"{s}_0": lift(s, witness.through_state(s, 0)) for s in said.states}
    gradients |= each({n: witness.through_parameter(n) for n in parameters})
    return Reference(
        each(found.given),
        each(found.constant),
        each(found.initial),
        each(found.final),
        each(found.loss),
        each({s: np.stack([witness.states(t)[s] for t in steps]) for s in said.states}),
        each({o: np.stack([witness.output(o, t) for t in steps]) for o in said.outputs}),
        gradients,
        sum(int(np.prod(shape)) for shape in parameters.values()),
        sizes.of,
    )
