"""Slips that programs and tutorials really contain, such as the formula of another cell or of another convention."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from sympy import MatrixSymbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.derive.catalogue import formula
from derivations.derive.formula import Formula
from derivations.language.expressions import (
    Elementwise,
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


class Slip(NamedTuple):
    """What is wrong, in which formula, and the wrong right side."""

    label: str
    formula: str
    right: Callable[[Look], MatrixExpr]


def complement(a: MatrixExpr) -> MatrixExpr:
    """1 − a."""
    return add(ones_like(a), negate(a))


def sigmoid_slope(y: MatrixExpr) -> MatrixExpr:
    """y ⊙ (1 − y)."""
    return hadamard(y, complement(y))


def tanh_slope(y: MatrixExpr) -> MatrixExpr:
    """1 − y²."""
    return complement(square(y))


def _gru_h_prev(s: Look, kept: MatrixExpr, reset: MatrixExpr) -> MatrixExpr:
    return add(
        matmul(transpose(s("U_z")), s("dz_bar")),
        matmul(transpose(s("U_r")), s("dr_bar")),
        reset,
        hadamard(kept, s("dh")),
    )


SLIPS = (
    Slip(
        "that of the linear output", "lstm.backward.c", lambda s: add(hadamard(s("o"), s("dh")), s("dc_next"))
    ),
    Slip(
        "the slope through h and not through tanh(c)",
        "lstm.backward.c",
        lambda s: add(hadamard(s("o"), tanh_slope(s("h")), s("dh")), s("dc_next")),
    ),
    Slip(
        "the sigmoid's slope at tanh(c)",
        "lstm.backward.c",
        lambda s: add(hadamard(s("o"), sigmoid_slope(Elementwise("tanh", s("c"))), s("dh")), s("dc_next")),
    ),
    Slip("c for tanh(c)", "lstm.backward.o", lambda s: hadamard(s("c"), s("dh"))),
    Slip("the arriving part for the whole", "lstm.backward.c_prev", lambda s: hadamard(s("f"), s("dc_next"))),
    Slip("the arriving part for the whole", "lstm.backward.o", lambda s: hadamard(s("c"), s("dh_next"))),
    Slip("σ′ for tanh′", "lstm.backward.g_bar", lambda s: hadamard(sigmoid_slope(s("g")), s("dg"))),
    Slip("tanh′ for σ′", "lstm.backward.i_bar", lambda s: hadamard(tanh_slope(s("i")), s("di"))),
    Slip("σ for σ′", "lstm.backward.f_bar", lambda s: hadamard(s("f"), s("df"))),
    Slip("the new cell state for the old", "lstm.backward.f", lambda s: hadamard(s("c"), s("dc"))),
    Slip(
        "that of a squashed output",
        "lstm-linear.backward.c",
        lambda s: add(hadamard(s("o"), tanh_slope(s("c")), s("dh")), s("dc_next")),
    ),
    Slip("no gate", "lstm-linear.backward.c", lambda s: add(s("dh"), s("dc_next"))),
    Slip("the other convention of z", "gru.backward.n", lambda s: hadamard(complement(s("z")), s("dh"))),
    Slip(
        "the other convention of z",
        "gru.backward.z",
        lambda s: hadamard(add(s("h_prev"), negate(s("n"))), s("dh")),
    ),
    Slip(
        "the other convention of z",
        "gru.backward.h_prev",
        lambda s: _gru_h_prev(s, s("z"), hadamard(s("r"), matmul(transpose(s("U_n")), s("dn_bar")))),
    ),
    Slip(
        "the reset after the product",
        "gru.backward.h_prev",
        lambda s: _gru_h_prev(
            s, complement(s("z")), matmul(transpose(s("U_n")), hadamard(s("r"), s("dn_bar")))
        ),
    ),
    Slip(
        "the reset after the product",
        "gru.backward.r",
        lambda s: hadamard(matmul(s("U_n"), s("h_prev")), s("dn_bar")),
    ),
    Slip(
        "the reset after the product",
        "gru.backward.U_n_t",
        lambda s: outer(hadamard(s("r"), s("dn_bar")), s("h_prev")),
    ),
    Slip("the other convention of z", "gru-cho.backward.n", lambda s: hadamard(s("z"), s("dh"))),
    Slip(
        "the other convention of z",
        "gru-cho.backward.z",
        lambda s: hadamard(add(s("n"), negate(s("h_prev"))), s("dh")),
    ),
    Slip(
        "the reset after the product",
        "gru-cho.backward.r",
        lambda s: hadamard(matmul(s("U_n"), s("h_prev")), s("dn_bar")),
    ),
    Slip("the other convention of z", "gru-after.backward.n", lambda s: hadamard(s("z"), s("dh"))),
    Slip(
        "the reset before the product",
        "gru-after.backward.h_prev",
        lambda s: _gru_h_prev(s, s("z"), hadamard(s("r"), matmul(transpose(s("U_n")), s("dn_bar")))),
    ),
    Slip(
        "the reset before the product",
        "gru-after.backward.U_n_t",
        lambda s: outer(s("dn_bar"), hadamard(s("r"), s("h_prev"))),
    ),
    Slip("the same for both biases", "gru-after.backward.b_nh_t", lambda s: s("dn_bar")),
    Slip("σ′ for tanh′", "rnn.backward.h_bar", lambda s: hadamard(sigmoid_slope(s("h")), s("dh"))),
    Slip("tanh left undifferentiated", "rnn.backward.h_bar", lambda s: hadamard(s("h"), s("dh"))),
    Slip(
        "the slope of the old state",
        "rnn.backward.h_bar",
        lambda s: hadamard(tanh_slope(s("h_prev")), s("dh")),
    ),
)


def slipped(cell: str) -> list[Formula]:
    """The wrong formulas of one cell, each under a quantity of its own."""
    found = []
    for slip in SLIPS:
        right = formula(slip.formula)
        if right.cell == cell:
            wrong = slip.right(lambda name, symbols=right.symbols: symbols[name].node)  # type: ignore[misc]
            found.append(replace(right, quantity=f"{right.quantity} [{slip.label}]", right=wrong))
    return found
