"""What the facts may say, what they refuse, and what follows from them."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from derivations.cells import cells
from docs.hooks.conventions import Conventions, ConventionsError, read
from tests.conventions.test_record import parsed


def test_every_cell_is_one_of_ours_and_has_the_gates(facts: Conventions) -> None:
    for framework in facts.frameworks.values():
        for layer in framework.layers:
            names = {p.name for p in cells()[layer.cell].parameters}
            assert {f"W_{gate}" if gate else "W" for gate in layer.gates} == {n for n in names if n[0] == "W"}
            biases = {f"b_{slot}" if slot else "b" for tensor in layer.of("b") for slot in tensor.slots}
            assert biases <= {n for n in names if n[0] == "b"}, f"{framework.key}.{layer.key}"


def test_reset_and_z_are_the_cells(facts: Conventions) -> None:
    """They are stated once more, to be found out by a test of their own; with the cell they must agree."""
    meaning = {"gru": ("before", "new"), "gru-cho": ("before", "keep"), "gru-after": ("after", "keep")}
    for framework in facts.frameworks.values():
        for layer in framework.layers:
            assert (layer.reset, layer.z) == meaning.get(layer.cell, ("", ""))


@pytest.mark.parametrize(
    ("key", "layer", "tensor", "shape"),
    [
        ("pytorch", "lstm", "weight_ih_l0", "(4H, D)"),
        ("pytorch", "rnn", "bias_ih_l0", "(H,)"),
        ("keras", "gru", "bias", "(2, 3H)"),
        ("onnx", "gru", "B", "(1, 6H)"),
        ("cudnn", "lstm", "linLayerID 4–7, matrix", "4 × (H, H)"),
        ("cudnn", "rnn", "linLayerID 0, bias", "(H,)"),
        ("onednn", "gru-after", "bias", "(1, 1, 4, H)"),
        ("flax", "lstm", "ii/kernel", "(D, H)"),
    ],
)
def test_shapes_are_said_as_code_says_them(
    facts: Conventions, key: str, layer: str, tensor: str, shape: str
) -> None:
    found = {t.name: t for t in facts.get(key).layer(layer).tensors}[tensor]
    assert found.shape_text == shape


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("lstm", "gatez"), ["i"], "pytorch.lstm: unknown gatez"),
        (("lstm", "letters"), ["i", "f"], "pytorch.lstm: letters: expected 4, got 2"),
        (("gru", "reset"), "afer", "pytorch.gru: reset: expected one of ('before', 'after'), got 'afer'"),
        (("gru", "z"), "kept", "pytorch.gru: z: expected one of"),
        (("gru", "tensors", "weight_ih_l0", "of"), "V", "weight_ih_l0: of: expected W, U or b, got 'V'"),
        (("gru", "tensors", "weight_ih_l0", "axes"), ["gates", "columns"], "unknown axes columns"),
        (("gru", "tensors", "weight_ih_l0", "axes"), ["gates"], "expected units once and inputs or state 1"),
        (("gru", "tensors", "bias_hh_l0", "axes"), ["gates", "state"], "inputs or state 0 times"),
    ],
)
def test_what_cannot_be_is_refused(path: tuple[str, ...], value: Any, says: str) -> None:
    raw, _ = parsed()
    raw = copy.deepcopy(raw)
    *to, last = path
    place = raw["pytorch"]["layers"]
    for step in to:
        place = place[step]
    place[last] = value
    with pytest.raises(ConventionsError, match=re.escape(says)):
        read(raw, {})


def test_an_option_of_no_layer_is_refused() -> None:
    raw, _ = parsed()
    raw["pytorch"]["options"]["proj_size=P"]["layers"] = ["lsmt"]
    with pytest.raises(ConventionsError, match="proj_size=P: unknown layers lsmt"):
        read(raw, {})


def test_an_unknown_framework_is_named(facts: Conventions) -> None:
    with pytest.raises(ConventionsError, match="unknown framework 'torch'; known: pytorch, keras"):
        facts.get("torch")
