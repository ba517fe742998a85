"""Formulas broken as people break them, one line each. A witness that has the cell must catch every one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from derivations.derive.catalogue import formula
from derivations.derive.formula import Formula
from derivations.language import Symbol, Term, expressions, sigmoid, tanh

Symbols = Mapping[str, Symbol]


class Break(NamedTuple):
    """What was done to a formula, and the right side that it has then."""

    formula: str
    kind: str
    right: Callable[[Symbols], Term]

    @property
    def cell(self) -> str:
        return self.formula.split(".")[0]

    @property
    def pass_(self) -> str:
        return self.formula.split(".")[1]

    def made(self) -> Formula:
        """The broken formula."""
        found = formula(self.formula)
        return replace(found, right=self.right(found.symbols).node)


def transposed(matrix: Term) -> Term:
    return Term(expressions.transpose(matrix.node))


def minus(term: Term) -> Term:
    return Term(expressions.negate(term.node))


def summed_outer(column: Term, other: Term) -> Term:
    return summed(Term(expressions.outer(column.node, other.node)))


def summed(term: Term) -> Term:
    return Term(expressions.TimeSum(term.node))


def through(letter: str, s: Symbols, **read: str) -> Term:
    """Σ W_gateᵀ ∂gate over the gates of an LSTM, some with the matrix of another."""
    i, f, o, g = (transposed(s[f"{letter}_{read.get(x, x)}"]) @ s[f"d{x}_bar"] for x in "ifog")
    return i + f + o + g


FORWARD = (
    Break("rnn.forward.h", "bias dropped", lambda s: tanh(s["W"] @ s["x"] + s["U"] @ s["h_prev"])),
    Break("rnn.forward.h", "previous state dropped", lambda s: tanh(s["W"] @ s["x"] + s["b"])),
    Break("rnn.forward.h", "tanh left out", lambda s: s["W"] @ s["x"] + s["U"] @ s["h_prev"] + s["b"]),
    Break("lstm.forward.c", "forget gate left out", lambda s: s["c_prev"] + s["i"] * s["g"]),
    Break("lstm.forward.c", "o for i", lambda s: s["f"] * s["c_prev"] + s["o"] * s["g"]),
    Break("lstm.forward.h", "tanh left out", lambda s: s["o"] * s["c"]),
    Break(
        "lstm.forward.g",
        "σ for tanh",
        lambda s: sigmoid(s["W_g"] @ s["x"] + s["U_g"] @ s["h_prev"] + s["b_g"]),
    ),
    Break(
        "lstm.forward.i",
        "U transposed",
        lambda s: sigmoid(s["W_i"] @ s["x"] + transposed(s["U_i"]) @ s["h_prev"] + s["b_i"]),
    ),
    Break("lstm-linear.forward.h", "tanh put in", lambda s: s["o"] * tanh(s["c"])),
    Break("gru.forward.h", "z the weight of the old", lambda s: (1 - s["z"]) * s["n"] + s["z"] * s["h_prev"]),
    Break(
        "gru.forward.n",
        "reset after the product",
        lambda s: tanh(s["W_n"] @ s["x"] + s["r"] * (s["U_n"] @ s["h_prev"]) + s["b_n"]),
    ),
    Break(
        "gru-cho.forward.h", "z the weight of the new", lambda s: (1 - s["z"]) * s["h_prev"] + s["z"] * s["n"]
    ),
    Break(
        "gru-cho.forward.n",
        "reset after the product",
        lambda s: tanh(s["W_n"] @ s["x"] + s["r"] * (s["U_n"] @ s["h_prev"]) + s["b_n"]),
    ),
    Break(
        "gru-after.forward.n",
        "reset before the product",
        lambda s: tanh(s["W_n"] @ s["x"] + s["b_nx"] + s["U_n"] @ (s["r"] * s["h_prev"]) + s["b_nh"]),
    ),
    Break(
        "gru-after.forward.n",
        "b_nh outside the reset",
        lambda s: tanh(s["W_n"] @ s["x"] + s["b_nx"] + s["r"] * (s["U_n"] @ s["h_prev"]) + s["b_nh"]),
    ),
)

BACKWARD = (
    Break("rnn.backward.h", "Δ dropped", lambda s: s["dh_next"]),
    Break("rnn.backward.h", "what arrives from t + 1 dropped", lambda s: s["dh_loss"]),
    Break("rnn.backward.h_prev", "not transposed", lambda s: s["U"] @ s["dh_bar"]),
    Break("rnn.backward.U", "outer product turned round", lambda s: summed_outer(s["h_prev"], s["dh_bar"])),
    Break("rnn.backward.U", "h of t for h of t − 1", lambda s: summed_outer(s["dh_bar"], s["h"])),
    Break("rnn.backward.h_0", "not transposed", lambda s: s["U"] @ s["dh_bar_1"]),
    Break("rnn.backward.b", "sum over time forgotten", lambda s: s["dh_bar"]),
    Break(
        "lstm.backward.c",
        "what arrives from t + 1 dropped",
        lambda s: s["o"] * (1 - tanh(s["c"]) * tanh(s["c"])) * s["dh"],
    ),
    Break("lstm.backward.c", "1 − tanh² left out", lambda s: s["o"] * s["dh"] + s["dc_next"]),
    Break(
        "lstm.backward.c",
        "square lost",
        lambda s: s["o"] * (1 - tanh(s["c"])) * s["dh"] + s["dc_next"],
    ),
    Break("lstm.backward.x", "W_i and W_f swapped", lambda s: through("W", s, i="f", f="i")),
    Break("lstm.backward.h_prev", "U_o and U_g swapped", lambda s: through("U", s, o="g", g="o")),
    Break("lstm.backward.f", "c of t for c of t − 1", lambda s: s["c"] * s["dc"]),
    Break("lstm.backward.o_bar", "σ for σ′", lambda s: s["o"] * s["do"]),
    Break("lstm.backward.c_prev", "i for f", lambda s: s["i"] * s["dc"]),
    Break(
        "lstm-linear.backward.c",
        "1 − tanh² put in",
        lambda s: s["o"] * (1 - tanh(s["c"]) * tanh(s["c"])) * s["dh"] + s["dc_next"],
    ),
    Break("gru.backward.z", "sign flipped", lambda s: (s["h_prev"] + minus(s["n"])) * s["dh"]),
    Break("gru.backward.n", "1 − z for z", lambda s: (1 - s["z"]) * s["dh"]),
    Break("gru.backward.U_n", "reset gate forgotten", lambda s: summed_outer(s["dn_bar"], s["h_prev"])),
    Break("gru-cho.backward.z", "sign flipped", lambda s: (s["n"] + minus(s["h_prev"])) * s["dh"]),
    Break("gru-cho.backward.n", "z for 1 − z", lambda s: s["z"] * s["dh"]),
    Break("gru-cho.backward.U_n", "reset gate forgotten", lambda s: summed_outer(s["dn_bar"], s["h_prev"])),
    Break("gru-after.backward.b_nh", "the gradient of b_nx", lambda s: summed(s["dn_bar"])),
    Break("gru-after.backward.b_nx", "the gradient of b_nh", lambda s: summed(s["r"] * s["dn_bar"])),
    Break("gru-after.backward.r", "b_nh forgotten", lambda s: (s["U_n"] @ s["h_prev"]) * s["dn_bar"]),
    Break(
        "gru-after.backward.U_n",
        "reset before the product",
        lambda s: summed_outer(s["dn_bar"], s["r"] * s["h_prev"]),
    ),
)
