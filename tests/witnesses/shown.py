"""What a program written by others shows of a run, and the random arguments it is run on.

A program is a module in `programs/`: found there, not listed. It runs a cell on an example and says what it saw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple, Protocol, cast
from zlib import crc32

import numpy as np
import numpy.typing as npt

from derivations.cells import cells
from derivations.language import Cell
from tests.agreement.example import Array, Example, Sizes, draw

PROGRAMS = Path(__file__).parent / "programs"
# Few, so that a program that compiles for each size does so a few times only. One short sequence, D = 1 once.
SIZES = (Sizes(4, 2, 3, 2), Sizes(3, 3, 2, 4), Sizes(5, 2, 4, 3), Sizes(2, 2, 1, 3))
WEIGHTS = (4, 3, 3, 1)  # how often each is drawn
CONFIGURATIONS = 50  # a cell and program


class Shown(NamedTuple):
    """One quantity as a program gives it, ready to be compared with the formula `<cell>.<formula>`.

    values: (T, B, n) for a quantity of a step, (T, *shape) for a step's contribution to a parameter, else as is.
    seen: (T, B), at which steps of which samples the program shows it; None for all.
    """

    formula: str  # pass and quantity, e.g. backward.W_i
    values: Array
    seen: npt.NDArray[np.bool_] | None = None


class Program(Protocol):
    """What a module in `programs/` offers. Importing it raises ImportError where the program is not installed.

    USES: distributions beside its own whose versions matter. PRECISION: NumPy's name of what it computes in.
    CELLS: the cells it has.
    """

    USES: Sequence[str]
    PRECISION: str
    TOLERANCE: float
    CELLS: Sequence[str]
    observe: Callable[[str, Example, np.random.Generator], list[Shown]]


def names() -> tuple[str, ...]:
    """Every program, by the name of its distribution, installed or not."""
    return tuple(sorted(path.stem for path in PROGRAMS.glob("*.py")))


def load(name: str) -> Program:
    """The module of a program.

    Raises:
        ImportError: the program is not installed, or cannot be imported here.
    """
    return cast(Program, import_module(f"tests.witnesses.programs.{name}"))


def versions(program: Program) -> dict[str, str]:
    """The versions of what a program rests on."""
    return {name: version(name) for name in program.USES}


def parameter_shapes(cell: Cell, sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """The arrays that a cell learns; a column is an array of one index."""
    known = {d.name: getattr(sizes, d.name) for d in cell.dimensions}
    return {p.name: tuple(known[str(n)] for n in p.shape if n != 1) for p in cell.parameters}


def example(cell: str, sizes: Sizes, seed: int, precision: str = "float64") -> Example:
    """Random arguments that the precision holds exactly, so that both sides are given the same numbers."""
    found = cells()[cell]
    states = tuple(s.name for s in found.states)
    drawn = draw(np.random.default_rng(seed), sizes, parameter_shapes(found, sizes), states)

    def rounded(values: Array) -> Array:
        return values.astype(precision).astype(np.float64)

    def each(named: Mapping[str, Array]) -> dict[str, Array]:
        return {name: rounded(values) for name, values in named.items()}

    return Example(
        sizes,
        each(drawn.params),
        rounded(drawn.x),
        each(drawn.initial),
        rounded(drawn.loss),
        each(drawn.final),
    )


def configurations(name: str, cell: str, count: int = CONFIGURATIONS) -> list[tuple[Sizes, int]]:
    """Sizes and seeds, the same on every machine and others for every program and cell."""
    rng = np.random.default_rng(crc32(f"{name} {cell}".encode()))
    chances = np.array(WEIGHTS) / sum(WEIGHTS)
    return [(SIZES[rng.choice(len(SIZES), p=chances)], int(rng.integers(2**32))) for _ in range(count)]


def run(name: str, cell: str, sizes: Sizes, seed: int) -> tuple[Example, list[Shown]]:
    """One run of a program: what it was given, and what it showed."""
    program = load(name)
    given = example(cell, sizes, seed, program.PRECISION)
    return given, program.observe(cell, given, np.random.default_rng([seed, 1]))
