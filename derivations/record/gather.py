"""Makes the evidence of every cell, and makes again only what is no longer right: a cell's, a method's.

A proof is kept under what the cell says and the code that proves; what is found of numbers, under that and the code
that compares (`derivations.record.keys`). What a cell's tasks have found is kept as soon as they have all ended.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from derivations import checkers
from derivations.cells import cells
from derivations.checkers import AGREEMENT, CHECKERS, STRENGTH, WITNESSES, Checker
from derivations.mutants.judge import summary
from derivations.record import keys
from derivations.record.evidence import Found, Record
from derivations.record.store import Kept, Store
from derivations.schedule import Finished, Task, tasks

PROOFS, MUTANTS, SUMMARY = "proofs", "mutants", "summary"

Say = Callable[[str], None]
Run = Callable[[Sequence[Task]], Iterable[Finished]]


class Gatherer:
    """What is known of all cells, and what has to be found out.

    Args:
        store: where it is kept.
        root: the checkout, with the reference and the programs that compare.
        say: prints a line.
        reuse: whether what is kept counts; if not, everything is made again.
    """

    def __init__(self, store: Store, root: Path, say: Say, reuse: bool = True) -> None:
        self._store, self._root, self._say = store, root, say
        self._kept = {name: store.load(name) if reuse else Kept(name) for name in cells()}
        self._keys = {
            PROOFS: {name: keys.of_proofs(name) for name in cells()},
            MUTANTS: {name: keys.of_mutants(name) for name in cells()},
        }
        for checker in CHECKERS:
            self._keys[checker.name] = {name: keys.of_numbers(checker, name, root) for name in cells()}

    @property
    def damaged(self) -> list[str]:
        """The cells whose files cannot be used."""
        return [name for name, kept in self._kept.items() if kept.damaged]

    def stale(self, part: str) -> list[str]:
        """The cells of which a part is to be made."""
        return [name for name in cells() if self._get(part, name) is None]

    def _get(self, part: str, cell: str) -> Record | None:
        found: Record | None = self._kept[cell].get(part, self._keys[part][cell])
        return found

    def _put(self, part: str, cell: str, found: Record) -> None:
        self._kept[cell].put(part, self._keys[part][cell], found)

    # Proofs.

    def prove(self, run: Run) -> list[Finished]:
        """Prove what is to be proved, and judge the mutants that are to be judged."""
        proofs, mutants = self.stale(PROOFS), self.stale(MUTANTS)
        todo = tasks(proofs, mutants)
        waiting, ended = Counter(task.cell for task in todo), defaultdict[str, list[Finished]](list)
        finished = []
        for done in run(todo):
            cell = done.task.cell
            finished.append(done)
            ended[cell].append(done)
            waiting[cell] -= 1
            if waiting[cell]:
                continue
            if cell in proofs:
                self._put(PROOFS, cell, _verdicts(ended[cell]))
            if cell in mutants:
                self._put(MUTANTS, cell, _refused(ended[cell]))
            self._store.save(self._kept[cell])
        return finished

    # Numbers.

    def compare(self, checker: Checker) -> None:
        """Let a program compare the cells that are to be compared; what it does not report has not run."""
        stale = self.stale(checker.name)
        for name, found in checkers.run(checker, stale, self._root, self._say).items():
            self._put(checker.name, name, found)
            self._store.save(self._kept[name])

    # All together.

    def found(self) -> dict[str, Found]:
        """What is known of every cell."""
        return {name: self._found(name) for name in cells()}

    def _found(self, cell: str) -> Found:
        proofs = self._get(PROOFS, cell)
        return Found(
            proofs["formulas"] if proofs else None,
            self._summary(cell),
            self._get(AGREEMENT.name, cell),
            self._get(STRENGTH.name, cell),
            self._get(WITNESSES.name, cell),
        )

    def _summary(self, cell: str) -> Record | None:
        """How the cell's mutants ended; it is made again where the proofs or the numbers say something new."""
        refused, numbers = self._get(MUTANTS, cell), self._get(STRENGTH.name, cell)
        if not refused or not refused["checks"]:
            return None
        key = keys.digest(
            SUMMARY, self._keys[MUTANTS][cell], self._keys[STRENGTH.name][cell] if numbers else None
        )
        kept: Record | None = self._kept[cell].get(SUMMARY, key)
        if kept is None:
            kept = summary([cell], refused["checks"], _numbers(numbers))
            self._kept[cell].put(SUMMARY, key, kept)
            self._store.save(self._kept[cell])
        return kept


def _verdicts(finished: Sequence[Finished]) -> Record:
    """What the proofs say of each formula, in an order that does not depend on which ended first."""
    found: dict[str, list[Record]] = defaultdict(list)
    for done in sorted(finished, key=lambda done: done.task.steps):
        for p in done.proved:
            found[p.id].append(asdict(p.verdict))
    return {"formulas": dict(sorted(found.items()))}


def _refused(finished: Sequence[Finished]) -> Record:
    """By check, then by mutant, whether it was refused."""
    ordered = sorted(finished, key=lambda done: done.task.steps)
    return {"checks": {done.task.check: done.refused for done in ordered if done.refused}}


def _numbers(report: Record | None) -> Mapping[str, bool] | None:
    """By mutant, whether the comparison with the reference refused it."""
    if report is None:
        return None
    return {i: bool(m["agreement"]) for i, m in report["mutants"].items()}
