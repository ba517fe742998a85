"""A cell that does not define a step is refused, and the refusal names the cell, the equation and the symbol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from derivations.language import (
    Cell,
    CellError,
    Equation,
    expressions,
    parameter,
    quantity,
    sigmoid,
    state,
    tanh,
    vector,
)
from tests.engine.small import STEP, D, H, U, W, a, b, cell, h, x

c = state("c", H, "cell-state")
i, f = quantity("i", H, "input-gate"), quantity("f", H, "forget-gate")
SUM = "W x + U h_prev + b"


def test_a_right_cell_is_taken() -> None:
    made = cell(Equation(h, STEP))
    assert [e.left.name for e in made.steps] == ["h_bar", "h"]
    assert [s.name for s in made.symbols] == ["x", "h_prev", "W", "U", "b", "h_bar", "h"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Equation(h, tanh(W @ x) * x),
            "elementwise product of tanh(W x) (H×1) and x (D×1): shapes differ",
        ),
        (lambda: Equation(h, W @ x + x), "sum of W x (H×1) and x (D×1): shapes differ"),
        (lambda: W @ h.previous, "product W h_prev: H×D times H×1, expected D rows on the right, got H"),
        (lambda: x @ W, "product x W: D×1 times H×D, expected 1 rows on the right, got H"),
    ],
)
def test_ill_shaped_expressions_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(expressions.ShapeError) as refusal:
        make()
    assert str(refusal.value) == message


def test_an_ill_shaped_equation_is_refused() -> None:
    with pytest.raises(CellError, match=r"^h: expected H×1, got D×1 from x$"):
        Equation(h, x)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: cell(Equation(h, tanh(a)), Equation(a, W @ x + U @ h.previous + b)),
            "small: equation for h: a is used before it is defined (reorder the equations; a cycle cannot be)",
        ),
        (
            lambda: cell(Equation(i, W @ x + f + b), Equation(f, U @ h.previous + i), Equation(h, i * f)),
            "small: equation for i: f is used before it is defined (reorder the equations; a cycle cannot be)",
        ),
        (
            lambda: cell(Equation(h, tanh(W @ x + U @ h + b))),
            "small: equation for h: h is defined by itself, a cycle",
        ),
        (
            lambda: cell(Equation(a, STEP), Equation(a, W @ x), Equation(h, tanh(a))),
            "small: equation for a: a is defined twice",
        ),
        (
            lambda: cell(Equation(x, x + x), Equation(h, STEP)),
            "small: equation for x: x is defined by itself, a cycle",
        ),
        (lambda: cell(Equation(a, STEP), Equation(h, STEP)), "small: a is never used"),
        (lambda: cell(Equation(a, STEP), Equation(h, a * c.previous)), "small: state c has no equation"),
        (lambda: cell(Equation(h, STEP), outputs=(c,)), "small: output c is not one of what the equations define: h"),
        (lambda: cell(Equation(h, STEP), outputs=()), "small: expected at least one output, got none"),
        (
            lambda: cell(Equation(h, b * STEP)),
            f"small: equation for h: tanh({SUM}): give {SUM} an equation and a name of its own",
        ),
        (
            lambda: cell(Equation(h, sigmoid(STEP))),
            f"small: equation for h: tanh({SUM}): give {SUM} an equation and a name of its own",
        ),
        (
            lambda: cell(Equation(a, STEP), Equation(h, a * (W @ parameter("b", D, None, "bias")))),
            "small: b: expected H×1, got D×1",
        ),
    ],
)  # fmt: skip
def test_a_cell_that_defines_no_step_is_refused(make: Callable[[], Cell], message: str) -> None:
    with pytest.raises(CellError) as refusal:
        make()
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    "make",
    [
        # The state's own symbol is what tells the walk that step t + 1 sends a part back.
        lambda: cell(Equation(quantity("h", H, "hidden-state"), STEP)),
        # The pre-activation of h takes the name h_bar; so does the author's quantity.
        lambda: cell(
            Equation(quantity("h_bar", H, "reset-gate"), W @ x),
            Equation(h, tanh(U @ h.previous + b + quantity("h_bar", H, "reset-gate"))),
        ),
        # ∂L/∂h takes the name dh; so does the author's quantity.
        lambda: cell(
            Equation(quantity("dh", H, "reset-gate"), W @ x),
            Equation(h, tanh(U @ h.previous + b + quantity("dh", H, "reset-gate"))),
        ),
    ],
    ids=["no state on the left", "the name of a pre-activation", "the name of a cotangent"],
)
def test_names_that_would_be_mixed_up_are_refused(make: Callable[[], Cell]) -> None:
    with pytest.raises(CellError):
        make()


def test_a_changed_cell_is_checked_again() -> None:
    made = cell(Equation(a, STEP), Equation(h, a * a))
    with pytest.raises(CellError, match=r"^small: state h has no equation$"):
        replace(made, equations=made.equations[:1])


def test_only_a_complement_is_written_with_a_number() -> None:
    with pytest.raises(TypeError, match="2 - a: only the complement 1 - a"):
        _ = 2 - a


def test_the_authors_order_is_kept() -> None:
    right = (U @ h.previous + b + W @ x).node
    assert expressions.show(right) == "U h_prev + b + W x"
    assert expressions.show((a * h.previous * a).node) == "a ⊙ h_prev ⊙ a"
    assert expressions.show((1 - a).node).startswith("1 + ")


def test_the_pre_activation_of_a_state_is_a_quantity_of_the_step() -> None:
    bar = cell(Equation(h, STEP)).symbol("h_bar")
    assert (bar.role, bar.bar, bar.of, bar.shape) == ("intermediate", True, "hidden-state", h.shape)


def test_an_activation_of_a_named_quantity_needs_no_other_name() -> None:
    made = cell(Equation(a, W @ x + U @ h.previous + b), Equation(h, a * tanh(a)))
    assert [e.left.name for e in made.steps] == ["a", "h"]


def test_an_unknown_symbol_is_named() -> None:
    with pytest.raises(KeyError, match="small has no symbol nothing"):
        cell(Equation(h, STEP)).symbol("nothing")


def test_a_vector_of_another_size_does_not_fit() -> None:
    with pytest.raises(expressions.ShapeError, match="E×1"):
        _ = W @ vector("e", replace(D, name="E"), "input")
