"""Gated linear attention, one head, as its kernel has it: queries, keys, values and gates are given.

The state is a matrix whose rows decay each at its own rate, e^g. The output reads it and is not carried on.
"""

from derivations.language import Cell, Dimension, Equation, Source, exp, quantity, rows, state, vector

K, V = Dimension("K", "key-size"), Dimension("V", "value-size")
q, k = vector("q", K, "query"), vector("k", K, "key")
v, g = vector("v", V, "value-vector"), vector("g", K, "log-decay")
S = state("S", (K, V), "matrix-state")
o = quantity("o", V, "attention-output")

CELL = Cell(
    name="gla",
    source=Source("yang2024", "(3)"),
    outputs=(o,),
    equations=(
        Equation(S, rows(exp(g), S.previous) + k @ v.T),
        Equation(o, S.T @ q),
    ),
)
