"""What the proofs cost: CPU seconds a cell, and how they grow with the depth of a chain of gates.

    python -m benchmarks.proofs            the chain, depths 1 to 8
    python -m benchmarks.proofs lstm gru   these cells, by proof

The chain is that of a recurrent highway network: every layer mixes what it computes with what it was given, by a gate.
A proof that composes such a step writes it out anew for every layer; one equation at a time, a layer costs what a layer
costs. Quote ratios within one run: the seconds are those of the machine.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from time import process_time

from derivations.cells import cells
from derivations.derive.formulas import formulas
from derivations.language import (
    Cell,
    Dimension,
    Equation,
    Source,
    parameter,
    quantity,
    sigmoid,
    state,
    tanh,
    vector,
)
from derivations.mutants.generate import mutants
from derivations.prove.all_sizes import AllSizes, composes
from derivations.prove.unrolled import Unrolled, horizons

DEPTHS = range(1, 9)
D, H = Dimension("D", "input-size"), Dimension("H", "hidden-size")


def chain(depth: int) -> Cell:
    """So many layers of gates between h' and h."""
    x, h = vector("x", D, "input"), state("h", H, "hidden-state")
    W_g, W_n = (parameter(f"W_{k}", H, D, "input-weight") for k in "gn")
    below, equations = h.previous, list[Equation]()
    for j in range(1, depth + 1):
        g, n = quantity(f"g{j}", H, "update-gate"), quantity(f"n{j}", H, "hidden-candidate")
        y = h if j == depth else quantity(f"y{j}", H, "hidden-candidate")
        U_g, U_n = (parameter(f"U_{k}{j}", H, H, "recurrent-weight") for k in "gn")
        b_g, b_n = (parameter(f"b_{k}{j}", H, None, "bias") for k in "gn")
        first = (W_g @ x + U_g @ below, W_n @ x + U_n @ below) if j == 1 else (U_g @ below, U_n @ below)
        equations += [
            Equation(g, sigmoid(first[0] + b_g)),
            Equation(n, tanh(first[1] + b_n)),
            Equation(y, g * n + (1 - g) * below),
        ]
        below = y
    return Cell(f"chain-{depth}", Source("made-up", "a chain of gates"), tuple(equations), (h,))


def seconds(cell: Cell) -> dict[str, float]:
    """CPU seconds of each proof of a cell, and of its mutants.

    Raises:
        AssertionError: a formula is refuted, or a mutant is not.
    """
    found = list(formulas(cell))
    derived = [f for f in found if f.pass_ != "forward"]
    start, spent = process_time(), dict[str, float]()

    def lap(name: str) -> None:
        nonlocal start
        spent[name], start = process_time() - start, process_time()

    local = AllSizes(cell)
    assert all(local.prove(f).outcome == "proved" for f in derived)
    lap("all sizes")
    broken = [m.broken for f in derived for m in mutants(f, cell) if m.broken is not None]
    assert all(map(local.refuses, broken))
    lap("mutants")
    if composes(cell):
        composed = AllSizes(cell, composed=True)
        assert all(composed.prove(f).outcome == "proved" for f in derived)
        lap("composed")
    for steps in horizons(cell):
        assert all(v.outcome == "proved" for _, v in Unrolled(cell, steps).prove(found))
        lap(f"T = {steps}")
    return spent


def main(names: Sequence[str]) -> None:
    """Print a line for each cell, or for each depth of the chain."""
    for cell in map(cells().__getitem__, names) if names else map(chain, DEPTHS):
        spent = seconds(cell) if names else _alone(cell)
        told = "  ".join(f"{name} {value:.2f}" for name, value in spent.items())
        print(
            f"{cell.name:18} {len(cell.steps):3} equations  {told}  in all {sum(spent.values()):.2f} s",
            flush=True,
        )


def _alone(cell: Cell) -> dict[str, float]:
    """The proof for all sizes alone: it is the one that is linear in the depth."""
    start = process_time()
    prover = AllSizes(cell)
    derived = [f for f in formulas(cell) if f.pass_ != "forward"]
    assert all(prover.prove(f).outcome == "proved" for f in derived)
    return {"all sizes": process_time() - start}


if __name__ == "__main__":
    main(sys.argv[1:])
