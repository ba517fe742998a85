"""The catalogue as one JSON document, for the site and for everybody else."""

from __future__ import annotations

from typing import Any

from sympy import Expr
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.cells import cells
from derivations.derive.catalogue import of_cell
from derivations.derive.formula import DerivationStep, Formula
from derivations.derive.table import table
from derivations.language import Cell, Dimension, Equation, Source, Symbol
from derivations.language.expressions import TimeSum, hadamard, outer
from derivations.record import release
from derivations.record.address import permalink
from derivations.record.cite import FORMATS, citation
from derivations.record.ledger import version
from derivations.record.operations import operation_records
from derivations.record.trusted import trusted_base
from derivations.write import notation
from derivations.write.code import numpy
from derivations.write.dialect import Notation, NotationError
from derivations.write.graph import graph
from derivations.write.layout import Symbols, layout, lines, statement
from derivations.write.mathml import mathml
from derivations.write.notation import Writing
from derivations.write.notations import notations
from derivations.write.sympy import source as sympy_source
from derivations.write.tex import aligned, tex

Record = dict[str, Any]


def document(evidence: Record) -> Record:
    """Every cell and every formula, with the evidence of each."""
    return {
        "version": release.VERSION,
        "versions": evidence["versions"],
        "notation": notation_snippets(),
        "operations": operation_records(),
        "notations": [notation_record(one) for one in notations().values()],
        "mutants": evidence["mutants"],
        "strength": evidence["strength"],
        "witnesses": evidence["witnesses"],
        "trusted": trusted_base(),
        "cells": [cell_record(cell) for cell in cells().values()],
        "formulas": [
            formula_record(f, evidence["formulas"][f.id]) for cell in cells() for f in of_cell(cell)
        ],
    }


def formula_record(f: Formula, evidence: Record | None) -> Record:
    """One formula; without evidence it says so."""
    left, right = f.left.node, f.right
    symbols = f.symbols
    latex, display = formula_tex(left, right, symbols)
    return {
        "id": f.id,
        "version": version(f),
        "hash": f.hash,
        "cell": f.cell,
        "pass": f.pass_,
        "quantity": f.quantity,
        "permalink": permalink(f.id),
        "name": f.left.name,
        "latex": latex,
        "display": display,
        "mathml": mathml(statement(left, right, symbols)),
        "sympy": sympy_source(left, right),
        "numpy": numpy(right),
        "symbols": [symbol_record(s) for s in f.used],
        "assumptions": list(f.assumptions),
        "source": source_record(f.source) if f.source else None,
        "steps": [step_record(s, symbols) for s in f.steps],
        "cite": {name: write(citation(f)) for name, write in FORMATS.items()},
        "evidence": evidence["evidence"] if evidence else [],
        "passing": bool(evidence and evidence["passing"]),
    }


def step_record(step: DerivationStep, symbols: Symbols) -> Record:
    """One step. A local step shows what one use sends back, an expression; every other shows an equation."""
    latex, display = step_tex(step, symbols)
    return {
        "kind": step.kind,
        "rule": step.rules[-1] if step.rules else None,
        "rules": list(step.rules),
        "refs": list(step.refs),
        "latex": latex,
        "display": display,
    }


def step_tex(step: DerivationStep, symbols: Symbols, writing: Writing = notation.OWN) -> tuple[str, str]:
    """The TeX of a step, on one line and as it is displayed."""
    if step.kind == "local":
        alone = tex(layout(step.right, symbols, writing))
        return alone, alone
    return formula_tex(step.left, step.right, symbols, writing)


def formula_tex(
    left: MatrixExpr, right: MatrixExpr | Expr, symbols: Symbols, writing: Writing = notation.OWN
) -> tuple[str, str]:
    """The TeX of an equation, on one line and as it is displayed, broken where it is long."""
    on_one_line = tex(statement(left, right, symbols, writing))
    return on_one_line, aligned(*lines(left, right, symbols, writing))


def symbol_record(s: Symbol) -> Record:
    """A symbol: its name in code, how it is written, what it is and its shape; a bias has one size, a number none."""
    record: Record = {
        "name": s.name,
        "latex": tex(notation.box(s)),
        "role": s.role,
        "shape": [str(n) for n in s.shape if n != 1],
        "meaning": s.meaning,
        "of": s.of,
    }
    if s.cotangent_of is not None:
        record["cotangent_of"] = symbol_record(s.cotangent_of)
    return record


def source_record(source: Source) -> Record:
    return {"key": source.key, "where": source.where}


