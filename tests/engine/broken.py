"""Formulas broken as people break them: each differs from a right one in a single place and still fits its shapes.

A term dropped, a sign flipped, a factor or a square lost, a gate or a weight taken for its neighbour, step t for t − 1,
a transpose left out, an outer product the wrong way round, an activation left out, a sum over time forgotten.
Each gets a quantity of its own, `c [term dropped 2]`, so that a checker can be handed all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sympy import Add, Expr, MatAdd, MatMul, MatrixSymbol, OneMatrix, Transpose
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.derive.formula import Formula
from derivations.language import Cell
from derivations.language.expressions import (
    Elementwise,
    TimeSum,
    add,
    hadamard,
    is_negative,
    negate,
    outer,
    transpose,
)

Slip = tuple[str, Expr]


def broken(formula: Formula, cell: Cell) -> list[Formula]:
    """Every way to break this formula in one place, each once."""
    neighbours = _neighbours(formula, cell)
    slips: list[Slip] = list(_slips(formula.right, neighbours))
    if isinstance(formula.right, MatrixExpr) and not isinstance(formula.right, TimeSum):
        slips.append(("sign flipped", negate(formula.right)))
    seen = {formula.right}
    found: list[Formula] = []
    for label, right in slips:
        if right not in seen:
            seen.add(right)
            found.append(
                replace(formula, quantity=f"{formula.quantity} [{label} {len(found) + 1}]", right=right)
            )
    return found


def _slips(node: Expr, neighbours: dict[str, MatrixSymbol]) -> Iterator[Slip]:
    """The node with one slip in it, at its top or anywhere below."""
    yield from _here(node, neighbours)
    for k, part in enumerate(node.args):
        if isinstance(part, MatrixExpr):
            for label, slipped in _slips(part, neighbours):
                yield label, _rebuild(node, (*node.args[:k], slipped, *node.args[k + 1 :]))


def _rebuild(node: Expr, args: tuple[Expr, ...]) -> Expr:
    """The same kind of node over other arguments; no sign stands twice, and no one writes a factor 1."""
    if is_negative(node):
        return negate(args[1])
    if isinstance(node, HadamardProduct):
        return hadamard(*(a for a in args if not isinstance(a, OneMatrix)))
    return node.func(*args)


def _here(node: Expr, neighbours: dict[str, MatrixSymbol]) -> Iterator[Slip]:
    match node:
        case Add():
            for k in range(len(node.args)):
                yield "term dropped", Add(*(a for m, a in enumerate(node.args) if m != k), evaluate=False)
        case MatAdd():
            for k in range(len(node.args)):
                yield "term dropped", add(*(a for m, a in enumerate(node.args) if m != k))
                yield "sign flipped", add(*(negate(a) if m == k else a for m, a in enumerate(node.args)))
        case HadamardProduct():
            for k in range(len(node.args)):
                yield "factor lost", hadamard(*(a for m, a in enumerate(node.args) if m != k))
        case HadamardPower():
            yield "square lost", node.base
        case Elementwise():
            yield "activation left out", node.argument
        case TimeSum():
            yield "sum over time forgotten", node.body
        case MatMul() if not is_negative(node):
            left, right = node.args
            if isinstance(right, Transpose) and left.shape == right.arg.shape:
                yield "outer product turned round", outer(right.arg, left)
            elif left.shape[0] == left.shape[1]:
                yield "transposed wrongly", MatMul(transpose(left), right)
        case MatrixSymbol() if node.name in neighbours:
            yield f"{neighbours[node.name].name} for {node.name}", neighbours[node.name]
        case _:
            return


def _neighbours(formula: Formula, cell: Cell) -> dict[str, MatrixSymbol]:
    """For each symbol one of the same shape that it is easily taken for; a name at t = 1 for a name at t = 1."""
    states = [s.name for s in cell.states]
    gates = [e.left.name for e in cell.equations if e.left.name not in states]
    bars = [s.name for s in cell.quantities if s.bar]
    taken = {f"{s}_prev": s for s in states} | {s: f"{s}_prev" for s in states}
    taken |= _round(gates) | _round([f"d{g}" for g in gates]) | _round([f"d{b}" for b in bars])
    for letter in ("W", "U", "b"):
        taken |= _round([p.name for p in cell.parameters if p.letter == letter])
    taken |= _round([f"d{s}_next" for s in states]) | _round([f"d{s}" for s in states])
    taken |= {f"{old}_1": f"{new}_1" for old, new in taken.items()}
    return {
        old: formula.symbols[new].node
        for old, new in taken.items()
        if new in formula.symbols
        and old in formula.symbols
        and formula.symbols[new].shape == formula.symbols[old].shape
    }


def _round(names: list[str]) -> dict[str, str]:
    """Each name for the one before it, the first for the last."""
    return dict(zip(names, (*names[1:], *names[:1]), strict=True)) if len(names) > 1 else {}
