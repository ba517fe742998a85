"""All that is timed computes the same, and what computes something else is refused."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import Any

import numpy as np
import pytest

from benchmarks import loop, products, reference
from benchmarks.agreement import DisagreementError, deviation
from benchmarks.case import Array, Case, Numbers, draw
from benchmarks.contestant import Contestant
from benchmarks.settings import CELLS, DTYPES, Size

SIZES = [Size(5, 3, 4, 6), Size(1, 1, 2, 3), Size(3, 2, 5, 5)]


def computed(contestant: Contestant) -> Numbers:
    assert contestant.named
    return contestant.named(contestant.run())


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_loop_computes_what_lstmref_does(dtype: str, size: Size) -> None:
    case = draw("lstm", dtype, size)
    expected = computed(reference.prepare(case))
    assert deviation("loop", computed(loop.prepare(case)), expected, case.dtype) < 1e-5


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("cell", CELLS)
def test_pytorch_computes_what_lstmref_does(cell: str, dtype: str, size: Size) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed; make setup-witnesses installs it")
    from benchmarks import pytorch

    case = draw(cell, dtype, size)
    expected = computed(reference.prepare(case))
    assert set(expected) == {"h", "x", *(f"{name}_0" for name in case.states), *case.params}
    assert deviation("torch", computed(pytorch.prepare(case)), expected, case.dtype) < 1e-5


@pytest.mark.parametrize("cell", CELLS)
def test_forward_alone_computes_h_and_nothing_else(cell: str) -> None:
    both, alone = draw(cell, "float64", SIZES[0]), draw(cell, "float64", SIZES[0], forward_alone=True)
    prepares = [reference.prepare, *([loop.prepare] if cell == "lstm" else [])]
    with contextlib.suppress(ImportError):
        from benchmarks import pytorch

        prepares.append(pytorch.prepare)
    expected = computed(reference.prepare(both))["h"]
    for prepare in prepares:
        found = computed(prepare(alone))
        assert found.keys() == {"h"}
        assert deviation(prepare.__module__, found, {"h": expected}, both.dtype) < 1e-12


def test_a_second_call_computes_the_same() -> None:
    case = draw("lstm", "float64", SIZES[0])
    for prepare in (reference.prepare, loop.prepare):
        contestant = prepare(case)
        first = computed(contestant)
        assert deviation("again", computed(contestant), first, case.dtype) == 0


def test_nobody_can_write_to_the_case() -> None:
    case = draw("gru-after", "float32", SIZES[0])
    for array in (case.x, case.dh, *case.states.values(), *case.params.values()):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def slip(numbers: Numbers, change: str) -> Numbers:
    """The numbers of somebody who made a mistake."""
    wrong = {name: value.copy() for name, value in numbers.items()}
    if change == "a name is missing":
        del wrong["b_f"]
    elif change == "gates swapped":
        wrong["U_i"], wrong["U_f"] = wrong["U_f"], wrong["U_i"]
    elif change == "not a number":
        wrong["x"][0, 0, 0] = np.nan
    elif change == "shape":
        wrong["W_i"] = wrong["W_i"].T
    elif change == "dtype":
        wrong["W_i"] = wrong["W_i"].astype(np.float64)
    elif change == "a little":
        wrong["c_0"][0, 0] += 1e-3 * np.abs(wrong["c_0"]).max()
    return wrong


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("a name is missing", "^them: expected h, x, .*b_f.*, got h, x"),
        ("gates swapped", "^them: U_i deviates by .*, allowed are 3e-04$"),
        ("not a number", "^them: x deviates by nan"),
        ("shape", r"^them: W_i: expected \(6, 4\) float32, got \(4, 6\) float32$"),
        ("dtype", r"^them: W_i: expected \(6, 4\) float32, got \(6, 4\) float64$"),
        ("a little", "^them: c_0 deviates by 1.0e-03"),
    ],
)
def test_other_numbers_are_refused(change: str, said: str) -> None:
    case = draw("lstm", "float32", SIZES[0])
    expected = computed(reference.prepare(case))
    with pytest.raises(DisagreementError, match=said):
        deviation("them", slip(expected, change), expected, case.dtype)


def test_a_loop_without_its_forget_gate_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    case = draw("lstm", "float64", SIZES[0])
    expected = computed(reference.prepare(case))
    whole = loop.backward

    def forgetful(w: dict[str, Array], cotangent: Array, steps: list[loop.Step]) -> Numbers:
        cut = [(v, c, {**gate, "f": np.ones_like(gate["f"])}, s) for v, c, gate, s in steps]
        return whole(w, cotangent, cut)

    monkeypatch.setattr(loop, "backward", forgetful)
    with pytest.raises(DisagreementError, match="loop: "):
        deviation("loop", computed(loop.prepare(case)), expected, case.dtype)


@pytest.mark.parametrize(("cell", "gates"), [("lstm", 4), ("gru-after", 3), ("rnn", 1)])
def test_the_products_are_those_of_a_pass_and_no_more(
    monkeypatch: pytest.MonkeyPatch, cell: str, gates: int
) -> None:
    case = draw(cell, "float32", Size(5, 3, 4, 6))
    K, TB = gates * 6, 15
    seen: Counter[tuple[Any, ...]] = Counter()
    whole = np.matmul

    def counting(a: Array, b: Array, out: Array) -> Array:
        seen[(*a.shape, b.shape[1], out.dtype.name)] += 1
        found: Array = whole(a, b, out=out)
        return found

    contestant = products.prepare(case)
    monkeypatch.setattr(np, "matmul", counting)
    contestant.run()
    expected = [
        ((TB, 4, K, "float32"), 1),  # x W^T
        ((3, 6, K, "float32"), 5),  # h' U^T
        ((3, K, 6, "float32"), 5),  # da U, for a cell without gates of the same shape
        ((TB, K, 4, "float32"), 1),  # da W
        ((K, TB, 4, "float32"), 1),  # da^T x
        ((K, TB, 6, "float32"), 1),  # da^T h'
    ]
    total: Counter[tuple[Any, ...]] = Counter()
    for shape, count in expected:
        total[shape] += count
    assert seen == total


def test_the_products_of_forward_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: Counter[tuple[int, ...]] = Counter()
    whole = np.matmul

    def counting(a: Array, b: Array, out: Array) -> Array:
        seen[a.shape] += 1
        found: Array = whole(a, b, out=out)
        return found

    contestant = products.prepare(draw("lstm", "float32", Size(5, 3, 4, 6), forward_alone=True))
    monkeypatch.setattr(np, "matmul", counting)
    contestant.run()
    assert seen == {(15, 4): 1, (3, 6): 5}


def test_the_loop_is_an_lstm_only() -> None:
    case: Case = draw("gru-after", "float32", SIZES[0])
    with pytest.raises(KeyError, match="W_i"):
        loop.prepare(case)
