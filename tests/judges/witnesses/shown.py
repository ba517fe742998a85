"""What a program written by others shows of a run, and the random arguments it is run on.

A program is a module in `programs/`: found there, not listed. It runs a cell on an example and says what it saw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple, Protocol, cast
from zlib import crc32

import numpy as np
import numpy.typing as npt

from derivations.cells import cells
from tests.judges.example import Array, Example, Sizes, draw, lettered, mapped
from tests.judges.forward import Forward
from tests.judges.shape import letters, of_derived, parameter_axes

PROGRAMS = Path(__file__).parent / "programs"
# T, B, D, H. Few, as some programs compile for each anew. One short sequence, D = 1 once.
SIZES = ((4, 2, 3, 2), (3, 3, 2, 4), (2, 2, 1, 3))
WEIGHTS = (8, 8, 1)  # how often each is drawn
CONFIGURATIONS = 50  # a cell and program


class Shown(NamedTuple):
    """One quantity as a program gives it, ready to be compared with the formula `<cell>.<formula>`.

    values: (T, B, *axes) for a quantity of a step, (T, *shape) for a step's contribution to a parameter, else as is.
    seen: (T, B), at which steps of which samples the program shows it; None for all.
    """

    formula: str  # pass and quantity, e.g. backward.W_i
    values: Array
    seen: npt.NDArray[np.bool_] | None = None


class Program(Protocol):
    """What a module in `programs/` offers. Importing it raises ImportError where the program is not installed.

    USES: distributions beside its own whose versions matter. PRECISION: NumPy's name of what it computes in.
    CELLS: the cells it has. EVERY: whether it should have every cell: all that one takes there is its step.
    """

    USES: Sequence[str]
    PRECISION: str
    TOLERANCE: float
    CELLS: Sequence[str]
    EVERY: bool
    observe: Callable[[str, Example, np.random.Generator], list[Shown]]


def names() -> tuple[str, ...]:
    """Every program, by the name of its distribution, installed or not: a module, or a folder with its `program`."""
    rooms = [path.parent.name for path in PROGRAMS.glob("*/program.py")]
    return tuple(sorted([*rooms, *(path.stem for path in PROGRAMS.glob("*.py"))]))


def load(name: str) -> Program:
    """The module of a program.

    Raises:
        ImportError: the program is not installed, or cannot be imported here.
    """
    return cast(Program, import_module(module_of(name)))


def module_of(name: str) -> str:
    """Where a program is imported from."""
    room = ".program" if (PROGRAMS / name).is_dir() else ""
    return f"tests.judges.witnesses.programs.{name}{room}"


def versions(program: Program) -> dict[str, str]:
    """The versions of what a program rests on."""
    return {name: version(name) for name in program.USES}


def example(cell: str, sizes: Sizes, seed: int, precision: str = "float64") -> Example:
    """Random arguments that the precision holds exactly, so that both sides are given the same numbers."""
    found = cells()[cell]
    shapes = {name: sizes.array(axes) for name, axes in parameter_axes(found).items()}

    def rounded(values: Array) -> Array:
        return values.astype(precision).astype(np.float64)

    def drawn(number: int) -> Example:
        rng = np.random.default_rng([seed, number] if number else seed)
        return mapped(draw(rng, sizes, shapes, of_derived(found)), rounded)

    return Forward(found, sizes).fit(drawn)


def configurations(name: str, cell: str, count: int = CONFIGURATIONS) -> list[tuple[Sizes, int]]:
    """Sizes and seeds, the same on every machine and others for every program and cell."""
    rng = np.random.default_rng(crc32(f"{name} {cell}".encode()))
    chances = np.array(WEIGHTS) / sum(WEIGHTS)
    return [
        (_sizes(cell, SIZES[rng.choice(len(SIZES), p=chances)]), int(rng.integers(2**32)))
        for _ in range(count)
    ]


def _sizes(cell: str, row: Iterable[int]) -> Sizes:
    T, B, D, H = row
    return lettered(T, B, letters(cells()[cell]), D, H)


def run(name: str, cell: str, sizes: Sizes, seed: int) -> tuple[Example, list[Shown]]:
    """One run of a program: what it was given, and what it showed."""
    program = load(name)
    given = example(cell, sizes, seed, program.PRECISION)
    return given, program.observe(cell, given, np.random.default_rng([seed, 1]))
