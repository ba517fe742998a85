"""``python -m derivations run · list · show · cite · verify · publish``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from derivations import catalogue, evidence, export, ledger
from derivations.cells import cells
from derivations.formula import DerivationStep, Formula
from derivations.language import CellError
from derivations.prove import schedule
from derivations.prove.schedule import Finished, Proved
from derivations.render.cite import FORMATS, citation
from derivations.render.layout import layout, statement
from derivations.render.mathml import mathml
from derivations.render.numpy import numpy
from derivations.render.sympy import source as sympy_source
from derivations.render.tex import tex
from derivations.render.text import text

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
    return text(statement(f.left.node, f.right, {**f.symbols, f.left.name: f.left}))


def _step(f: Formula, step: DerivationStep) -> str:
    if step.kind == "local":
        return f"contributes  {text(layout(step.right, f.symbols))}   [{', '.join(step.rules)}]"
    said = text(statement(step.left, step.right, f.symbols))
    if step.kind == "uses":
        return f"used in      {said}   [{', '.join(step.refs)}]"
    if step.kind == "result":
        return f"result       {said}"
    return f"so           {said}   [{', '.join(step.rules)}]"


def _prove(names: Sequence[str]) -> list[Finished]:
    """Prove the cells, with a line of progress on the terminal while it works."""
    total, finished = len(schedule.tasks(names)), []
    for done in schedule.run(names):
        finished.append(done)
        method = f"unrolled, T = {done.task.steps}" if done.task.steps else "for all sizes"
        _progress(f"  {len(finished)}/{total}  {done.task.cell}: {method}")
    _progress("")
    return finished


def _progress(line: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


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
    "latex": lambda f: tex(statement(f.left.node, f.right, {**f.symbols, f.left.name: f.left})),
    "mathml": lambda f: mathml(statement(f.left.node, f.right, {**f.symbols, f.left.name: f.left})),
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
        return 0 if _all_pass(found) else 1
    if path.is_file() and not found:
        print(f"{path.name} is damaged or about other code: everything is proved again")
    start = perf_counter()
    names = list(cells())
    finished = _prove(names)
    proof_seconds = perf_counter() - start
    for name in names:
        _print_outcomes(name, finished)
    print(f"derived and proved in {proof_seconds:.1f} s")
    agreement = evidence.run_agreement(ROOT, print)
    if agreement:
        _print_agreement(agreement)
    proved = [p for done in finished for p in done.proved]
    _report_refuted(proved)
    data = evidence.collect(proved, agreement, ROOT)
    evidence.write(data, path)
    evidence.write(export.document(data), options.to / CATALOGUE)
    return 0 if _all_pass(data) else 1


def _print_agreement(agreement: evidence.Record) -> None:
    for name in cells():
        about = [r for i, r in agreement["formulas"].items() if i.startswith(f"{name}.")]
        checked = sum(r["outcome"] == "checked" for r in about)
        worst = max((r["worst"] for r in about if r.get("worst") is not None), default=0.0)
        print(
            f"  {name:12} {checked:3} of {len(about)} agree with the NumPy reference, worst relative error {worst:.0e}"
        )


def _all_pass(data: evidence.Record) -> bool:
    failing = [i for i, record in data["formulas"].items() if not record["passing"]]
    for formula_id in failing:
        print(f"without passing evidence: {formula_id}", file=sys.stderr)
    if not failing:
        print(f"{len(data['formulas'])} formulas, all with passing evidence")
    return not failing


def publish_command(_: argparse.Namespace) -> int:
    new = ledger.publish(catalogue.formulas().values())
    for formula_id in new:
        print(f"recorded {formula_id}, version {len(ledger.published()[formula_id])}")
    print(f"{len(new)} statements recorded" if new else "nothing new to record")
    return 0
