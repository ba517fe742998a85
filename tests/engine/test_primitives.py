"""Every primitive, in a cell of its own, derived and proved both ways; its mistakes refused; and how one is added."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sympy

from derivations.derive.formulas import formulas
from derivations.language import functions, primitives
from derivations.language.cell import Cell, Equation, Source
from derivations.language.expressions import hadamard, times
from derivations.language.row import name_of
from derivations.language.symbols import (
    Dimension,
    Symbol,
    Term,
    absolute,
    applied,
    everywhere,
    exp,
    gate_parameters,
    hard_sigmoid,
    log,
    maximum,
    minimum,
    parameter,
    quantity,
    reciprocal,
    relu,
    rows,
    scale,
    sigmoid,
    softmax,
    softplus,
    sqrt,
    square,
    state,
    tanh,
    total,
    vector,
)
from derivations.mutants.generate import mutants
from derivations.prove import functions as proved_functions
from derivations.prove import primitives as proved
from derivations.prove.all_sizes import AllSizes
from derivations.prove.unrolled import Unrolled
from derivations.write.code import jax, numpy, torch
from derivations.write.layout import statement
from derivations.write.mathml import mathml
from derivations.write.sympy import source
from derivations.write.tex import tex
from derivations.write.text import text

D, H = Dimension("D", "input-size"), Dimension("H", "hidden-size")
x, h = vector("x", D, "input"), state("h", H, "hidden-state")
a, e = quantity("a", H, "update-gate"), quantity("e", H, "reset-gate")
s, M = quantity("s", (), "gate-sum"), state("M", (H, D), "matrix-state")
W, U, bias = gate_parameters("", H, D, None)
V = parameter("V", H, D, "input-weight", "reset-gate")

AFFINE = (Equation(a, W @ x + U @ h.previous + bias), Equation(e, V @ x))


def cell_of(right: Term, *more: Equation) -> Cell:
    """h' through an affine map into a primitive, and back."""
    return Cell("toy", Source("elman1990", "made up"), (*AFFINE, *more, Equation(h, right)), (h,))


def matrix_cell(right: Term) -> Cell:
    return Cell(
        "toy-matrix",
        Source("elman1990", "made up"),
        (*AFFINE, Equation(M, right), Equation(h, M @ x + tanh(e))),
        (h,),
    )


CELLS: dict[str, Callable[[], Cell]] = {
    "sum": lambda: cell_of(a + e * a),
    "difference": lambda: cell_of(a - e),
    "negative": lambda: cell_of(-a * e),
    "number": lambda: cell_of(2 * a + sympy.Rational(1, 3) * e),
    "size": lambda: cell_of((1 / H.size) * a + e),
    "hadamard": lambda: cell_of(a * e),
    "quotient": lambda: cell_of(a / e),
    "transpose": lambda: matrix_cell(M.previous + (x @ a.T).T - e @ x.T),
    "scale": lambda: cell_of(scale(s, a), Equation(s, a.T @ e)),
    "scale-matrix": lambda: Cell(
        "toy-scale",
        Source("elman1990", "made up"),
        (*AFFINE, Equation(s, a.T @ e), Equation(M, scale(s, M.previous) + a @ x.T), Equation(h, M @ x)),
        (h,),
    ),
    "rows": lambda: matrix_cell(rows(a, M.previous) + e @ x.T),
    "total": lambda: cell_of(scale(s, a), Equation(s, total(a * e))),
    "spread": lambda: cell_of(a * everywhere(s, H), Equation(s, total(e))),
    "softmax": lambda: cell_of(softmax(a) * e),
    "max": lambda: cell_of(maximum(a, e)),
    "min": lambda: cell_of(minimum(a, e)),
    "square": lambda: cell_of(square(a) + e),
    **{
        f.__name__: lambda f=f: cell_of(f(a) * e)  # type: ignore[misc]
        for f in (
            sigmoid,
            tanh,
            relu,
            exp,
            log,
            softplus,
            sqrt,
            reciprocal,
            absolute,
            hard_sigmoid,
        )
    },
}
ASSUMED = {
    "relu": "nonzero-argument",
    "absolute": "nonzero-argument",
    "max": "no-tie",
    "min": "no-tie",
    "log": "positive-argument",
    "sqrt": "positive-argument",
    "quotient": "nonzero-denominator",
    "reciprocal": "nonzero-denominator",
    "hard_sigmoid": "off-the-corners",
}


