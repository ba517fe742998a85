"""What `lstmref.convert` goes by is what the page states: the converter and the page cannot part."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from docs.hooks.conventions import Conventions, Layer
from docs.hooks.paths import LANGUAGES
from lstmref.convert.layouts import LAYOUTS, Layout
from lstmref.convert.refusals import SECTIONS
from tests.judges.conventions.judge import DOCS

PAIRS = [(framework, cell) for framework, layouts in LAYOUTS.items() for cell in layouts]
# What the linear output of ONNX's LSTM takes is an option of the layer and not a layer of its own.
AS_OPTION = {("onnx", "lstm-linear"): "lstm"}


def differences(layout: Layout, layer: Layer, D: int = 2, H: int = 3) -> list[str]:
    """What the two say otherwise."""
    (W,), (U,) = layer.of("W"), layer.of("U")
    found = {
        "gates": (layout.gates, layer.gates),
        "gates of W": (layout.gates, W.slots),
        "gates of U": (layout.gates, U.slots),
        "transposed": (layout.transposed, not W.units_first),
        "biases": (dict.fromkeys(layer.gates, layout.biases), layer.bias_counts),
        "shape of W": (layout.matrices(D, H)[0], tuple(n for n in W.shape(D, H) if n != 1)),
        "shape of U": (layout.matrices(D, H)[1], tuple(n for n in U.shape(D, H) if n != 1)),
        "layer": (layout.layer.split(".")[-1], layer.written.split(".")[-1]),
    }
    return [name for name, (one, other) in found.items() if one != other]


def layer_of(facts: Conventions, framework: str, cell: str) -> Layer:
    cell = AS_OPTION.get((framework, cell), cell)
    (layer,) = (layer for layer in facts.get(framework).layers if layer.cell == cell)
    return layer


@pytest.mark.parametrize(("framework", "cell"), PAIRS)
def test_the_converter_goes_by_what_is_stated(facts: Conventions, framework: str, cell: str) -> None:
    layout, layer = LAYOUTS[framework][cell], layer_of(facts, framework, cell)
    assert differences(layout, layer) == []
    assert differences(replace(layout, transposed=not layout.transposed), layer)
    assert differences(replace(layout, biases=3 - layout.biases), layer)
    if len(layout.gates) > 1:
        assert differences(replace(layout, gates=layout.gates[::-1]), layer)


@pytest.mark.parametrize("framework", LAYOUTS)
def test_every_layer_converts(facts: Conventions, framework: str) -> None:
    stated = {layer.cell for layer in facts.get(framework).layers}
    as_option = {cell for name, cell in AS_OPTION if name == framework}
    assert LAYOUTS[framework].keys() == stated | as_option


@pytest.mark.parametrize("framework", LAYOUTS)
def test_what_must_be_set_is_stated(facts: Conventions, framework: str) -> None:
    """A setting that tells two layers of one class apart stands on the page."""
    for cell, layout in LAYOUTS[framework].items():
        for name in ("reset_after", "linear_before_reset"):
            if name in layout.settings:
                assert layer_of(facts, framework, cell).setting == f"{name}={layout.settings[name]}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_has_its_section(language: str) -> None:
    """The converter's errors give the address of a section of the page."""
    text = (DOCS / language / "conventions.md").read_text(encoding="utf-8")
    assert len(SECTIONS) >= 7
    assert set(SECTIONS) <= set(re.findall(r"^## .*\{#([a-z-]+)\}$", text, re.MULTILINE))
