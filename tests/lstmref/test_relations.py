"""Exact relations between cells: what one becomes when parameters of another are zero, negated or far out.

Neither cell's code knows of the other's, so a slip in either breaks the relation.
"""

import numpy as np
import pytest

import lstmref
from lstmref.activations import sigmoid
from lstmref.check import Array
from tests.lstmref import checker
from tests.lstmref.checker import Example, Sizes

SIZES = Sizes(T=4, B=2, D=3, H=2)
SUBSETS = ("i", "f", "o", "if", "io", "fo")


def forward(name: str, given: Example, params: dict[str, Array]) -> dict[str, Array]:
    """The outputs of another cell on the example's inputs and states, of those it has."""
    cell = lstmref.cell(name)
    arguments = {key: given.given[key] for key in cell.LAYOUT.arguments(time=True)}
    outputs, _ = cell.forward(params, **arguments)
    found: dict[str, Array] = outputs._asdict()
    return found


def same(one: dict[str, Array], other: dict[str, Array], rtol: float = 1e-13) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_allclose(value, other[name], rtol=rtol, err_msg=name)


def differ(one: dict[str, Array], other: dict[str, Array]) -> None:
    assert max(np.abs(value - other[name]).max() for name, value in one.items()) > 1e-2


@pytest.mark.parametrize("gates", SUBSETS)
def test_a_peephole_that_is_missing_is_one_of_weight_zero(gates: str) -> None:
    """And of those there are each does something; the gradients are the same as well."""
    given = checker.example(lstmref.cell("lstm-peephole"), SIZES, seed=1)
    whole, some = lstmref.cell("lstm-peephole"), lstmref.cell(f"lstm-peephole-{gates}")
    zero = {f"p_{k}": np.zeros(SIZES.H) for k in "ifo" if k not in gates}
    fewer = {name: value for name, value in given.params.items() if name not in zero}
    outputs, cache = whole.forward(given.params | zero, **given.given)
    found, its_cache = some.forward(fewer, **given.given)
    same(found._asdict(), outputs._asdict())
    expected = whole.backward(given.cotangents, cache)
    gradients = some.backward(given.cotangents, its_cache)
    same(gradients, {name: value for name, value in expected.items() if name not in zero}, rtol=1e-11)
    for k in gates:
        without = forward(f"lstm-peephole-{gates}", given, fewer | {f"p_{k}": np.zeros(SIZES.H)})
        differ(found._asdict(), without)


def test_without_peepholes_it_is_the_lstm() -> None:
    given = checker.example(lstmref.cell("lstm"), SIZES, seed=2)
    zero = {f"p_{k}": np.zeros(SIZES.H) for k in "ifo"}
    same(forward("lstm-peephole", given, given.params | zero), forward("lstm", given, given.params))


def test_coupled_gates_are_an_lstm_whose_forget_gate_is_the_negated_input_gate() -> None:
    """As 1 - sigmoid(a) = sigmoid(-a)."""
    given = checker.example(lstmref.cell("lstm-coupled"), SIZES, seed=3)
    negated = {f"{letter}_f": -given.params[f"{letter}_i"] for letter in "WUb"}
    found = forward("lstm-coupled", given, given.params)
    same(found, forward("lstm", given, given.params | negated))
    differ(found, forward("lstm", given, given.params | {name: -value for name, value in negated.items()}))


def test_the_lstm_of_1997_is_one_whose_forget_gate_stays_open() -> None:
    """To rounding, by a bias of 50."""
    given = checker.example(lstmref.cell("lstm"), SIZES, seed=4)
    opened = given.params | {"W_f": np.zeros((2, 3)), "U_f": np.zeros((2, 2)), "b_f": np.full(2, 50.0)}
    fewer = {name: value for name, value in given.params.items() if not name.endswith("_f")}
    found = forward("lstm-1997", given, fewer)
    same(found, forward("lstm", given, opened))
    differ(found, forward("lstm", given, given.params))


def test_janet_is_a_gru_that_never_resets() -> None:
    """From states that are alike, f the weight of the kept: gru-cho with a reset gate of 1."""
    given = checker.example(lstmref.cell("janet"), SIZES, seed=5)
    given.given["c_0"][...] = given.given["h_0"]
    renamed = {name[:-1] + {"f": "z", "g": "n"}[name[-1]]: value for name, value in given.params.items()}
    reset = {"W_r": np.zeros((2, 3)), "U_r": np.zeros((2, 2)), "b_r": np.full(2, 50.0)}
    found = forward("janet", given, given.params)
    np.testing.assert_array_equal(found["h_T"], found["c_T"])
    gru = forward("gru-cho", given, renamed | reset)
    same({name: found[name] for name in gru}, gru)


def test_the_projection_by_the_unit_matrix_is_none() -> None:
    given = checker.example(lstmref.cell("lstm"), SIZES, seed=6)
    params = given.params | {"W_r": np.eye(SIZES.H)}
    same(forward("lstmp", given, params), forward("lstm", given, given.params))


def test_the_minimal_gated_unit_is_a_gru_with_one_gate() -> None:
    """Reset and update gate alike, z the weight of the new."""
    given = checker.example(lstmref.cell("mgu"), SIZES, seed=7)
    both = {
        name[:-1] + gate: value for name, value in given.params.items() for gate in "rz" if name[-1] == "f"
    }
    params = {name: value for name, value in given.params.items() if name[-1] == "n"} | both
    same(forward("mgu", given, given.params), forward("gru", given, params))


