"""Functions in pieces are differentiated within a piece, and an example at a border is drawn anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from derivations.cells import cells
from derivations.derive.catalogue import of_cell
from tests.judges import shape
from tests.judges.agreement import check as checker
from tests.judges.example import Example, Sizes, draw, draw_sizes, mapped
from tests.judges.forward import DRAWS, Forward, UnlikeError
from tests.judges.functions import BORDERS, ENTRYWISE, OF_ARRAYS, softmax

SIZES = Sizes(3, 2, D=3, H=4)
AT = {"log": 0.7, "sqrt": 0.7}  # elsewhere these have no value
STEP = 1e-30


@pytest.mark.parametrize("function", ENTRYWISE)
@pytest.mark.parametrize("point", [-4.2, -1.3, 0.6, 3.7])
def test_the_complex_step_is_the_derivative(function: str, point: float) -> None:
    value, a = ENTRYWISE[function], AT.get(function, 0) or point
    found = np.imag(value(np.array(a + 1j * STEP))) / STEP
    difference = (value(np.array(a + 1e-6)) - value(np.array(a - 1e-6))) / 2e-6
    np.testing.assert_allclose(found, difference, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("function", ["max", "min", "quotient"])
def test_so_it_is_of_two_arguments(function: str) -> None:
    value, a, b = OF_ARRAYS[function], 0.4, 1.1
    found = np.imag(value(np.array(a), np.array(b + 1j * STEP))) / STEP
    difference = (value(np.array(a), np.array(b + 1e-6)) - value(np.array(a), np.array(b - 1e-6))) / 2e-6
    np.testing.assert_allclose(found, difference, rtol=1e-7, atol=1e-9)


def test_a_softmax_sums_to_one() -> None:
    np.testing.assert_allclose(softmax(np.array([[0.1, 2.0], [1.0, -1.0]])).sum(axis=-1), 1)


def test_every_function_in_pieces_knows_its_borders() -> None:
    assert BORDERS.keys() >= {"relu", "abs", "hard-sigmoid", "max", "min", "quotient"}
    assert BORDERS["hard-sigmoid"](np.array([3.0, -3.0, 0.0])).tolist() == [0.0, 0.0, 3.0]


def drawn(seed: int) -> Example:
    cell = cells()["indrnn"]
    shapes = {name: SIZES.array(axes) for name, axes in shape.parameter_axes(cell).items()}
    return draw(np.random.default_rng(seed), SIZES, shapes, shape.of_derived(cell))


def test_an_example_at_a_border_or_too_large_is_drawn_anew() -> None:
    forward = Forward(cells()["indrnn"], SIZES)
    at_border, large, good = mapped(drawn(1), np.zeros_like), mapped(drawn(1), lambda v: 1e4 * v), drawn(1)
    assert [forward.is_fit(example) for example in (at_border, large, good)] == [False, False, True]
    assert forward.fit(lambda n: [at_border, large, good][n]) is good
    with pytest.raises(
        UnlikeError, match=f"^indrnn: {DRAWS} examples were drawn, each at a border or beyond 1000"
    ):
        forward.fit(lambda n: at_border)


@pytest.mark.parametrize("part", ["inputs", "states", "outputs", "data", "constants"])
def test_a_reference_of_other_things_is_refused(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = shape.of_reference("rnn")
    wrong = replace(right, **{part: {"w": ("H",)}})
    monkeypatch.setattr(shape, "of_reference", lambda name: wrong)
    with pytest.raises(UnlikeError, match=rf"^rnn: {part}: derived \{{.*\}}, lstmref \{{'w': \('H',\)\}}$"):
        checker.check("rnn", of_cell("rnn"), SIZES, 0)


def test_no_two_sizes_are_alike() -> None:
    for seed in range(50):
        sizes = draw_sizes(np.random.default_rng(seed), ("D", "H", "P", "K", "V"))
        assert len(set(sizes.of.values())) == 5
        assert min(n for letter, n in sizes.of.items() if letter != "D") >= 2
