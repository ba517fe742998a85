"""What the comparison with the frameworks is for: every slip in a table of layouts makes it fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from lstmref import Architecture, ArgumentError
from lstmref.convert import blocks, weights
from lstmref.convert.layouts import LAYOUTS, Layout
from tests.convert import drawn
from tests.convert.test_frameworks import AGREE

pytestmark = pytest.mark.witness

SEED = 3


def swaps(layout: Layout) -> Iterator[Layout]:
    """The layout with two of its gates exchanged, each pair in turn."""
    for one, other in combinations(layout.gates, 2):
        other_way = {one: other, other: one}
        yield replace(layout, gates=tuple(other_way.get(gate, gate) for gate in layout.gates))


def disagrees(
    framework: str, cell: str, program: Callable[[str], Any], architecture: Architecture | None = None
) -> None:
    """Assert that the comparison fails."""
    name, agree = AGREE[framework]
    module = program(name)
    with pytest.raises(AssertionError):
        agree(module, architecture or Architecture(cell, 3, 4), SEED)


@pytest.mark.parametrize(("framework", "cell"), [(f, c) for f in LAYOUTS for c in LAYOUTS[f]])
def test_two_gates_exchanged(
    framework: str, cell: str, program: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Keras compiles each time, so there only the first slip of each cell is tried.
    slips = list(swaps(LAYOUTS[framework][cell]))
    for slip in slips[:1] if framework == "keras" else slips:
        monkeypatch.setitem(LAYOUTS[framework], cell, slip)
        disagrees(framework, cell, program)


@pytest.mark.parametrize("framework", LAYOUTS)
def test_a_transpose(framework: str, program: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an Elman cell with D = H, where every shape fits both ways."""
    layout = LAYOUTS[framework]["rnn"]
    slip = replace(layout, transposed=not layout.transposed)
    monkeypatch.setitem(LAYOUTS[framework], "rnn", slip)
    disagrees(framework, "rnn", program, Architecture("rnn", 4, 4))


@pytest.mark.parametrize("framework", LAYOUTS)
def test_the_two_biases_of_the_candidate_exchanged(
    framework: str, program: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_together = blocks.put_together

    def exchanged(*arguments: Any) -> blocks.Blocks:
        W, U, b_x, b_h = put_together(*arguments)
        return blocks.Blocks(W, U, b_h, b_x)

    monkeypatch.setattr(blocks, "put_together", exchanged)
    take_apart = blocks.take_apart

    def taken(layout: Any, shapes: Any, one: blocks.Blocks, where: str) -> Any:
        return take_apart(layout, shapes, blocks.Blocks(one.W, one.U, one.b_h, one.b_x), where)

    monkeypatch.setattr(blocks, "take_apart", taken)
    disagrees(framework, "gru-after", program)


@pytest.mark.parametrize("framework", ["keras", "onnx"])
@pytest.mark.parametrize("left", ["W_z", "U_z", "b_z", ""])
def test_z_not_turned_or_in_part(
    framework: str, left: str, program: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negating twice is a round trip whatever is left out; running it is not."""
    monkeypatch.setattr(weights, "UPDATE", tuple(n for n in weights.UPDATE if left and n != left))
    disagrees(framework, "gru", program)


def test_reset_before_taken_for_after(program: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    table = LAYOUTS["onnx"]
    before, after = table["gru-cho"], table["gru-after"]
    for cell, other in (("gru-cho", after), ("gru-after", before)):
        monkeypatch.setitem(table, cell, replace(table[cell], settings=other.settings))
    disagrees("onnx", "gru-after", program)


def test_the_directions_exchanged(program: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from lstmref.convert import pytorch

    monkeypatch.setattr(pytorch, "SUFFIXES", {"forward": "_reverse", "reverse": ""})
    disagrees("pytorch", "lstm", program, Architecture("lstm", 3, 4, 2, bidirectional=True))


@pytest.mark.parametrize(("framework", "cell"), drawn.EVERY)
def test_all_is_well_without_a_slip(framework: str, cell: str, program: Callable[[str], Any]) -> None:
    name, agree = AGREE[framework]
    agree(program(name), Architecture(cell, 4, 4), SEED)


def test_a_slip_in_the_order_is_no_error() -> None:
    """What makes running necessary: with two gates exchanged a round trip is still exact."""
    from lstmref import convert

    here = drawn.of(Architecture("lstm", 2, 3), SEED)
    table = LAYOUTS["pytorch"]
    right = table["lstm"]
    try:
        table["lstm"] = next(swaps(right))
        assert drawn.same(convert.from_pytorch(convert.to_pytorch(here)), here)
    except ArgumentError as error:
        pytest.fail(str(error))
    finally:
        table["lstm"] = right
