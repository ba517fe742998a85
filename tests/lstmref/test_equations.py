"""The forward passes against the papers' equations in plain Python; then exact relations between cells."""

import math

import numpy as np
import pytest

import lstmref
from tests.lstmref import checker
from tests.lstmref.checker import Sizes
from tests.lstmref.equations import EQUATIONS, States


@pytest.mark.parametrize("name", EQUATIONS)
def test_forward_follows_the_equations(name: str) -> None:
    cell = lstmref.cell(name)
    T, B, D, H = 4, 2, 3, 2
    given = checker.example(cell, Sizes(T, B, D, H), seed=9)
    outputs, _ = checker.run(cell, given)
    step = EQUATIONS[name]
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
