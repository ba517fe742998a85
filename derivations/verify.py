"""Proves, breaks and checks everything, says how it went, and writes the evidence that the site reads."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter

from tqdm import tqdm

from derivations import schedule
from derivations.cells import cells
from derivations.checkers import CHECKERS
from derivations.derive import catalogue
from derivations.derive.formula import Formula
from derivations.record import evidence, export, ledger
from derivations.record.gather import MUTANTS, PROOFS, Gatherer
from derivations.record.store import Store
from derivations.schedule import Finished, Task
from derivations.write.layout import statement
from derivations.write.text import text

ROOT = Path(__file__).parent.parent
# In a checkout beside the package; where only the package is installed, where one is.
BUILD = (ROOT if (ROOT / "pyproject.toml").is_file() else Path.cwd()) / "build"
EVIDENCE, CATALOGUE = "evidence.json", "catalogue.json"
KEPT = "evidence"  # the folder of what is kept of each cell
DONE = {PROOFS: "proved", MUTANTS: "judged", **{checker.name: "compared" for checker in CHECKERS}}


def line(f: Formula) -> str:
    """The statement as one line of text."""
    return text(statement(f.left.node, f.right, f.symbols))


def prove(todo: Sequence[Task], scheduler: str | None = None) -> Iterator[Finished]:
    """Finish these tasks, with a bar of progress on the terminal while they run."""
    running = schedule.run(todo, scheduler)
    with tqdm(running, total=len(todo), unit="proof", leave=False, disable=not sys.stderr.isatty()) as bar:
        for done in bar:
            bar.set_postfix_str(f"{done.task.cell}, {done.task.check}")
            yield done


def print_outcomes(name: str, finished: Sequence[Finished]) -> None:
    """For one cell, how many formulas each proof has proved, and the processor seconds it took."""
    of_cell = [done for done in finished if done.task.cell == name]
    steps = sorted(done.task.steps for done in of_cell if done.task.steps)
    for method, title in (
        ("all-sizes", "proved for all sizes"),
        ("unrolled", f"proved unrolled, T = {', '.join(map(str, steps))}"),
    ):
        done_so = [done for done in of_cell if bool(done.task.steps) == (method == "unrolled")]
        about = [p for done in done_so for p in done.proved]
        ids = {p.id for p in about}
        refuted = {p.id for p in about if p.verdict.outcome == "refuted"}
        seconds = sum(done.seconds for done in done_so)
        print(f"  {name:12} {len(ids) - len(refuted):3} of {len(ids)} {title:30} {seconds:6.1f} s")


def print_seconds(finished: Sequence[Finished]) -> None:
    """Processor seconds by cell, method and mutants, and their sums."""
    checks = list(
        dict.fromkeys(done.task.check for done in sorted(finished, key=lambda done: done.task.steps))
    )
    names = list(dict.fromkeys(sorted(done.task.cell for done in finished)))
    print(
        "  ".join(
            [f"{'processor seconds':20}", *(f"{check:>12}" for check in checks), "     mutants     in all"]
        )
    )
    columns: list[list[float]] = []
    for name in names:
        own = [done for done in finished if done.task.cell == name]
        row = [sum(done.seconds for done in own if done.task.check == check) for check in checks]
        row.append(sum(done.mutant_seconds for done in own))
        columns.append([*row, sum(row)])
        print(_seconds(name, columns[-1]))
    if len(names) > 1:
        print(_seconds("all cells", [sum(column) for column in zip(*columns, strict=True)]))


def _seconds(name: str, row: Sequence[float]) -> str:
    *of_checks, mutants, whole = row
    cells_of_row = [f"{seconds:12.1f}" for seconds in of_checks]
    return "  ".join([f"{name:20}", *cells_of_row, f"{mutants:10.1f}", f"{whole:9.1f}"])


def report_refuted(finished: Sequence[Finished]) -> int:
    """Print every refuted formula with the reason; 1 if there is one."""
    refuted = [p for done in finished for p in done.proved if p.verdict.outcome == "refuted"]
    for p in refuted:
        print(f"REFUTED {line(catalogue.formula(p.id))}\n        {p.verdict.reason}")
    return 1 if refuted else 0


def verify(to: Path = BUILD, reuse: bool = False, scheduler: str | None = None) -> bool:
    """Run everything and write the evidence and the catalogue; whether all formulas pass and no mutant survived.

    Args:
        to: the folder to write to.
        reuse: keep what is whole and rests on this very code, a cell and a method at a time.
        scheduler: the address of a Dask scheduler to spread the proofs over.

    Raises:
        LedgerError: a statement is not the published one.
        OSError: something cannot be written; what was written before is still whole, and no half file is left.
    """
    ledger.check(catalogue.formulas().values())
    gatherer = Gatherer(Store(to / KEPT), ROOT, print, reuse)
    for name in gatherer.damaged:
        print(f"{KEPT}/{name}.json is damaged: all of it is made again")
    _prove(gatherer, scheduler)
    for checker in CHECKERS:
        again = gatherer.stale(checker.name)
        gatherer.compare(checker)
        print(_reused(checker.name, again))
    found = gatherer.found()
    data = evidence.collect(found, ROOT)
    _print_numbers(data, found)
    evidence.write(data, to / EVIDENCE)
    evidence.write(export.document(data), to / CATALOGUE)
    _print_mutants(data["mutants"])
    return _conclude(data)


def _prove(gatherer: Gatherer, scheduler: str | None) -> None:
    proofs, mutants = gatherer.stale(PROOFS), gatherer.stale(MUTANTS)
    start = perf_counter()
    finished = gatherer.prove(lambda todo: prove(todo, scheduler))
    for name in proofs:
        print_outcomes(name, finished)
    if finished:
        print_seconds(finished)
        print(f"derived, proved and broken in {perf_counter() - start:.1f} s")
    report_refuted(finished)
    print(_reused(PROOFS, proofs))
    print(_reused(MUTANTS, mutants))


def _reused(part: str, again: Sequence[str]) -> str:
    """Of how many cells evidence was reused, and of which it was made again."""
    kept = len(cells()) - len(again)
    if not again:
        return f"{part}: reused {_count(kept)}"
    which = ": " + ", ".join(again) if kept else ""
    return f"{part}: reused {_count(kept)}, {DONE[part]} {len(again)}{' again' if kept else ''}{which}"


def _count(number: int) -> str:
    return "1 cell" if number == 1 else f"{number} cells"


def _print_numbers(data: evidence.Record, found: Mapping[str, evidence.Found]) -> None:
    """How close the programs outside of this package come."""
    for name, one in found.items():
        if one.agreement:
            _print_agreement(name, one.agreement)
    for name, witness in data["witnesses"].items():
        if witness["outcome"] == evidence.NOT_RUN:
            print(f"  {name:12} not run: {witness.get('reason', '')}")
        else:
            print(
                f"  {name:12} {witness['version']}: {witness['formulas']} formulas {witness['outcome']} "
                f"over {witness['configurations']} configurations a cell"
            )


def _print_agreement(name: str, agreement: evidence.Record) -> None:
    about = list(agreement["formulas"].values())
    checked = sum(r["outcome"] == "checked" for r in about)
    worst = max((r["worst"] for r in about if r.get("worst") is not None), default=0.0)
    said = f"{checked:3} of {len(about)} agree with the NumPy reference, worst relative error {worst:.0e}"
    print(f"  {name:12} {said}")


def _print_mutants(broken: evidence.Record | None) -> None:
    """How many broken formulas were tried, by cell and by kind, and how they ended."""
    if broken is None:
        return
    head = f"{'mutants':24}{'made':>6}{'caught':>8}{'equal':>7}{'survived':>10}"
    print(f"{head}   not caught by, among the caught")
    for table in (broken["cells"], broken["kinds"]):
        for name, row in table.items():
            missed = ", ".join(f"{check} {count}" for check, count in row["missed-by"].items())
            numbers = f"{row['generated']:6}{row['caught']:8}{row['equivalent']:7}{row['survived']:10}"
            print(f"  {name:22}{numbers}   {missed}")


def _conclude(data: evidence.Record) -> bool:
    """Say what fails, if anything, and end with the mutants."""
    failing = [i for i, record in data["formulas"].items() if not record["passing"]]
    for formula_id in failing:
        print(f"without passing evidence: {formula_id}", file=sys.stderr)
    if not failing:
        print(f"{len(data['formulas'])} formulas, all with passing evidence")
    broken = data["mutants"]
    for mutant in broken["survived"] if broken else ():
        print(f"survived: {mutant}", file=sys.stderr)
    if broken is None:
        print("mutants: not run")
        return not failing
    total = broken["total"]
    print(
        f"{total['generated']} mutants: {total['caught']} caught, {total['equivalent']} equivalent, "
        f"{total['survived']} survived"
        + (f" ({total['not-judged']} not judged: the numbers did not run)" if total["not-judged"] else "")
    )
    return not failing and not broken["survived"]
