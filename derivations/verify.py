"""Proves, breaks and checks everything, says how it went, and writes the evidence that the site reads."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from tqdm import tqdm

from derivations import checkers, schedule
from derivations.cells import cells
from derivations.derive import catalogue
from derivations.derive.formula import Formula
from derivations.record import evidence, export, ledger
from derivations.schedule import Finished
from derivations.write.layout import statement
from derivations.write.text import text

ROOT = Path(__file__).parent.parent
# In a checkout beside the package; where only the package is installed, where one is.
BUILD = (ROOT if (ROOT / "pyproject.toml").is_file() else Path.cwd()) / "build"
EVIDENCE, CATALOGUE = "evidence.json", "catalogue.json"


def line(f: Formula) -> str:
    """The statement as one line of text."""
    return text(statement(f.left.node, f.right, f.symbols))


def prove(names: Sequence[str], with_mutants: bool = False, scheduler: str | None = None) -> list[Finished]:
    """Prove the cells, with a bar of progress on the terminal while it works."""
    todo = schedule.run(names, with_mutants, scheduler)
    total = len(schedule.tasks(names))
    finished = []
    with tqdm(todo, total=total, unit="proof", leave=False, disable=not sys.stderr.isatty()) as bar:
        for done in bar:
            finished.append(done)
            bar.set_postfix_str(f"{done.task.cell}, {done.task.check}")
    return finished


def print_outcomes(name: str, finished: Sequence[Finished]) -> None:
    """For one cell, how many formulas each proof has proved, and the processor seconds it took."""
    for method, title in (
        ("all-sizes", "proved for all sizes"),
        ("unrolled", "proved unrolled, T = 1, 2, 3"),
    ):
        about = [
            p
            for done in finished
            for p in done.proved
            if done.task.cell == name and p.verdict.method == method
        ]
        ids = {p.id for p in about}
        refuted = {p.id for p in about if p.verdict.outcome == "refuted"}
        seconds = sum(
            d.seconds
            for d in finished
            if d.task.cell == name and bool(d.task.steps) == (method == "unrolled")
        )
        print(f"  {name:12} {len(ids) - len(refuted):3} of {len(ids)} {title:30} {seconds:6.1f} s")


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
        reuse: keep evidence that is whole and about this very code.
        scheduler: the address of a Dask scheduler to spread the proofs over.

    Raises:
        LedgerError: a statement is not the published one.
    """
    ledger.check(catalogue.formulas().values())
    path = to / EVIDENCE
    found = evidence.load(path, ROOT)
    if reuse and found and (to / CATALOGUE).is_file():
        print(f"evidence for {len(found['formulas'])} formulas is up to date")
        evidence.write(export.document(found), to / CATALOGUE)
        return _conclude(found)
    if path.is_file() and not found:
        print(f"{path.name} is damaged or about other code: everything is proved again")
    start = perf_counter()
    names = list(cells())
    finished = prove(names, with_mutants=True, scheduler=scheduler)
    for name in names:
        print_outcomes(name, finished)
    judging = sum(done.mutant_seconds for done in finished)
    print(
        f"derived, proved and broken in {perf_counter() - start:.1f} s, of these {judging:.1f} s on mutants"
    )
    reports = _run_checkers()
    report_refuted(finished)
    data = evidence.collect(finished, reports, ROOT)
    evidence.write(data, path)
    evidence.write(export.document(data), to / CATALOGUE)
    _print_mutants(data["mutants"])
    return _conclude(data)


def _run_checkers() -> evidence.Reports:
    agreement = checkers.run(checkers.AGREEMENT, ROOT, print)
    if agreement:
        _print_agreement(agreement)
    strength = checkers.run(checkers.STRENGTH, ROOT, print)
    witnesses = checkers.run(checkers.WITNESSES, ROOT, print)
    for name, witness in sorted((witnesses or {}).get("witnesses", {}).items()):
        if witness["outcome"] == evidence.NOT_RUN:
            print(f"  {name:12} not run: {witness.get('reason', '')}")
        else:
            about = list(witness["formulas"].values())
            worst = max((said["worst"] for said in about), default=0.0)
            print(
                f"  {name:12} {witness['version']}: {len(about)} formulas {witness['outcome']} "
                f"over {witness['configurations']} configurations, worst relative error {worst:.0e}"
            )
    return evidence.Reports(agreement, strength, witnesses)


def _print_agreement(agreement: evidence.Record) -> None:
    for name in cells():
        about = [r for i, r in agreement["formulas"].items() if i.startswith(f"{name}.")]
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