@pytest.mark.parametrize("name", ["mut1", "mut2", "mut3"])
def test_mutations_are_grus_where_what_sets_them_apart_is_idle(name: str) -> None:
    """MUT1 without x in the candidate and W_n = 0 there, MUT3 without U_z: z sees x alone, as in a GRU with U_z = 0.

    MUT2 is a GRU whose W_r is the identity.
    """
    sizes = Sizes(T=4, B=2, D=2, H=2)
    given = checker.example(lstmref.cell("gru"), sizes, seed=8)
    params, found = dict(given.params), {}
    params["U_z"] = np.zeros((2, 2))
    if name == "mut1":
        # tanh(x) stands where W_n x would: of an x of 0 both are 0.
        given.given["x"][...] = 0
        found = {key: value for key, value in params.items() if key not in ("U_z", "W_n")}
    elif name == "mut2":
        params["U_z"], params["W_r"] = given.params["U_z"], np.eye(2)
        found = {key: value for key, value in params.items() if key != "W_r"}
    else:
        found = params
    same(forward(name, given, found), forward("gru", given, params))


def test_minlstm_with_gates_alike_takes_the_mean() -> None:
    """h = (h' + n) / 2; and where the gates are close to 0, as good as sigmoid(a_f - a_i) for its share of h'."""
    cell = lstmref.cell("minlstm")
    given = checker.example(cell, SIZES, seed=9)
    alike = given.params | {"W_i": given.params["W_f"], "b_i": given.params["b_f"]}
    outputs, _ = cell.forward(alike, **given.given)
    n = given.x @ alike["W_n"].T + alike["b_n"]
    before = np.concatenate([given.given["h_0"][None], outputs.h[:-1]])
    np.testing.assert_allclose(outputs.h, (before + n) / 2, rtol=1e-13)

    for dtype, low in ((np.float64, -600.0), (np.float32, -80.0)):
        tiny = checker.example(cell, SIZES, seed=9, step=True, dtype=dtype)
        shut = tiny.params | {"b_f": np.full(2, low, dtype), "b_i": np.full(2, low + 1, dtype)}
        step, cache = cell.step_forward(shut, **tiny.given)
        a_f, a_i = (tiny.x @ shut[f"W_{k}"].T + shut[f"b_{k}"] for k in "fi")
        n, share = tiny.x @ shut["W_n"].T + shut["b_n"], sigmoid(a_f - a_i)
        tolerance = 1e-3 if dtype is np.float32 else 1e-12
        expected = share * tiny.given["h_prev"] + (1 - share) * n
        np.testing.assert_allclose(step.h, expected, rtol=tolerance, atol=tolerance)
        big = dtype(1e4)
        gradients = cell.step_backward({"h": big * tiny.cotangents["h"]}, cache)
        slope = big * tiny.cotangents["h"] * (tiny.given["h_prev"] - n) * share * (1 - share)
        np.testing.assert_allclose(gradients["b_f"], slope.sum(axis=0), rtol=tolerance)


def test_indrnn_reads_itself_alone() -> None:
    """It is relu of the Elman network's sum with U diagonal; a unit that is off passes nothing back."""
    cell = lstmref.cell("indrnn")
    given = checker.example(cell, SIZES, seed=10, step=True)
    p, (x, h_prev) = given.params, given.given.values()
    sums = x @ p["W"].T + h_prev @ np.diag(p["u"]).T + p["b"]
    outputs, cache = cell.step_forward(p, x, h_prev)
    np.testing.assert_allclose(outputs.h, np.maximum(sums, 0), rtol=1e-13)
    back = cell.step_backward({"h": np.ones_like(outputs.h)}, cache)["h_prev"]
    assert ((back != 0) == (sums > 0)).all()
    assert 0 < (sums > 0).sum() < sums.size


def test_the_loss_is_the_elman_networks_with_a_read_out() -> None:
    """The states are those of `rnn`; far out, where exp overflows, the loss is still a number, and right."""
    cell = lstmref.cell("rnn-softmax")
    given = checker.example(cell, SIZES, seed=11)
    p = given.params
    elman = forward("rnn", given, {name: p[name] for name in "WUb"})
    outputs, _ = checker.run(cell, given)
    np.testing.assert_allclose(outputs.h_T, elman["h_T"], rtol=1e-13)
    grown = np.exp(elman["h"] @ p["V"].T + p["a"])
    share = grown / grown.sum(axis=2, keepdims=True)
    np.testing.assert_allclose(outputs.l, -(given.given["y"] * np.log(share)).sum(axis=2), rtol=1e-12)

    far = p | {"a": np.array([1e4, -1e4, 0.0])}
    y = np.broadcast_to([0.0, 1.0, 0.0], given.given["y"].shape)
    outputs, cache = cell.forward(far, **given.given | {"y": y})
    np.testing.assert_allclose(outputs.l, 2e4, rtol=1e-3)
    gradient = cell.backward({"l": np.ones_like(outputs.l)}, cache)["a"]
    np.testing.assert_allclose(gradient, np.array([1.0, -1.0, 0.0]) * SIZES.T * SIZES.B, atol=1e-12)
