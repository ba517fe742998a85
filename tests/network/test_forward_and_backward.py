"""The network is what its cells' steps give, and its backward pass is the derivative of its forward pass."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings, strategies

from lstmref import Architecture
from tests.network import case, steps
from tests.network.case import cases, made


@settings(max_examples=15)
@given(data=strategies.data())
def test_outputs_are_those_of_the_steps(cell: str, data: strategies.DataObject) -> None:
    drawn = data.draw(cases(cell))
    steps.assert_same(case.run(drawn)[0], steps.run(drawn))


@settings(max_examples=6)
@given(data=strategies.data())
def test_gradients_are_complex_step_derivatives(cell: str, data: strategies.DataObject) -> None:
    assert list(case.wrong(data.draw(cases(cell)))) == []


@pytest.mark.parametrize("ways", [{"bidirectional": True}, {"reverse": True}], ids=["both", "reverse"])
def test_everything_at_once(cell: str, ways: dict[str, Any]) -> None:
    """Three layers, unequal lengths with an empty one, masks and initial states, whatever was drawn."""
    whole = made(Architecture(cell, 4, 3, 3, **ways), T=5, B=4, seed=1, lengths=[2, 5, 0, 4], masked=True)
    steps.assert_same(case.run(whole)[0], steps.run(whole))
    assert list(case.wrong(whole)) == []


def test_many_more_lengths_than_are_drawn(cell: str) -> None:
    lengths = [7, 1, 0, 3, 9, 3, 12, 5, 0, 12]
    many = made(Architecture(cell, 2, 3, 2, True), T=12, B=10, seed=2, lengths=lengths)
    steps.assert_same(case.run(many)[0], steps.run(many))
    assert list(case.wrong(many)) == []
