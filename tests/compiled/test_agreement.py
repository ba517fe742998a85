"""Compiled loops compute what the NumPy passes compute, to rounding, and leave all else as it was."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies

import lstmref
from lstmref import Cell, accelerated
from lstmref.check import Array
from lstmref.fast import compiled
from tests.arrays.given import ANY_SIZES, changed, every_second, fixed, read_only
from tests.arrays.interleave import at_once
from tests.lstmref import checker
from tests.lstmref.checker import SEEDS, Example, Sizes

loops = pytest.importorskip("lstmref.fast.compiled.lstm")

CELLS = ("lstm", "lstm-linear")
DTYPES = (np.float32, np.float64)
# Of the largest entry of an array, or of 1, in units of eps: terms are of magnitude 1, and may cancel in their sum.
ROUNDING = 100
# Long and wide enough for chunks, for tiles with shares (H = 128, B > 1), and for what is left of eight rows at a time.
LARGER = (Sizes(70, 1, 5, 13), Sizes(9, 40, 3, 17), Sizes(7, 32, 6, 128), Sizes(300, 4, 2, 3))
Results = dict[str, Array]


def passes(cell: Cell, given: Example, forward: bool, backward: bool) -> Results:
    """Outputs and gradients, each pass compiled or not."""
    outputs, cache = _maybe(forward, lambda: checker.run(cell, given))
    gradients = _maybe(backward, lambda: cell.backward(given.cotangents, cache))
    return {**{f"output {name}": value for name, value in outputs._asdict().items()}, **gradients}


def _maybe(compiled: bool, call: Callable[[], Any]) -> Any:
    if not compiled:
        return call()
    with accelerated():
        return call()


def apart(found: Results, expected: Results) -> dict[str, float]:
    """The arrays that differ by more than rounding, and by how many eps."""
    assert found.keys() == expected.keys()
    errors = {}
    for name, array in expected.items():
        assert (found[name].shape, found[name].dtype) == (array.shape, array.dtype)
        largest = np.abs(array).max(initial=1)
        error = float(np.abs(found[name] - array).max(initial=0) / largest / np.finfo(array.dtype).eps)
        if not error <= ROUNDING:
            errors[name] = error
    return errors


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CELLS)
@fixed(40)
@given(
    sizes=ANY_SIZES, seed=SEEDS, mixed=strategies.sampled_from([(True, True), (True, False), (False, True)])
)
def test_any_sizes_and_caches_of_either_kind(
    name: str, dtype: Any, sizes: Sizes, seed: int, mixed: tuple[bool, bool]
) -> None:
    """Every axis may be empty; a forward pass of one kind may be followed by a backward pass of the other."""
    cell = lstmref.cell(name)
    given = checker.example(cell, sizes, seed, dtype=dtype)
    assert not apart(passes(cell, given, *mixed), passes(cell, given, False, False))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("sizes", LARGER)
def test_larger_sizes(name: str, dtype: Any, sizes: Sizes) -> None:
    cell = lstmref.cell(name)
    given = checker.example(cell, sizes, seed=1, dtype=dtype)
    weights = {key: (value / np.sqrt(sizes.H)).astype(dtype) for key, value in given.params.items()}
    given = given.replace(params=weights)
    assert not apart(passes(cell, given, True, True), passes(cell, given, False, False))


@pytest.mark.parametrize("name", CELLS)
@fixed(10)
@given(sizes=checker.SIZES, seed=SEEDS)
def test_gradients_are_those_of_complex_step(name: str, sizes: Sizes, seed: int) -> None:
    """Not by way of the NumPy passes: complex numbers are never compiled, so this is the plain forward pass."""
    with accelerated():
        checker.check_gradients(lstmref.cell(name), sizes, seed)


@pytest.mark.parametrize("slip", ["_step", "_step_back", "_add_products"])
def test_a_slip_in_a_loop_is_caught(monkeypatch: pytest.MonkeyPatch, slip: str) -> None:
    """The loops as Python runs them, with one result of one function changed."""
    right = getattr(loops, slip).py_func

    def wrong(*arguments: Any) -> Any:
        if slip == "_add_products":
            right(arguments[0] * 1.001, *arguments[1:])
            return None
        first, *others = right(*arguments)
        return (first * 1.001, *others)

    for kernel in ("_activate", "_differentiate", "_forward", "_backward", "_add_products"):
        monkeypatch.setattr(loops, kernel, getattr(loops, kernel).py_func)
    for function in ("_step", "_step_back"):
        monkeypatch.setattr(loops, function, getattr(loops, function).py_func)
    cell = lstmref.cell("lstm")
    given = checker.example(cell, Sizes(loops.FEW, 1, 2, 9), seed=0)
    right_results = passes(cell, given, False, False)
    assert not apart(passes(cell, given, True, True), right_results)
    monkeypatch.setattr(loops, slip, wrong)
    assert apart(passes(cell, given, True, True), right_results)


@pytest.mark.parametrize("dtype", [np.longdouble, np.complex128])
@pytest.mark.parametrize("name", CELLS)
def test_other_dtypes_are_not_compiled(name: str, dtype: Any) -> None:
    cell = lstmref.cell(name)
    given = checker.example(cell, Sizes(3, 2, 3, 4), seed=0, dtype=dtype)
    _same_bits(passes(cell, given, True, True), passes(cell, given, False, False))


@pytest.mark.parametrize("name", sorted(set(lstmref.cells()) - set(CELLS)))
def test_other_cells_are_not_compiled(name: str) -> None:
    cell = lstmref.cell(name)
    given = checker.example(cell, Sizes(3, 2, 3, 4), seed=0)
    _same_bits(passes(cell, given, True, True), passes(cell, given, False, False))


def test_float16_is_computed_in_float32() -> None:
    cell = lstmref.cell("lstm")
    half = checker.example(cell, Sizes(3, 2, 3, 4), seed=0, dtype=np.float16)
    found = passes(cell, half.replace(cotangents={}), True, True)
    assert {array.dtype for array in found.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize(("T", "B"), [(loops.FEW - 1, 1), (loops.FEW, 1), (5, 3)])
@pytest.mark.parametrize("change", [every_second, np.asfortranarray, read_only])
def test_layouts_give_the_same_bits_and_nothing_is_changed(
    T: int, B: int, change: Callable[[Array], Array]
) -> None:
    cell = lstmref.cell("lstm")
    plain = checker.example(cell, Sizes(T, B, 3, 4), seed=0)
    given = changed(plain, lambda _, value: change(value))
    before = [value.copy() for value in (*given.arrays().values(), *given.cotangents.values())]
    _same_bits(passes(cell, given, True, True), passes(cell, plain, True, True))
    for value, copy in zip((*given.arrays().values(), *given.cotangents.values()), before, strict=True):
        np.testing.assert_array_equal(value, copy)


def test_a_cache_may_be_used_twice() -> None:
    cell = lstmref.cell("lstm")
    given = checker.example(cell, Sizes(5, 1, 3, 4), seed=0)
    with accelerated():
        _, cache = checker.run(cell, given)
        _same_bits(cell.backward(given.cotangents, cache), cell.backward(given.cotangents, cache))


def test_extreme_numbers() -> None:
    """Saturated gates and denormal states: no overflow, no NaN, and what NumPy finds."""
    cell = lstmref.cell("lstm")
    for factor in (1e4, 1e-310):
        given = checker.example(cell, Sizes(4, 2, 3, 4), seed=0)
        given = given.replace(x=given.x * factor)
        assert not apart(passes(cell, given, True, True), passes(cell, given, False, False))


def test_threads_at_once() -> None:
    cell = lstmref.cell("lstm")
    examples = [checker.example(cell, Sizes(20, B, 3, 7), seed) for seed, B in enumerate((1, 1, 4, 2))]
    alone = [passes(cell, given, True, True) for given in examples]

    def several(given: Example) -> list[Results]:
        return [passes(cell, given, True, True) for _ in range(20)]

    for found, expected in zip(at_once([partial(several, one) for one in examples]), alone, strict=True):
        for one in found:
            _same_bits(one, expected)


def test_it_holds_for_one_thread_and_ends() -> None:
    double = np.dtype(np.float64)
    assert compiled.loops(double) is None
    with accelerated():
        assert compiled.loops(double) is loops
        assert at_once([lambda: compiled.loops(double)]) == [None]
        with accelerated():
            assert compiled.loops(double) is loops
        assert compiled.loops(double) is loops
    with pytest.raises(ZeroDivisionError), accelerated():
        raise ZeroDivisionError
    assert compiled.loops(double) is None


def test_a_layer_and_a_network_use_it() -> None:
    """With lengths, directions and layers, as without."""
    found = []
    for compile_it in (False, True):
        layer = lstmref.LSTM(3, 4, layers=2, bidirectional=True, rng=np.random.default_rng(0))
        x = np.random.default_rng(1).normal(size=(6, 3, 3))
        found.append(_maybe(compile_it, partial(_both_passes, layer, x)))
    assert not apart(found[1], found[0])


def _both_passes(layer: lstmref.LSTM, x: Array) -> Results:
    h = layer.forward(x, lengths=[6, 2, 4]).h
    return {"h": h, **layer.backward({"h": h})}


def _same_bits(found: Results, expected: Results) -> None:
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)