def cell_record(cell: Cell) -> Record:
    found = of_cell(cell.name)
    authors = {e.left.name for e in cell.equations}
    drawn = graph(cell)
    return {
        "name": cell.name,
        "module": cell.name.replace("-", "_"),
        "source": source_record(cell.source),
        "also": [source_record(s) for s in cell.also],
        "parent": cell.parent.name if cell.parent else None,
        "difference": difference_record(cell),
        "dimensions": [dimension_record(d) for d in cell.dimensions],
        "symbols": [symbol_record(s) for s in cell.symbols],
        "forward": [f.id for f in found if f.pass_ == "forward" and f.quantity in authors],
        "pre_activations": [f.id for f in found if f.pass_ == "forward" and f.quantity not in authors],
        "backward": [f.id for f in found if f.pass_ == "backward"],
        "parameters": [p.name for p in cell.parameters],
        "outputs": [o.name for o in cell.outputs],
        "graph": {
            "nodes": [vars(n) for n in drawn.nodes],
            "edges": [{"from": e.tail, "to": e.head, "label": e.label} for e in drawn.edges],
        },
    }


def difference_record(cell: Cell) -> Record | None:
    """What sets a variant apart from its parent, by ID and name; None for a cell without one.

    ``changed`` has a pair for every equation that is not the parent's: the ID of the parent's and of the one in its
    place, None where there is none. ``gone`` and ``new`` name parameters.
    """
    difference = cell.difference
    if difference is None or cell.parent is None:
        return None

    def address(of: Cell, equation: Equation | None) -> str | None:
        return f"{of.name}.forward.{equation.left.name}" if equation else None

    return {
        "changed": [
            {"parent": address(cell.parent, old), "own": address(cell, own)}
            for old, own in difference.changed
        ],
        "gone": [s.name for s in difference.gone],
        "new": [s.name for s in difference.new],
    }


def dimension_record(d: Dimension) -> Record:
    return {"name": d.name, "latex": d.name, "meaning": d.meaning}


def notation_record(one: Notation) -> Record:
    """A notation: the cells that it writes, and for each every TeX of the site's own that looks different in it.

    What a page shows is looked up by its TeX in the site's own notation: ``inline`` has statements and symbols,
    ``display`` formulas and steps as they are broken into lines.
    """
    found = {
        use.cell: {"source": source_record(use.source), **variants(one, cells()[use.cell])}
        for use in one.uses
    }
    return {"name": one.name, "kind": one.kind, "cells": found}


def variants(one: Notation, cell: Cell) -> dict[str, dict[str, str]]:
    """The cell's formulas, steps and symbols: their TeX in the site's own notation, and in this one.

    Raises:
        NotationError: two things that look the same in the site's own notation do not in this one.
    """
    writing = one.writing(cell)
    found: dict[str, dict[str, str]] = {"inline": {}, "display": {}}

    def note(mode: str, own: str, other: str) -> None:
        if found[mode].setdefault(own, other) != other:
            raise NotationError(f"{one.name}, {cell.name}: {own} is both {found[mode][own]} and {other}")

    for f in of_cell(cell.name):
        if f.pass_ == "count":  # its letters are sizes, which no notation has others for
            continue
        own, other = (formula_tex(f.left.node, f.right, f.symbols, way) for way in (notation.OWN, writing))
        note("inline", own[0], other[0])
        note("display", own[1], other[1])
        for step in f.steps:
            note("display", *(step_tex(step, f.symbols, way)[1] for way in (notation.OWN, writing)))
        for s in f.used:
            note("inline", tex(notation.box(s)), tex(writing.box(s)))
    for s in cell.symbols:
        note("inline", tex(notation.box(s)), tex(writing.box(s)))
    return {mode: {own: other for own, other in all_.items() if own != other} for mode, all_ in found.items()}


def notation_snippets() -> dict[str, str]:
    """Pieces of notation that prose explains, set as the formulas set them."""
    lstm = cells()["lstm"]
    symbols = table(lstm)

    def of(node: MatrixExpr | Expr) -> str:
        return tex(layout(node, symbols))

    def node(name: str) -> MatrixExpr:
        return symbols[name].node

    return {
        "hadamard": of(hadamard(node("f"), node("c_prev"))),
        "cotangent": of(node("dc")),
        "loss-cotangent": of(node("dh_loss")),
        "outer-product": of(outer(node("df_bar"), node("h_prev"))),
        "time-sum": of(TimeSum(node("dU_f_t"))),
    }
