"""The catalogue as one JSON document, for the site and for everybody else."""

from __future__ import annotations

from typing import Any

from sympy import Expr
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations import notation, release
from derivations.address import permalink
from derivations.catalogue import of_cell
from derivations.cells import cells
from derivations.formula import DerivationStep, Formula
from derivations.graph import graph
from derivations.language import Cell, Dimension, Source, Symbol
from derivations.ledger import version
from derivations.nodes import TimeSum, hadamard, outer
from derivations.render.cite import FORMATS, citation
from derivations.render.layout import Symbols, layout, lines, statement
from derivations.render.mathml import mathml
from derivations.render.numpy import numpy
from derivations.render.sympy import source as sympy_source
from derivations.render.tex import aligned, tex
from derivations.trusted import trusted_base

Record = dict[str, Any]


def document(evidence: Record) -> Record:
    """Every cell and every formula, with the evidence of each."""
    return {
        "version": release.VERSION,
        "versions": evidence["versions"],
        "notation": notation_snippets(),
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
    return {
        "id": f.id,
        "version": version(f),
        "hash": f.hash,
        "cell": f.cell,
        "pass": f.pass_,
        "quantity": f.quantity,
        "permalink": permalink(f.id),
        "name": f.left.name,
        "latex": tex(statement(left, right, symbols)),
        "display": aligned(*lines(left, right, symbols)),
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
    if step.kind == "local":
        latex = display = tex(layout(step.right, symbols))
    else:
        latex = tex(statement(step.left, step.right, symbols))
        display = aligned(*lines(step.left, step.right, symbols))
    return {
        "kind": step.kind,
        "rule": step.rules[-1] if step.rules else None,
        "rules": list(step.rules),
        "refs": list(step.refs),
        "latex": latex,
        "display": display,
    }


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
        "dimensions": [dimension_record(d) for d in cell.dimensions],
        "symbols": [symbol_record(s) for s in cell.symbols],
        "forward": [f.id for f in found if f.pass_ == "forward" and f.quantity in authors],
        "pre_activations": [f.id for f in found if f.pass_ == "forward" and f.quantity not in authors],
        "backward": [f.id for f in found if f.pass_ == "backward"],
        "parameters": [p.name for p in cell.parameters],
        "graph": {
            "nodes": [vars(n) for n in drawn.nodes],
            "edges": [{"from": e.tail, "to": e.head, "label": e.label} for e in drawn.edges],
        },
    }


def dimension_record(d: Dimension) -> Record:
    return {"name": d.name, "latex": d.name, "meaning": d.meaning}


def notation_snippets() -> dict[str, str]:
    """Pieces of notation that prose explains, set as the formulas set them."""
    lstm = cells()["lstm"]
    symbols = notation.table(lstm)

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
