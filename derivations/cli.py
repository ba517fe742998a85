"""``python -m derivations run · list · show · cite · verify · publish``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from derivations import console
from derivations.cells import cells
from derivations.derive import catalogue
from derivations.derive.formula import DerivationStep, Formula
from derivations.language import CellError
from derivations.record import evidence, export, ledger
from derivations.record.cite import FORMATS, citation
from derivations.schedule import tasks
from derivations.told import difference, inferred
from derivations.verify import (
    BUILD,
    EVIDENCE,
    ROOT,
    line,
    print_outcomes,
    print_seconds,
    prove,
    report_refuted,
    verify,
)
from derivations.write.code import jax, numpy, torch
from derivations.write.dialect import NotationError
from derivations.write.layout import layout, statement
from derivations.write.mathml import mathml
from derivations.write.notation import OWN, Writing
from derivations.write.notations import notations
from derivations.write.sympy import source as sympy_source
from derivations.write.tex import tex
from derivations.write.text import text
from derivations.write.typeset import Box

PASSES = ("forward", "backward", "count")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status is 0, 1 where a formula is refuted or missing, 2 for a wrong call."""
    console.never_fail_to_encode()
    parser = _parser()
    options = parser.parse_args(console.arguments(parser, arguments))
    try:
        status = int(options.command(options))
        console.flush()
    except (catalogue.UnknownFormulaError, ledger.LedgerError, CellError, NotationError) as error:
        print(f"derivations: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader has seen enough
        console.abandon_output()
        return 0
    except OSError as error:  # a full disk, a folder that cannot be written to; what was there is still whole
        print(f"derivations: {console.reason(error)}", file=sys.stderr)
        console.abandon_output()
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m derivations", description="Derive, prove, show and cite."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="derive and prove a cell, step by step; without a name, every cell")
    run.add_argument("cell", nargs="?", type=console.name, help="lstm, gru, …")
    run.set_defaults(command=run_command)

    listing = commands.add_parser("list", help="list the formulas")
    listing.add_argument("--cell", type=console.name, help="only this cell's")
    listing.add_argument("--pass", dest="pass_", choices=PASSES, help="only this pass")
    listing.set_defaults(command=list_command)

    show = commands.add_parser("show", help="print one formula")
    show.add_argument("id", type=console.name, help="lstm.backward.c, …")
    show.add_argument("--as", dest="format", choices=(*LAID_OUT, *NAMED), default="text")
    show.add_argument(
        "--notation", type=console.name, help="pytorch, greff, …: in another notation than the site's own"
    )
    show.set_defaults(command=show_command)

    cite = commands.add_parser("cite", help="print a citation of one formula")
    cite.add_argument("id", type=console.name, help="lstm.backward.c, …")
    cite.add_argument("--as", dest="format", choices=tuple(FORMATS), default="text")
    cite.set_defaults(command=cite_command)

    verifying = commands.add_parser(
        "verify", help="prove and check everything, and write the evidence that the site reads"
    )
    verifying.add_argument(
        "--reuse",
        action="store_true",
        help="keep, a cell at a time, the evidence that rests on this very code",
    )
    verifying.add_argument(
        "--to",
        type=lambda text: Path(console.name(text)),
        default=BUILD,
        metavar="FOLDER",
        help="where to write it (default: build/)",
    )
    verifying.add_argument(
        "--scheduler",
        type=console.name,
        metavar="ADDRESS",
        help="spread the work over this Dask cluster, e.g. tcp://127.0.0.1:8786",
    )
    verifying.set_defaults(command=verify_command)

    publish = commands.add_parser("publish", help="record new and changed statements in the ledger")
    publish.set_defaults(command=publish_command)
    return parser


# run


def run_command(options: argparse.Namespace) -> int:
    names = [options.cell] if options.cell is not None else list(cells())
    for name in names:
        _print_cell(name)
    print("\nProof")
    finished = list(prove(tasks(names)))
    for name in names:
        print_outcomes(name, finished)
    print_seconds(finished)
    return report_refuted(finished)


def _print_cell(name: str) -> None:
    found = catalogue.of_cell(name)
    cell = cells()[name]
    print(f"\n{name}\n{'=' * len(name)}")
    print(f"Source: {cell.source.key}, {cell.source.where}\n")
    print("Read off the equations")
    for told in inferred(cell):
        print(f"  {told}")
    if cell.parent is not None:
        print(f"\nDifference from {cell.parent.name}")
        for told in difference(cell):
            print(f"  {told}")
    print("\nForward equations")
    for f in found:
        if f.pass_ == "forward":
            print(f"  {line(f)}")
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
                print(f"  {line(f)}")


def _step(f: Formula, step: DerivationStep) -> str:
    if step.kind == "local":
        return f"contributes  {text(layout(step.right, f.symbols))}   [{', '.join(step.rules)}]"
    said = text(statement(step.left, step.right, f.symbols))
    if step.kind == "uses":
        return f"used in      {said}   [{', '.join(step.refs)}]"
    if step.kind == "result":
        return f"result       {said}"
    return f"so           {said}   [{', '.join(step.rules)}]"


# list, show, cite


def list_command(options: argparse.Namespace) -> int:
    if options.cell is not None:
        catalogue.of_cell(options.cell)  # an unknown name is an error, not an empty list
    chosen = [
        f
        for f in catalogue.formulas().values()
        if options.cell in (None, f.cell) and options.pass_ in (None, f.pass_)
    ]
    width = max((len(f.id) for f in chosen), default=0)
    for f in chosen:
        print(f"{f.id:{width}}  {line(f)}")
    return 0


def _json(f: Formula) -> str:
    """The formula with its evidence, if there is evidence about this code; else it says that nothing has run."""
    found = evidence.load(BUILD / EVIDENCE, ROOT)
    record = export.formula_record(f, found["formulas"][f.id] if found else evidence.nothing_run(f))
    return json.dumps(record, indent=2, ensure_ascii=False)


# These write symbols as a notation has them; the formats after them have names of their own.
LAID_OUT: dict[str, Callable[[Box], str]] = {"text": text, "latex": tex, "mathml": mathml}
NAMED: dict[str, Callable[[Formula], str]] = {
    "sympy": lambda f: sympy_source(f.left.node, f.right),
    "numpy": lambda f: f"{f.left.name} = {numpy(f.right)}",
    "torch": lambda f: f"{f.left.name} = {torch(f.right)}",
    "jax": lambda f: f"{f.left.name} = {jax(f.right)}",
    "json": _json,
}

# How each format writes a character that the encoding of stdout lacks.
ESCAPES = {"mathml": "xmlcharrefreplace", "json": "JSON", "csl": "JSON"}


def show_command(options: argparse.Namespace) -> int:
    f = catalogue.formula(options.id)
    writing = _writing(options.notation, f.cell)
    if options.format in LAID_OUT:
        written = LAID_OUT[options.format](statement(f.left.node, f.right, f.symbols, writing))
        console.say(written, ESCAPES.get(options.format, "backslashreplace"))
        return 0
    if options.notation is not None:
        expected = ", ".join(LAID_OUT)
        raise NotationError(f"--notation: expected --as to be one of {expected}, got {options.format}")
    console.say(NAMED[options.format](f), ESCAPES.get(options.format, "backslashreplace"))
    return 0


def _writing(name: str | None, cell: str) -> Writing:
    if name is None:
        return OWN
    if name not in notations():
        raise NotationError(f"--notation: expected one of {', '.join(notations())}, got {name}")
    return notations()[name].writing(cells()[cell])


def cite_command(options: argparse.Namespace) -> int:
    said = FORMATS[options.format](citation(catalogue.formula(options.id)))
    console.say(said, ESCAPES.get(options.format, "backslashreplace"))
    return 0


# verify, publish


def verify_command(options: argparse.Namespace) -> int:
    return 0 if verify(options.to, options.reuse, options.scheduler) else 1


def publish_command(_: argparse.Namespace) -> int:
    new = ledger.publish(catalogue.formulas().values())
    for formula_id in new:
        print(f"recorded {formula_id}, version {len(ledger.published()[formula_id])}")
    print(f"{len(new)} statements recorded" if new else "nothing new to record")
    return 0