@pytest.mark.proof
@pytest.mark.parametrize("name", CELLS)
def test_a_primitive_is_derived_proved_and_its_mistakes_are_refused(name: str) -> None:
    cell = CELLS[name]()
    found = list(formulas(cell))
    derived = [f for f in found if f.pass_ != "forward"]
    local, composed, unrolled = AllSizes(cell), AllSizes(cell, composed=True), Unrolled(cell, 2)
    for prover in (local, composed):
        assert {f.id: v.reason for f in derived if (v := prover.prove(f)).outcome != "proved"} == {}
    assert {f.id: v.reason for f, v in unrolled.prove(found) if v.outcome != "proved"} == {}
    broken = [m for f in derived for m in mutants(f, cell) if m.broken is not None]
    assert len(broken) > 60
    passed = [m.id for m in broken if m.broken is not None and not local.refuses(m.broken)]
    missed = [m.id for m in broken if m.broken is not None and not unrolled.refuses(m.broken, m.of)]
    assert passed == missed == []


@pytest.mark.parametrize("name", CELLS)
def test_every_writer_writes_it(name: str) -> None:
    for f in formulas(CELLS[name]()):
        made = statement(f.left.node, f.right, f.symbols)
        for written in (tex(made), mathml(made), text(made), source(f.left.node, f.right)):
            assert written
        for code in (numpy, torch, jax):
            compile(code(f.right), f.id, "eval")


@pytest.mark.parametrize(("name", "assumption"), ASSUMED.items())
def test_a_derivative_with_a_domain_says_so(name: str, assumption: str) -> None:
    found = {f.id: f for f in formulas(CELLS[name]())}
    assert assumption in found["toy.backward.W"].assumptions
    assert assumption in found["toy.backward.h_prev"].assumptions
    assert assumption not in found["toy.count.parameters"].assumptions


def test_both_tables_have_the_same_functions() -> None:
    unary = {one.name for one in primitives.PRIMITIVES.values() if one.unary} | {"max", "min", "greater"}
    assert set(proved.PARTIALS) - {proved.NAMED} == unary


@pytest.mark.proof
def test_a_primitive_is_added_by_one_row_in_each_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here a cube; in the sources it is a row in ``functions`` and one in ``prove.primitives``, and its words."""
    cube = functions.function(
        "cube",
        name_of("cube"),
        lambda y, a: times(3, hadamard(a, a)),
        ("{0}**3",) * 3,
        lambda z: z**3,
        mistakes=("exp",),
    )
    monkeypatch.setitem(primitives.PRIMITIVES, "cube", cube)
    partials: Any = lambda call, y, a: (3 * a**2,)  # noqa: E731
    monkeypatch.setitem(proved.PARTIALS, "cube", partials)
    monkeypatch.setitem(proved_functions.FUNCTIONS, "cube", proved_functions.made("cube", partials))

    def wrong(of: Symbol) -> Term:
        return applied("cube", of)

    cell = cell_of(wrong(a) * e)
    found = list(formulas(cell))
    derived = [f for f in found if f.pass_ != "forward"]
    prover = AllSizes(cell)
    assert all(prover.prove(f).outcome == "proved" for f in derived)
    assert all(v.outcome == "proved" for _, v in Unrolled(cell, 2).prove(found))
    slips = [m for f in derived for m in mutants(f, cell) if m.broken is not None]
    assert all(prover.refuses(m.broken) for m in slips if m.broken is not None)
    assert any("cube" in text(statement(f.left.node, f.right, f.symbols)) for f in found)
