"""Every mutant of every formula."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from sympy import Add, Expr, expand
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.derive.formula import Formula, canonical
from derivations.language import Cell
from derivations.language.expressions import ShapeError
from derivations.mutants.kinds import KINDS


@dataclass(frozen=True)
class Mutant:
    """A broken formula.

    Attributes:
        id: the formula's ID, the kind and a number: ``lstm.backward.c/drop-term/2``.
        of: the formula that was broken.
        broken: the formula with another right side, or None where no such expression fits: its shapes refuse it.
    """

    id: str
    kind: str
    of: Formula
    broken: Formula | None


def mutants(f: Formula, cell: Cell) -> Iterator[Mutant]:
    """Every mutant of a formula, none twice and none that is the formula itself."""
    if not isinstance(f.right, MatrixExpr):
        yield from _of_count(f, cell)
        return
    seen = {canonical(f.right)}
    numbers: Counter[str] = Counter()
    for kind, make_all in KINDS.items():
        for make in make_all(f, cell):
            try:
                right = make()
            except ShapeError:
                numbers[kind] += 1
                yield Mutant(f"{f.id}/{kind}/{numbers[kind]}", kind, f, None)
                continue
            if canonical(right) in seen:
                continue
            seen.add(canonical(right))
            numbers[kind] += 1
            fits = tuple(right.shape) == tuple(f.right.shape)
            broken = replace(f, right=right, steps=()) if fits else None
            yield Mutant(f"{f.id}/{kind}/{numbers[kind]}", kind, f, broken)


def _of_count(f: Formula, cell: Cell) -> Iterator[Mutant]:
    """Slips in counting: a group forgotten, subtracted, counted once too often, or of the wrong size."""
    terms = f.right.args if isinstance(f.right, Add) else (f.right,)
    pairs = list(combinations((d.size for d in cell.dimensions), 2))
    slips: dict[str, list[Expr]] = {
        "drop-term": [f.right - t for t in terms],
        "flip-sign": [f.right - 2 * t for t in terms],
        "double-factor": [f.right + t / t.as_coeff_Mul()[0] for t in terms],
        "swap-gates": [
            f.right - t + t.subs({one: other, other: one}, simultaneous=True)
            for one, other in pairs
            for t in terms
        ],
    }
    for kind, rights in slips.items():
        different = [r for r in rights if expand(r - f.right) != 0]
        for number, right in enumerate(different, 1):
            yield Mutant(f"{f.id}/{kind}/{number}", kind, f, replace(f, right=right))
