"""The forward passes against the papers' equations, written for one unit at a time in plain Python.

No array, no helper of lstmref: sums over k and the functions of `math`. Then exact relations between cells.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lstmref
from lstmref import Cell
from tests.lstmref import checker
from tests.lstmref.checker import Sizes

Vector = list[float]
Lists = dict[str, Any]  # parameters as nested lists
States = tuple[Vector, ...]


def sigma(a: float) -> float:
    return 1 / (1 + math.exp(-a))


def dot(row: Vector, v: Vector) -> float:
    return sum(weight * value for weight, value in zip(row, v, strict=True))


def rnn(p: Lists, x: Vector, states: States) -> States:
    (h,) = states
    return ([math.tanh(dot(p["W"][j], x) + dot(p["U"][j], h) + p["b"][j]) for j in range(len(h))],)


def lstm_with(output: Callable[[float], float]) -> Callable[[Lists, Vector, States], States]:
    def step(p: Lists, x: Vector, states: States) -> States:
        h, c = states
        h_new, c_new = [], []
        for j in range(len(h)):
            a = {k: dot(p[f"W_{k}"][j], x) + dot(p[f"U_{k}"][j], h) + p[f"b_{k}"][j] for k in "ifog"}
            memory = sigma(a["f"]) * c[j] + sigma(a["i"]) * math.tanh(a["g"])
            c_new.append(memory)
            h_new.append(sigma(a["o"]) * output(memory))
        return h_new, c_new

    return step


def gru_reset_before(p: Lists, x: Vector, h: Vector) -> tuple[Vector, Vector]:
    """z and n of the GRUs with the reset gate before the product."""
    units = range(len(h))
    r = [sigma(dot(p["W_r"][j], x) + dot(p["U_r"][j], h) + p["b_r"][j]) for j in units]
    z = [sigma(dot(p["W_z"][j], x) + dot(p["U_z"][j], h) + p["b_z"][j]) for j in units]
    reset = [r[j] * h[j] for j in units]
    return z, [math.tanh(dot(p["W_n"][j], x) + dot(p["U_n"][j], reset) + p["b_n"][j]) for j in units]


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
        n = math.tanh(dot(p["W_n"][j], x) + p["b_nx"][j] + r * (dot(p["U_n"][j], h) + p["b_nh"][j]))
        h_new.append((1 - z) * n + z * h[j])
    return (h_new,)


EQUATIONS: dict[str, Callable[[Lists, Vector, States], States]] = {
    "rnn": rnn,
    "lstm": lstm_with(math.tanh),
    "lstm-linear": lstm_with(lambda c: c),
    "gru": gru,
    "gru-cho": gru_cho,
    "gru-after": gru_after,
}


def name_of(cell: Cell) -> str:
    return next(name for name, found in lstmref.cells().items() if found is cell)


def test_forward_follows_the_equations(cell: Cell) -> None:
    T, B, D, H = 4, 2, 3, 2
    given = checker.example(cell, Sizes(T, B, D, H), seed=9)
    outputs, _ = checker.run(cell, given)
    step = EQUATIONS[name_of(cell)]
    params = {name: value.tolist() for name, value in given.params.items()}
    for b in range(B):
        states: States = tuple(state[b].tolist() for state in given.states.values())
        for t in range(T):
            states = step(params, given.x[t, b].tolist(), states)
            assert outputs.h[t, b].tolist() == pytest.approx(states[0], rel=1e-13)
        for name, state in zip(cell.STATES, states, strict=True):
            assert getattr(outputs, f"{name}_T")[b].tolist() == pytest.approx(state, rel=1e-13)


def test_linear_lstm_with_gates_at_0_1_1_is_the_elman_network() -> None:
    """Forget 0, input 1, output 1 (to rounding, by biases of -+50): h = g. With h = o tanh(c) it is not."""
    cells = lstmref.cells()
    given = checker.example(cells["rnn"], Sizes(4, 2, 2, 3), seed=10)
    (h_0,) = given.states.values()
    params = {name: np.zeros(shape) for name, shape in cells["lstm-linear"].parameter_shapes(2, 3).items()}
    params |= {"b_i": np.full(3, 50.0), "b_f": np.full(3, -50.0), "b_o": np.full(3, 50.0)}
    params |= {f"{kind}_g": given.params[kind] for kind in "WUb"}
    elman, _ = checker.run(cells["rnn"], given)
    linear, _ = cells["lstm-linear"].forward(params, given.x, h_0, np.ones((2, 3)))
    usual, _ = cells["lstm"].forward(params, given.x, h_0, np.ones((2, 3)))
    np.testing.assert_allclose(linear.h, elman.h, rtol=1e-13)
    assert np.abs(usual.h - elman.h).max() > 1e-2


def test_the_two_meanings_of_z_are_one_function() -> None:
    """Chung's GRU is Cho's with the parameters of z negated, exactly; with them as they are it is not."""
    cells = lstmref.cells()
    given = checker.example(cells["gru"], Sizes(4, 2, 2, 3), seed=12)
    negated = {name: -value if name.endswith("_z") else value for name, value in given.params.items()}
    (h_0,) = given.states.values()
    chung, _ = checker.run(cells["gru"], given)
    cho, _ = cells["gru-cho"].forward(negated, given.x, h_0)
    as_it_is, _ = cells["gru-cho"].forward(given.params, given.x, h_0)
    np.testing.assert_allclose(chung.h, cho.h, rtol=1e-13)
    assert np.abs(chung.h - as_it_is.h).max() > 1e-2


def test_the_two_grus_agree_where_the_place_of_the_reset_gate_is_idle() -> None:
    """With U_n = 0 and b_nh = 0 nothing is reset; the update gate's sign turns "new" into "keep"."""
    cells = lstmref.cells()
    given = checker.example(cells["gru"], Sizes(4, 2, 2, 3), seed=11)
    (h_0,) = given.states.values()
    before = given.params | {"U_n": np.zeros((3, 3))}
    after = {name: -value if name.endswith("_z") else value for name, value in before.items()}
    after |= {"b_nx": after.pop("b_n"), "b_nh": np.zeros(3)}
    one, _ = cells["gru"].forward(before, given.x, h_0)
    other, _ = cells["gru-after"].forward(after, given.x, h_0)
    np.testing.assert_allclose(one.h, other.h, rtol=1e-13)
    after |= {"U_n": given.params["U_n"]}
    with_reset, _ = cells["gru"].forward(given.params, given.x, h_0)
    other, _ = cells["gru-after"].forward(after, given.x, h_0)
    assert np.abs(with_reset.h - other.h).max() > 1e-2


def test_gru_parameters_are_three_quarters_of_the_lstms() -> None:
    def count(name: str) -> int:
        return sum(math.prod(shape) for shape in lstmref.cell(name).parameter_shapes(5, 7).values())

    assert 4 * count("gru") == 3 * count("lstm")
