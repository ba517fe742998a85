"""``python -m derivations run · list · show · cite · verify · publish``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from tqdm import tqdm

from derivations import catalogue, checkers, evidence, export, ledger, schedule
from derivations.cells import cells
from derivations.formula import DerivationStep, Formula
from derivations.language import CellError
from derivations.render.cite import FORMATS, citation
from derivations.render.layout import layout, statement
from derivations.render.mathml import mathml
from derivations.render.numpy import numpy
from derivations.render.sympy import source as sympy_source
from derivations.render.tex import tex
from derivations.render.text import text
from derivations.schedule import Finished, Proved

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build"
EVIDENCE, CATALOGUE = "evidence.json", "catalogue.json"
PASSES = ("forward", "backward", "count")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status is 0, 1 where a formula is refuted or missing, 2 for a wrong call."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except (catalogue.UnknownFormulaError, ledger.LedgerError, CellError) as error:
        print(f"derivations: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m derivations", description="Derive, prove, show and cite."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="derive and prove a cell, step by step; without a name, every cell")
    run.add_argument("cell", nargs="?", help="lstm, gru, …")
    run.set_defaults(command=run_command)

    listing = commands.add_parser("list", help="list the formulas")
    listing.add_argument("--cell", help="only this cell's")
    listing.add_argument("--pass", dest="pass_", choices=PASSES, help="only this pass")
    listing.set_defaults(command=list_command)

    show = commands.add_parser("show", help="print one formula")
    show.add_argument("id", help="lstm.backward.c, …")
    show.add_argument("--as", dest="format", choices=tuple(WRITERS), default="text")
    show.set_defaults(command=show_command)

    cite = commands.add_parser("cite", help="print a citation of one formula")
    cite.add_argument("id", help="lstm.backward.c, …")
    cite.add_argument("--as", dest="format", choices=tuple(FORMATS), default="text")
    cite.set_defaults(command=cite_command)

    verify = commands.add_parser(
        "verify", help="prove and check everything, and write the evidence that the site reads"
    )
    verify.add_argument(
        "--reuse", action="store_true", help="keep the evidence if it is about this very code"
    )
    verify.add_argument(
        "--to", type=Path, default=BUILD, metavar="FOLDER", help="where to write it (default: build/)"
    )
    verify.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="spread the work over this Dask cluster, e.g. tcp://127.0.0.1:8786",
    )
    verify.set_defaults(command=verify_command)

    publish = commands.add_parser("publish", help="record new and changed statements in the ledger")
    publish.set_defaults(command=publish_command)
    return parser


# run


def run_command(options: argparse.Namespace) -> int:
    names = [options.cell] if options.cell else list(cells())
    for name in names:
        _print_cell(name)
    print("\nProof")
    finished = _prove(names)
    for name in names:
        _print_outcomes(name, finished)
    return _report_refuted([p for done in finished for p in done.proved])


def _print_cell(name: str) -> None:
    found = catalogue.of_cell(name)
    cell = cells()[name]
    print(f"\n{name}\n{'=' * len(name)}")
    print(f"Source: {cell.source.key}, {cell.source.where}\n")
    print("Forward equations")
    for f in found:
        if f.pass_ == "forward":
            print(f"  {_line(f)}")
    print("\nDerivation")
    for f in found:
        if f.pass_ == "backward":
            print(f"\n  {f.id}")
            for number, step in enumerate(f.steps, 1):
                print(f"    {number}. {_step(f, step)}")
    for pass_, title in (("backward", "Backward equations"), ("count", "Number of parameters")):
        print(f"\n{title}")
        for f in found:
            if f.pass_ == pass_:
                print(f"  {_line(f)}")


def _line(f: Formula) -> str:
    return text(statement(f.left.node, f.right, f.symbols))


def _step(f: Formula, step: DerivationStep) -> str:
    if step.kind == "local":
        return f"contributes  {text(layout(step.right, f.symbols))}   [{', '.join(step.rules)}]"
    said = text(statement(step.left, step.right, f.symbols))
    if step.kind == "uses":
        return f"used in      {said}   [{', '.join(step.refs)}]"
    if step.kind == "result":
        return f"result       {said}"
    return f"so           {said}   [{', '.join(step.rules)}]"


def _prove(names: Sequence[str], with_mutants: bool = False, scheduler: str | None = None) -> list[Finished]:
    """Prove the cells, with a bar of progress on the terminal while it works."""
    todo = schedule.run(names, with_mutants, scheduler)
    total = len(schedule.tasks(names))
    finished = []
    with tqdm(todo, total=total, unit="proof", leave=False, disable=not sys.stderr.isatty()) as bar:
        for done in bar:
            finished.append(done)
            bar.set_postfix_str(f"{done.task.cell}, {done.task.check}")
    return finished


def _print_outcomes(name: str, finished: Sequence[Finished]) -> None:
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


def _report_refuted(proved: Sequence[Proved]) -> int:
    refuted = [p for p in proved if p.verdict.outcome == "refuted"]
    for p in refuted:
        print(f"REFUTED {_line(catalogue.formula(p.id))}\n        {p.verdict.reason}")
    return 1 if refuted else 0


# list, show, cite


def list_command(options: argparse.Namespace) -> int:
    if options.cell:
        catalogue.of_cell(options.cell)  # an unknown name is an error, not an empty list
    chosen = [
        f
        for f in catalogue.formulas().values()
        if options.cell in (None, f.cell) and options.pass_ in (None, f.pass_)
    ]
    width = max((len(f.id) for f in chosen), default=0)
    for f in chosen:
        print(f"{f.id:{width}}  {_line(f)}")
    return 0


def _json(f: Formula) -> str:
    """The formula with its evidence, if there is evidence about this code; else it says that nothing has run."""
    found = evidence.load(BUILD / EVIDENCE, ROOT)
    record = export.formula_record(f, found["formulas"][f.id] if found else evidence.nothing_run(f))
    return json.dumps(record, indent=2, ensure_ascii=False)


WRITERS: dict[str, Callable[[Formula], str]] = {
    "text": _line,
    "latex": lambda f: tex(statement(f.left.node, f.right, f.symbols)),
    "mathml": lambda f: mathml(statement(f.left.node, f.right, f.symbols)),
    "sympy": lambda f: sympy_source(f.left.node, f.right),
    "numpy": lambda f: f"{f.left.name} = {numpy(f.right)}",
    "json": _json,
}


def show_command(options: argparse.Namespace) -> int:
    print(WRITERS[options.format](catalogue.formula(options.id)))
    return 0


def cite_command(options: argparse.Namespace) -> int:
    print(FORMATS[options.format](citation(catalogue.formula(options.id))))
    return 0


# verify, publish


def verify_command(options: argparse.Namespace) -> int:
    ledger.check(catalogue.formulas().values())
    path = options.to / EVIDENCE
    found = evidence.load(path, ROOT)
    if options.reuse and found and (options.to / CATALOGUE).is_file():
        print(f"evidence for {len(found['formulas'])} formulas is up to date")
        evidence.write(export.document(found), options.to / CATALOGUE)
        survived = (found["mutants"] or {}).get("survived", [])
        return 0 if _all_pass(found) and not survived else 1
    if path.is_file() and not found:
        print(f"{path.name} is damaged or about other code: everything is proved again")
    start = perf_counter()
    names = list(cells())
    finished = _prove(names, with_mutants=True, scheduler=options.scheduler)
    for name in names:
        _print_outcomes(name, finished)
    judging = sum(done.mutant_seconds for done in finished)
    print(
        f"derived, proved and broken in {perf_counter() - start:.1f} s, of these {judging:.1f} s on mutants"
    )
    reports = _run_checkers()
    _report_refuted([p for done in finished for p in done.proved])
    data = evidence.collect(finished, reports, ROOT)
    evidence.write(data, path)
    evidence.write(export.document(data), options.to / CATALOGUE)
    passing = _all_pass(data)
    return 0 if _print_mutants(data["mutants"]) and passing else 1


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


def _all_pass(data: evidence.Record) -> bool:
    failing = [i for i, record in data["formulas"].items() if not record["passing"]]
    for formula_id in failing:
        print(f"without passing evidence: {formula_id}", file=sys.stderr)
    if not failing:
        print(f"{len(data['formulas'])} formulas, all with passing evidence")
    return not failing


def _print_mutants(broken: evidence.Record | None) -> bool:
    """The last line: how many broken formulas were tried and how they ended. Whether none survived."""
    if broken is None:
        print("mutants: not run")
        return True
    print(
        f"{'mutants':24}{'made':>6}{'caught':>8}{'equal':>7}{'survived':>10}   not caught by, among the caught"
    )
    for title, table in (("cells", broken["cells"]), ("kinds", broken["kinds"])):
        for name, row in table.items():
            missed = ", ".join(f"{check} {count}" for check, count in row["missed-by"].items())
            line = f"{row['generated']:6}{row['caught']:8}{row['equivalent']:7}{row['survived']:10}"
            print(f"  {name:22}{line}   {missed}")
        print(f"  {'-' * len(title)}")
    for mutant in broken["survived"]:
        print(f"survived: {mutant}", file=sys.stderr)
    total = broken["total"]
    print(
        f"{total['generated']} mutants: {total['caught']} caught, {total['equivalent']} equivalent, "
        f"{total['survived']} survived"
        + (f" ({total['not-judged']} not judged: the numbers did not run)" if total["not-judged"] else "")
    )
    return not broken["survived"]


def publish_command(_: argparse.Namespace) -> int:
    new = ledger.publish(catalogue.formulas().values())
    for formula_id in new:
        print(f"recorded {formula_id}, version {len(ledger.published()[formula_id])}")
    print(f"{len(new)} statements recorded" if new else "nothing new to record")
    return 0
