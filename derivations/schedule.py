"""Runs the proofs of many cells side by side: on the cores of this machine, or on a Dask cluster.

Each task also lets its proof judge the mutants of the cell, while what it has computed is at hand.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import process_time

from derivations.cells import cells
from derivations.derive.catalogue import of_cell
from derivations.derive.formula import Formula
from derivations.mutants.judge import ALL_SIZES, UNROLLED, refused_by
from derivations.prove.all_sizes import AllSizes, composes
from derivations.prove.unrolled import Unrolled, horizons
from derivations.prove.verdict import Verdict


@dataclass(frozen=True)
class Task:
    """One proof method on one cell: for all sizes where ``steps`` is 0, else unrolled over so many steps.

    Attributes:
        mutants: whether the proof judges the cell's mutants too.
    """

    cell: str
    steps: int
    mutants: bool = False

    @property
    def check(self) -> str:
        return f"unrolled T={self.steps}" if self.steps else ALL_SIZES

    @property
    def judges(self) -> bool:
        """Whether mutants are judged: over three steps the polynomials are large, and two have told all."""
        return self.mutants and self.check in (ALL_SIZES, *UNROLLED)


@dataclass(frozen=True)
class Proved:
    """A formula's ID and what one method says of it."""

    id: str
    verdict: Verdict


@dataclass(frozen=True)
class Finished:
    """A task that is done: its verdicts, which mutants it refuses, and the processor seconds of either."""

    task: Task
    proved: tuple[Proved, ...]
    seconds: float
    refused: dict[str, bool] = field(default_factory=dict)
    mutant_seconds: float = 0.0


def tasks(proofs: Iterable[str], mutants: Iterable[str] = ()) -> list[Task]:
    """The tasks that prove these cells and judge the mutants of those, the longest first.

    A cell of which only the mutants are to be judged has no task that judges none.
    """
    prove, judge = list(proofs), set(mutants)
    listed = [Task(name, steps, name in judge) for name in prove for steps in _steps(name)]
    others = [Task(name, steps, True) for name in sorted(judge - set(prove)) for steps in _steps(name)]
    found = listed + [task for task in others if task.judges]
    return sorted(found, key=lambda task: (-task.steps, -len(cells()[task.cell].parameters)))


def _steps(name: str) -> tuple[int, ...]:
    """The proofs of a cell: for all sizes, and unrolled over so many steps."""
    return (0, *horizons(cells()[name]))


def _both(f: Formula, local: AllSizes, composed: AllSizes | None) -> Verdict:
    """The verdict on a formula one equation at a time and, where the step is small, composed as well."""
    verdict = local.prove(f)
    if composed is None or verdict.outcome == "refuted" or f.pass_ == "count":
        return verdict
    second = composed.prove(f)
    return second if second.outcome == "refuted" else replace(verdict, coverage=second.coverage)


def run_task(task: Task) -> Finished:
    """Derive the cell's formulas, prove them by the task's method, and let it judge their mutants if asked."""
    start = process_time()
    found, cell = of_cell(task.cell), cells()[task.cell]
    prover: AllSizes | Unrolled
    if task.steps:
        prover = Unrolled(cell, task.steps)
        proved = tuple(Proved(f.id, verdict) for f, verdict in prover.prove(found))
    else:
        prover = AllSizes(cell)
        composed = AllSizes(cell, composed=True) if composes(cell) else None
        proved = tuple(Proved(f.id, _both(f, prover, composed)) for f in found if f.pass_ != "forward")
    middle = process_time()
    sound = all(p.verdict.outcome == "proved" for p in proved)
    refused = refused_by(prover, task.cell) if task.judges and sound else {}
    return Finished(task, proved, middle - start, refused, process_time() - middle)


def run(todo: Sequence[Task], scheduler: str | None = None) -> Iterator[Finished]:
    """Finish these tasks, in whatever order they end.

    Args:
        scheduler: the address of a Dask scheduler, e.g. ``tcp://127.0.0.1:8786``; without one the tasks run here, one
            process a core.

    Raises:
        ImportError: a scheduler is named and ``dask.distributed`` is not installed.
    """
    if not todo:
        return
    # Not above: joblib loads NumPy if it finds one, and what derives and proves shall run without.
    from joblib import Parallel, delayed

    with _backend(scheduler, min(os.cpu_count() or 1, len(todo))):
        yield from Parallel(return_as="generator_unordered", batch_size=1)(
            delayed(run_task)(task) for task in todo
        )


@contextmanager
def _backend(scheduler: str | None, workers: int) -> Iterator[None]:
    from joblib import parallel_config

    if scheduler is None:
        with parallel_config(backend="loky", n_jobs=workers):
            yield
        return
    from dask.distributed import Client  # optional: only who names a scheduler needs it

    with Client(scheduler), parallel_config(backend="dask", n_jobs=-1):
        yield
