"""What is derived reads as the literature has it, and each rule alone gives the textbook's share."""

from __future__ import annotations

from dataclasses import replace
from unicodedata import normalize

import pytest
from sympy import Identity, MatrixSymbol
from sympy import Symbol as Scalar

from derivations.cells import cells
from derivations.derive.catalogue import formula
from derivations.derive.formula import Formula
from derivations.derive.formulas import formulas
from derivations.derive.reverse import uses
from derivations.language import Equation, expressions, tanh
from derivations.language.expressions import show
from derivations.language.primitives import row
from derivations.write.layout import statement
from derivations.write.text import text
from tests.engine.small import STEP, U, W, a, b, cell, h, x

n, m = Scalar("n", integer=True, positive=True), Scalar("m", integer=True, positive=True)
A, B = MatrixSymbol("A", m, n), MatrixSymbol("B", n, 1)
u, v, w = (MatrixSymbol(name, n, 1) for name in "uvw")
d, e = MatrixSymbol("d", n, 1), MatrixSymbol("e", m, 1)

KNOWN = {
    "rnn.backward.h_bar": "∂L/∂h̄[t] = (1 − h[t]²) ⊙ ∂L/∂h[t]",
    "rnn.backward.h": "∂L/∂h[t] = Δ[t] + ∂L/∂h[t]|t+1",
    "rnn.backward.U": "∂L/∂U = Σ[t=1…T] ∂L/∂h̄[t] h[t−1]ᵀ",
    "rnn.backward.h_0": "∂L/∂h[0] = Uᵀ ∂L/∂h̄[1]",
    "lstm-linear.backward.c": "∂L/∂c[t] = o[t] ⊙ ∂L/∂h[t] + ∂L/∂c[t]|t+1",
    "lstm-linear.backward.o": "∂L/∂o[t] = c[t] ⊙ ∂L/∂h[t]",
    "lstm-linear.backward.c_prev": "∂L/∂c[t−1]|t = f[t] ⊙ ∂L/∂c[t]",
    "lstm.backward.c": "∂L/∂c[t] = o[t] ⊙ (1 − tanh²(c[t])) ⊙ ∂L/∂h[t] + ∂L/∂c[t]|t+1",
    "lstm.backward.o": "∂L/∂o[t] = tanh(c[t]) ⊙ ∂L/∂h[t]",
    "lstm.backward.f": "∂L/∂f[t] = c[t−1] ⊙ ∂L/∂c[t]",
    "lstm.backward.i_bar": "∂L/∂ī[t] = i[t] ⊙ (1 − i[t]) ⊙ ∂L/∂i[t]",
    "lstm.backward.g_bar": "∂L/∂ḡ[t] = (1 − g[t]²) ⊙ ∂L/∂g[t]",
    "lstm.backward.c_0": "∂L/∂c[0] = f[1] ⊙ ∂L/∂c[1]",
    "lstm.backward.h_prev": "∂L/∂h[t−1]|t = U_iᵀ ∂L/∂ī[t] + U_fᵀ ∂L/∂f̄[t] + U_oᵀ ∂L/∂ō[t] + U_gᵀ ∂L/∂ḡ[t]",
    "lstm.backward.U_f": "∂L/∂U_f = Σ[t=1…T] ∂L/∂f̄[t] h[t−1]ᵀ",
    "lstm.backward.U_f_t": "∂L/∂U_f|t = ∂L/∂f̄[t] h[t−1]ᵀ",
    "lstm.backward.b_f": "∂L/∂b_f = Σ[t=1…T] ∂L/∂f̄[t]",
    "gru.backward.z": "∂L/∂z[t] = (n[t] − h[t−1]) ⊙ ∂L/∂h[t]",
    "gru.backward.n": "∂L/∂n[t] = z[t] ⊙ ∂L/∂h[t]",
    "gru.backward.r": "∂L/∂r[t] = h[t−1] ⊙ (U_nᵀ ∂L/∂n̄[t])",
    "gru.backward.h_prev": "∂L/∂h[t−1]|t = U_zᵀ ∂L/∂z̄[t] + U_rᵀ ∂L/∂r̄[t] + r[t] ⊙ (U_nᵀ ∂L/∂n̄[t])"
    " + (1 − z[t]) ⊙ ∂L/∂h[t]",
    "gru.backward.U_n": "∂L/∂U_n = Σ[t=1…T] ∂L/∂n̄[t] (r[t] ⊙ h[t−1])ᵀ",
    "gru-cho.forward.h": "h[t] = z[t] ⊙ h[t−1] + (1 − z[t]) ⊙ n[t]",
    "gru-cho.backward.z": "∂L/∂z[t] = (h[t−1] − n[t]) ⊙ ∂L/∂h[t]",
    "gru-cho.backward.n": "∂L/∂n[t] = (1 − z[t]) ⊙ ∂L/∂h[t]",
    "gru-cho.backward.r": "∂L/∂r[t] = h[t−1] ⊙ (U_nᵀ ∂L/∂n̄[t])",
    "gru-cho.backward.U_n": "∂L/∂U_n = Σ[t=1…T] ∂L/∂n̄[t] (r[t] ⊙ h[t−1])ᵀ",
    "gru-after.backward.z": "∂L/∂z[t] = (h[t−1] − n[t]) ⊙ ∂L/∂h[t]",
    "gru-after.backward.n": "∂L/∂n[t] = (1 − z[t]) ⊙ ∂L/∂h[t]",
    "gru-after.backward.r": "∂L/∂r[t] = (U_n h[t−1] + b_nh) ⊙ ∂L/∂n̄[t]",
    "gru-after.backward.h_prev": "∂L/∂h[t−1]|t = U_rᵀ ∂L/∂r̄[t] + U_zᵀ ∂L/∂z̄[t] + U_nᵀ (r[t] ⊙ ∂L/∂n̄[t])"
    " + z[t] ⊙ ∂L/∂h[t]",
    "gru-after.backward.b_nx_t": "∂L/∂b_nx|t = ∂L/∂n̄[t]",
    "gru-after.backward.b_nh_t": "∂L/∂b_nh|t = r[t] ⊙ ∂L/∂n̄[t]",
    "lstm.forward.i": "i[t] = σ(W_i x[t] + U_i h[t−1] + b_i)",
    "lstm.forward.c": "c[t] = f[t] ⊙ c[t−1] + i[t] ⊙ g[t]",
    "lstm-linear.forward.c": "c[t] = g[t] ⊙ i[t] + c[t−1] ⊙ f[t]",
    "gru.forward.h": "h[t] = (1 − z[t]) ⊙ h[t−1] + z[t] ⊙ n[t]",
    "lstm.count.parameters": "N = 4 H D + 4 H² + 4 H",
    "gru-after.count.parameters": "N = 3 H D + 3 H² + 4 H",
    "rnn.count.parameters": "N = H D + H² + H",
}


