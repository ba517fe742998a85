"""Runs the proofs of many cells side by side, one process a core, and says how long each cell took."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from time import perf_counter

from derivations.catalogue import of_cell
from derivations.cells import cells
from derivations.prove.all_sizes import AllSizes
from derivations.prove.unrolled import HORIZONS, Unrolled
from derivations.prove.verdict import Verdict


@dataclass(frozen=True)
class Task:
    """One proof method on one cell: for all sizes where ``steps`` is 0, else unrolled over so many steps."""

    cell: str
    steps: int


@dataclass(frozen=True)
class Proved:
    """A formula's ID and what one method says of it."""

    id: str
    verdict: Verdict


@dataclass(frozen=True)
class Finished:
    """A task that is done, its verdicts, and the processor seconds it took."""

    task: Task
    proved: tuple[Proved, ...]
    seconds: float


def tasks(names: Iterable[str]) -> list[Task]:
    """The tasks of these cells, the longest first."""
    found = [Task(name, steps) for name in names for steps in (0, *HORIZONS)]
    return sorted(found, key=lambda task: (-task.steps, -len(cells()[task.cell].parameters)))


def run_task(task: Task) -> Finished:
    """Derive the cell's formulas and prove them by the task's method."""
    start = perf_counter()
    found = of_cell(task.cell)
    if task.steps:
        prover = Unrolled(cells()[task.cell], task.steps)
        proved = tuple(Proved(f.id, verdict) for f, verdict in prover.prove(found))
    else:
        general = AllSizes(cells()[task.cell])
        proved = tuple(Proved(f.id, general.prove(f)) for f in found if f.pass_ != "forward")
    return Finished(task, proved, perf_counter() - start)


def run(names: Iterable[str], workers: int | None = None) -> Iterator[Finished]:
    """Finish the tasks of these cells, in whatever order they end."""
    todo = tasks(names)
    with ProcessPoolExecutor(max_workers=min(workers or os.cpu_count() or 1, len(todo))) as pool:
        for future in as_completed([pool.submit(run_task, task) for task in todo]):
            yield future.result()
