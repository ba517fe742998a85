"""One step of every cell as the papers have it, written for one unit at a time in plain Python.

No array, no helper of lstmref: sums over k and the functions of `math`, or of mpmath where numbers of more digits
than a float has are given.
"""

import math
from collections.abc import Callable
from typing import Any

import mpmath

Number = Any  # a float, or mpmath's mpf with as many digits as are set there
Vector = list[Number]
Lists = dict[str, Any]  # parameters as nested lists
States = tuple[Vector, ...]


def tanh(a: Number) -> Number:
    return math.tanh(a) if isinstance(a, float) else mpmath.tanh(a)


def sigma(a: Number) -> Number:
    return 1 / (1 + (math.exp(-a) if isinstance(a, float) else mpmath.exp(-a)))


def dot(row: Vector, v: Vector) -> Number:
    return sum(weight * value for weight, value in zip(row, v, strict=True))


def rnn(p: Lists, x: Vector, states: States) -> States:
    (h,) = states
    return ([tanh(dot(p["W"][j], x) + dot(p["U"][j], h) + p["b"][j]) for j in range(len(h))],)


def lstm_with(output: Callable[[Number], Number]) -> Callable[[Lists, Vector, States], States]:
    def step(p: Lists, x: Vector, states: States) -> States:
        h, c = states
        h_new, c_new = [], []
        for j in range(len(h)):
            a = {k: dot(p[f"W_{k}"][j], x) + dot(p[f"U_{k}"][j], h) + p[f"b_{k}"][j] for k in "ifog"}
            memory = sigma(a["f"]) * c[j] + sigma(a["i"]) * tanh(a["g"])
            c_new.append(memory)
            h_new.append(sigma(a["o"]) * output(memory))
        return h_new, c_new

    return step


def lstm_peephole(p: Lists, x: Vector, states: States) -> States:
    h, c = states
    h_new, c_new = [], []
    for j in range(len(h)):
        a = {k: dot(p[f"W_{k}"][j], x) + dot(p[f"U_{k}"][j], h) + p[f"b_{k}"][j] for k in "ifog"}
        i, f = (sigma(a[k] + p[f"p_{k}"][j] * c[j]) for k in "if")
        c_new.append(f * c[j] + i * tanh(a["g"]))
        h_new.append(sigma(a["o"] + p["p_o"][j] * c_new[j]) * tanh(c_new[j]))
    return h_new, c_new


def lstmp(p: Lists, x: Vector, states: States) -> States:
    h, c = states
    c_new, m = [], []
    for j in range(len(c)):
        a = {k: dot(p[f"W_{k}"][j], x) + dot(p[f"U_{k}"][j], h) + p[f"b_{k}"][j] for k in "ifog"}
        c_new.append(sigma(a["f"]) * c[j] + sigma(a["i"]) * tanh(a["g"]))
        m.append(sigma(a["o"]) * tanh(c_new[j]))
    return [dot(row, m) for row in p["W_r"]], c_new


def gru_reset_before(p: Lists, x: Vector, h: Vector) -> tuple[Vector, Vector]:
    """z and n of the GRUs with the reset gate before the product."""
    units = range(len(h))
    r = [sigma(dot(p["W_r"][j], x) + dot(p["U_r"][j], h) + p["b_r"][j]) for j in units]
    z = [sigma(dot(p["W_z"][j], x) + dot(p["U_z"][j], h) + p["b_z"][j]) for j in units]
    reset = [r[j] * h[j] for j in units]
    return z, [tanh(dot(p["W_n"][j], x) + dot(p["U_n"][j], reset) + p["b_n"][j]) for j in units]


def gru(p: Lists, x: Vector, states: States) -> States:
    (h,) = states
    z, n = gru_reset_before(p, x, h)
    return ([(1 - z[j]) * h[j] + z[j] * n[j] for j in range(len(h))],)


def gru_cho(p: Lists, x: Vector, states: States) -> States:
    (h,) = states
    z, n = gru_reset_before(p, x, h)
    return ([z[j] * h[j] + (1 - z[j]) * n[j] for j in range(len(h))],)


def gru_after(p: Lists, x: Vector, states: States) -> States:
    (h,) = states
    h_new = []
    for j in range(len(h)):
        r = sigma(dot(p["W_r"][j], x) + dot(p["U_r"][j], h) + p["b_r"][j])
        z = sigma(dot(p["W_z"][j], x) + dot(p["U_z"][j], h) + p["b_z"][j])
        n = tanh(dot(p["W_n"][j], x) + p["b_nx"][j] + r * (dot(p["U_n"][j], h) + p["b_nh"][j]))
        h_new.append((1 - z) * n + z * h[j])
    return (h_new,)


EQUATIONS: dict[str, Callable[[Lists, Vector, States], States]] = {
    "rnn": rnn,
    "lstm": lstm_with(tanh),
    "lstm-linear": lstm_with(lambda c: c),
    "lstm-peephole": lstm_peephole,
    "lstmp": lstmp,
    "gru": gru,
    "gru-cho": gru_cho,
    "gru-after": gru_after,
}
