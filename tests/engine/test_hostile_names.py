"""A symbol is known by its structure: no name, however it ends, changes what is derived or proved."""

from __future__ import annotations

import pytest

from derivations.derive.formulas import formulas
from derivations.language import (
    Cell,
    CellError,
    Dimension,
    Equation,
    Source,
    parameter,
    quantity,
    sigmoid,
    state,
    tanh,
    vector,
)
from derivations.prove.all_sizes import AllSizes
from derivations.prove.unrolled import Unrolled

D, H = Dimension("D", "input-size"), Dimension("H", "hidden-size")
x, s = vector("x", D, "input"), state("s", H, "hidden-state")
g = quantity("g", H, "hidden-candidate")
WHERE = Source("elman1990", "made up")


def hostile(W: str, U: str, b: str) -> Cell:
    """A gated cell whose weights have these names; the previous state is also squashed, as in MUT3."""
    w, u, bias = (
        parameter(W, H, D, "input-weight"),
        parameter(U, H, H, "recurrent-weight"),
        parameter(b, H, None, "bias"),
    )
    return Cell(
        "hostile",
        WHERE,
        (
            Equation(g, sigmoid(w @ x + u @ tanh(s.previous) + bias)),
            Equation(s, tanh(g * s.previous)),
        ),
        (s,),
    )


@pytest.mark.parametrize(
    ("W", "U", "b"), [("V_1", "W_0", "U_t"), ("b_next", "dh", "a_prev"), ("k_loss", "x_1_t", "h_0")]
)
@pytest.mark.proof
def test_no_ending_of_a_name_refutes_a_right_formula(W: str, U: str, b: str) -> None:
    cell = hostile(W, U, b)
    found = list(formulas(cell))
    derived = [f for f in found if f.pass_ != "forward"]
    for prover in (AllSizes(cell), AllSizes(cell, composed=True)):
        assert {f.id: v.reason for f in derived if (v := prover.prove(f)).outcome != "proved"} == {}
    for steps in (1, 2):
        verdicts = {f.id: v.reason for f, v in Unrolled(cell, steps).prove(found)}
        assert set(verdicts) == {f.id for f in derived}
        assert {i: reason for i, reason in verdicts.items() if reason} == {}


@pytest.mark.proof
def test_an_initial_state_under_a_function_is_the_state_it_is() -> None:
    """The second fault: tanh(h') was named by how it is written, and ∂L/∂h₀ of MUT3 refuted."""
    cell = hostile("W", "U", "b")
    found = list(formulas(cell))
    verdicts = {f.quantity: v for f, v in Unrolled(cell, 2).prove(found)}
    assert verdicts["s_0"].outcome == "proved", verdicts["s_0"].reason


@pytest.mark.parametrize(("name", "taken"), [("s_1", "s"), ("ds", "s"), ("ds_next", "s"), ("g_bar", "")])
def test_a_name_that_means_something_else_in_code_is_refused(name: str, taken: str) -> None:
    with pytest.raises(CellError, match=f"{name}.*{taken}"):
        hostile(name, "U", "b")
