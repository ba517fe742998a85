"""Slips that were published, each as a formula broken in that way, and which configurations would have caught it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sympy import MatrixSymbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.derive.catalogue import formula
from derivations.derive.formula import Formula
from derivations.language.expressions import AtStep, TimeSum, add, hadamard, negate

Look = Callable[[str], MatrixSymbol]
Wrong = Callable[[MatrixExpr, Look], MatrixExpr]


@dataclass(frozen=True)
class Slip:
    """A slip.

    Attributes:
        name: a key, for the docs.
        formula: the ID of the formula that is got wrong.
        source: who published it, or where it comes from.
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

SLIPS = (
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