def plain(f: Formula) -> str:
    written = text(statement(f.left.node, f.right, {**f.symbols, f.left.name: f.left}))
    return normalize("NFC", written)  # a letter and its bar as one character, as they are typed here


@pytest.mark.parametrize("formula_id", KNOWN)
def test_the_literatures_result(formula_id: str) -> None:
    assert plain(formula(formula_id)) == normalize("NFC", KNOWN[formula_id])


def test_the_two_candidate_biases_of_the_gru_differ() -> None:
    assert formula("gru-after.backward.b_nx").right != formula("gru-after.backward.b_nh").right


@pytest.mark.parametrize(
    ("node", "cotangent", "shares"),
    [
        (expressions.add(u, v), d, [("u", "d", "add"), ("v", "d", "add")]),
        (expressions.add(u, expressions.negate(v)), d, [("u", "d", "add"), ("-1 v", "d", "add")]),
        (expressions.negate(u), d, [("u", "-1 d", "negate")]),
        (expressions.matmul(A, B), e, [("A", "e Bᵀ", "matmul-left"), ("B", "Aᵀ e", "matmul-right")]),
        (expressions.hadamard(u, v), d, [("u", "v ⊙ d", "hadamard"), ("v", "u ⊙ d", "hadamard")]),
        (
            expressions.hadamard(u, v, w),
            d,
            [("u", "v ⊙ w ⊙ d", "hadamard"), ("v", "u ⊙ w ⊙ d", "hadamard"), ("w", "u ⊙ v ⊙ d", "hadamard")],
        ),
        (expressions.Elementwise("tanh", u), d, [("u", "tanh'(u) ⊙ d", "apply-tanh")]),
        (expressions.ones_like(u), d, []),
    ],
)
def test_each_rule(node: object, cotangent: MatrixSymbol, shares: list[tuple[str, str, str]]) -> None:
    found = row(node).pull_back(node, cotangent)
    assert [(show(to), show(share), rule) for to, share, rule in found] == shares


def test_a_primitive_without_a_row_is_refused() -> None:
    with pytest.raises(TypeError, match="no primitive for Identity"):
        row(Identity(n))


def test_every_use_counts() -> None:
    # h_prev of the GRU: both gates, the candidate, and what is kept.
    gru = formula("gru.backward.h_prev").symbols["h_prev"]
    found = uses(cells()["gru"], gru)
    assert [use.user for use in found] == ["z_bar", "r_bar", "n_bar", "h"]
    assert found[2].rules == ("add", "matmul-right", "hadamard")


def test_a_quantity_used_twice_in_one_place_receives_twice() -> None:
    made = cell(Equation(a, STEP), Equation(h, a * a))
    derived = {f.id: f for f in formulas(made)}
    assert plain(derived["small.backward.a"]) == "∂L/∂a[t] = (a[t] + a[t]) ⊙ ∂L/∂h[t]"


def test_a_weight_used_twice_receives_from_both() -> None:
    made = cell(Equation(a, tanh(W @ x + b)), Equation(h, tanh(U @ h.previous + U @ a)))
    derived = {f.id: f for f in formulas(made)}
    assert plain(derived["small.backward.U_t"]) == "∂L/∂U|t = ∂L/∂h̄[t] h[t−1]ᵀ + ∂L/∂h̄[t] a[t]ᵀ"


def test_the_derivation_follows_the_equations_and_not_the_names() -> None:
    # The same cell with i and f renamed to each other gives the same formulas with the names exchanged.
    lstm = cells()["lstm"]
    i, f = lstm.symbol("i"), lstm.symbol("f")
    swap = {i.node: f.node, f.node: i.node}
    turned = replace(
        lstm,
        equations=tuple(
            Equation(
                {"i": f, "f": i}.get(q.left.name, q.left),
                replace(q.right, node=q.right.node.xreplace(swap)) if q.left.name == "c" else q.right,
            )
            for q in lstm.equations
        ),
    )
    derived = {q.id: plain(q) for q in formulas(turned)}
    assert derived["lstm.backward.i"] == "∂L/∂i[t] = c[t−1] ⊙ ∂L/∂c[t]"
    assert derived["lstm.backward.c_prev"] == "∂L/∂c[t−1]|t = i[t] ⊙ ∂L/∂c[t]"
