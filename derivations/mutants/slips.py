"""Slips that programs, papers and tutorials really contain: a formula with the right side that they have for it.

The generator gives each as a mutant of its formula; of those that were published it is measured, besides, which
gradient check would have caught them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sympy import MatrixSymbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.derive.catalogue import formula
from derivations.derive.formula import Formula
from derivations.language.expressions import (
    AtStep,
    Elementwise,
    TimeSum,
    add,
    hadamard,
    matmul,
    negate,
    ones_like,
    outer,
    square,
    transpose,
)

Look = Callable[[str], MatrixSymbol]
Wrong = Callable[[MatrixExpr, Look], MatrixExpr]


@dataclass(frozen=True)
class Slip:
    """A slip.

    Attributes:
        name: a key, for the docs where it was published; else what it is.
        formula: the ID of the formula that is got wrong.
        source: who published it, or where it comes from; empty for what is simply often got wrong.
        wrong: the wrong right side, from the right one and the formula's symbols by name.
    """

    name: str
    formula: str
    source: str
    wrong: Wrong

    def broken(self) -> Formula:
        """The formula as the slip has it."""
        right = formula(self.formula)
        return replace(right, right=self.wrong(right.right, lambda name: right.symbols[name].node), steps=())


def _without_first_step(right: MatrixExpr, _: Look) -> MatrixExpr:
    """The sum from t = 2 on: the term that reads the initial state left out."""
    return add(right, negate(AtStep(right.body, "1")))


BRAINSTORM = (
    "IDSIA/brainstorm, lstm_layer.py: the first step's term of dR is multiplied by dy[-1], which nothing is written "
    "to, and not by y[-1], the state before the first step; greff2017 sums R over the outputs inside the sequence, "
    "which assumes a zero initial state"
)

PUBLISHED = (
    Slip(
        "memory-cotangent-dropped",
        "lstm-linear.backward.c",
        "nicodjimenez/lstm, pull request #49: ds = o * top_diff_h, without + top_diff_s",
        lambda _, s: hadamard(s("o"), s("dh")),
    ),
    Slip("first-step-left-out-lstm", "lstm.backward.U_f", BRAINSTORM, _without_first_step),
    Slip(
        "first-step-left-out-rnn",
        "rnn.backward.U",
        "as first-step-left-out-lstm, in the RNN",
        _without_first_step,
    ),
    Slip(
        "first-step-left-out-gru",
        "gru-after.backward.U_n",
        "as first-step-left-out-lstm, in the GRU",
        _without_first_step,
    ),
    Slip(
        "first-step-left-out-recurrent-bias",
        "gru-after.backward.b_nh",
        "as first-step-left-out-lstm, for the bias beside U_n h: its term does not read the state, so no zero hides it",
        _without_first_step,
    ),
    Slip(
        "slope-of-tanh-missing",
        "lstm.backward.c",
        "nicodjimenez/lstm, issue #47: tanh put on the cell state in the forward pass, ds left as it is",
        lambda _, s: add(hadamard(s("o"), s("dh")), s("dc_next")),
    ),
    Slip(
        "one-gradient-for-both-biases",
        "gru-after.backward.b_nh",
        "the gradient of a GRU with one candidate bias carried over to that with two; no single source",
        lambda _, s: TimeSum(s("dn_bar")),
    ),
    Slip(
        "sigmoid-for-its-slope",
        "lstm.backward.f_bar",
        "common where the derivative is a function of the pre-activation; no single source",
        lambda _, s: hadamard(s("f"), s("df")),
    ),
    Slip(
        "gradient-assigned",
        "lstm-linear.backward.W_i",
        "= for += in the loop over time (the right line: nicodjimenez/lstm, lstm.py, wi_diff +=); no single source",
        lambda right, _: AtStep(right.body, "1"),
    ),
)


# Hand-made: the formula of another cell, of another convention, or of another function.


def _complement(a: MatrixExpr) -> MatrixExpr:
    """1 − a."""
    return add(ones_like(a), negate(a))


def _sigmoid_slope(y: MatrixExpr) -> MatrixExpr:
    """y ⊙ (1 − y)."""
    return hadamard(y, _complement(y))


def _tanh_slope(y: MatrixExpr) -> MatrixExpr:
    """1 − y²."""
    return _complement(square(y))


def _gru_h_prev(s: Look, kept: MatrixExpr, reset: MatrixExpr) -> MatrixExpr:
    return add(
        matmul(transpose(s("U_z")), s("dz_bar")),
        matmul(transpose(s("U_r")), s("dr_bar")),
        reset,
        hadamard(kept, s("dh")),
    )


OFTEN = (
    Slip(
        "that of the linear output",
        "lstm.backward.c",
        "",
        lambda _, s: add(hadamard(s("o"), s("dh")), s("dc_next")),
    ),
    Slip(
        "the slope through h and not through tanh(c)",
        "lstm.backward.c",
        "",
        lambda _, s: add(hadamard(s("o"), _tanh_slope(s("h")), s("dh")), s("dc_next")),
    ),
    Slip(
        "the sigmoid's slope at tanh(c)",
        "lstm.backward.c",
        "",
        lambda _, s: add(
            hadamard(s("o"), _sigmoid_slope(Elementwise("tanh", s("c"))), s("dh")), s("dc_next")
        ),
    ),
    Slip("c for tanh(c)", "lstm.backward.o", "", lambda _, s: hadamard(s("c"), s("dh"))),
    Slip(
        "the arriving part for the whole",
        "lstm.backward.c_prev",
        "",
        lambda _, s: hadamard(s("f"), s("dc_next")),
    ),
    Slip(
        "the arriving part for the whole", "lstm.backward.o", "", lambda _, s: hadamard(s("c"), s("dh_next"))
    ),
    Slip("σ′ for tanh′", "lstm.backward.g_bar", "", lambda _, s: hadamard(_sigmoid_slope(s("g")), s("dg"))),
    Slip("tanh′ for σ′", "lstm.backward.i_bar", "", lambda _, s: hadamard(_tanh_slope(s("i")), s("di"))),
    Slip("σ for σ′", "lstm.backward.f_bar", "", lambda _, s: hadamard(s("f"), s("df"))),
    Slip("the new cell state for the old", "lstm.backward.f", "", lambda _, s: hadamard(s("c"), s("dc"))),
    Slip(
        "that of a squashed output",
        "lstm-linear.backward.c",
        "",
        lambda _, s: add(hadamard(s("o"), _tanh_slope(s("c")), s("dh")), s("dc_next")),
    ),
    Slip("no gate", "lstm-linear.backward.c", "", lambda _, s: add(s("dh"), s("dc_next"))),
    Slip(
        "the other convention of z", "gru.backward.n", "", lambda _, s: hadamard(_complement(s("z")), s("dh"))
    ),
    Slip(
        "the other convention of z",
        "gru.backward.z",
        "",
        lambda _, s: hadamard(add(s("h_prev"), negate(s("n"))), s("dh")),
    ),
    Slip(
        "the other convention of z",
        "gru.backward.h_prev",
        "",
        lambda _, s: _gru_h_prev(s, s("z"), hadamard(s("r"), matmul(transpose(s("U_n")), s("dn_bar")))),
    ),
    Slip(
        "the reset after the product",
        "gru.backward.h_prev",
        "",
        lambda _, s: _gru_h_prev(
            s, _complement(s("z")), matmul(transpose(s("U_n")), hadamard(s("r"), s("dn_bar")))
        ),
    ),
    Slip(
        "the reset after the product",
        "gru.backward.r",
        "",
        lambda _, s: hadamard(matmul(s("U_n"), s("h_prev")), s("dn_bar")),
    ),
    Slip(
        "the reset after the product",
        "gru.backward.U_n_t",
        "",
        lambda _, s: outer(hadamard(s("r"), s("dn_bar")), s("h_prev")),
    ),
    Slip("the other convention of z", "gru-cho.backward.n", "", lambda _, s: hadamard(s("z"), s("dh"))),
    Slip(
        "the other convention of z",
        "gru-cho.backward.z",
        "",
        lambda _, s: hadamard(add(s("n"), negate(s("h_prev"))), s("dh")),
    ),
    Slip(
        "the reset after the product",
        "gru-cho.backward.r",
        "",
        lambda _, s: hadamard(matmul(s("U_n"), s("h_prev")), s("dn_bar")),
    ),
    Slip("the other convention of z", "gru-after.backward.n", "", lambda _, s: hadamard(s("z"), s("dh"))),
    Slip(
        "the reset before the product",
        "gru-after.backward.h_prev",
        "",
        lambda _, s: _gru_h_prev(s, s("z"), hadamard(s("r"), matmul(transpose(s("U_n")), s("dn_bar")))),
    ),
    Slip(
        "the reset before the product",
        "gru-after.backward.U_n_t",
        "",
        lambda _, s: outer(s("dn_bar"), hadamard(s("r"), s("h_prev"))),
    ),
    Slip("the same for both biases", "gru-after.backward.b_nh_t", "", lambda _, s: s("dn_bar")),
    Slip("σ′ for tanh′", "rnn.backward.h_bar", "", lambda _, s: hadamard(_sigmoid_slope(s("h")), s("dh"))),
    Slip("tanh left undifferentiated", "rnn.backward.h_bar", "", lambda _, s: hadamard(s("h"), s("dh"))),
    Slip(
        "the slope of the old state",
        "rnn.backward.h_bar",
        "",
        lambda _, s: hadamard(_tanh_slope(s("h_prev")), s("dh")),
    ),
)

SLIPS = PUBLISHED + OFTEN


def slips_of(formula_id: str) -> list[Slip]:
    """The slips in one formula."""
    return [slip for slip in SLIPS if slip.formula == formula_id]
