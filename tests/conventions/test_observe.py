"""What is seen of a made-up layer is what it is, whatever it is; and a wrong statement is refuted by its own check."""

from __future__ import annotations

import numpy as np
import pytest

from docs.hooks.conventions import KINDS, Layer
from tests.conventions.made_up import MadeUpBox, blocks, layers
from tests.conventions.wrong import wrongs
from tests.judges.conventions.box import UnclearError, filled
from tests.judges.conventions.observe import Observer

LAYERS = list(layers())
IDS = [f"{layer.kind}-{number}" for number, layer in enumerate(LAYERS)]


def kinds(layer: Layer) -> list[str]:
    return [kind for kind in KINDS if layer.value(kind) is not None and ours(layer, kind)]


def ours(layer: Layer, kind: str) -> bool:
    """Whether we have the cell of a layer; with a hard sigmoid, or reset after and z = new, we have not."""
    known = layer.activations.get("gates") != "hard-sigmoid" and (layer.reset, layer.z) != ("after", "new")
    return kind != "cell" or known


@pytest.mark.parametrize("layer", LAYERS, ids=IDS)
def test_what_is_seen_is_what_is(layer: Layer) -> None:
    observer = Observer(layer, MadeUpBox(layer))
    for kind in kinds(layer):
        assert observer.observe(kind) == layer.value(kind), kind


def test_the_made_up_layers_have_everything() -> None:
    assert {(layer.reset, layer.z) for layer in LAYERS if layer.kind == "gru"} == {
        (reset, z) for reset in ("before", "after") for z in ("keep", "new")
    }
    assert {layer.states for layer in LAYERS} == {("h",), ("h", "c"), ("c", "h")}
    assert {layer.activations.get("gates") for layer in LAYERS} == {None, "sigmoid", "hard-sigmoid"}
    assert {tensor.units_first for layer in LAYERS for tensor in layer.of("W")} == {True, False}
    assert len({layer.gates for layer in LAYERS}) >= 6
    assert {axis for layer in LAYERS for tensor in layer.tensors for axis in tensor.axes} >= {
        "sides", "sides-gates", "gate", "gates", "units", "directions",
    }  # fmt: skip
    assert {kind for layer in LAYERS for kind in kinds(layer)} == set(KINDS)


@pytest.mark.parametrize("layer", LAYERS, ids=IDS)
def test_a_wrong_statement_is_refuted(layer: Layer) -> None:
    tried = 0
    for kind, stated in wrongs(layer):
        if not ours(layer, kind):
            continue
        try:
            seen = Observer(stated, MadeUpBox(layer)).observe(kind)
        except UnclearError:
            seen = None
        assert seen != stated.value(kind), f"{kind}: {stated.value(kind)}"
        tried += 1
    assert tried >= {"rnn": 4, "lstm": 7, "gru": 8}[layer.kind]


@pytest.mark.parametrize("layer", LAYERS, ids=IDS)
def test_arrays_are_filled_as_they_are_read(layer: Layer) -> None:
    rng = np.random.default_rng(2)
    D, H = 2, 3
    for tensor in layer.tensors:
        shape = (H,) if tensor.of == "b" else (H, D if tensor.of == "W" else H)
        drawn = [rng.normal(size=shape) for _ in tensor.slots]
        array = filled(tensor, dict(enumerate(drawn)), D, H)
        assert array.shape == tensor.shape(D, H)
        for block, expected in zip(blocks(tensor, array, D, H), drawn, strict=True):
            np.testing.assert_array_equal(block, expected)


def test_a_block_that_does_nothing_is_unclear() -> None:
    """A second bias that is not read: it looks like i, which alone does nothing, and is not i."""
    layer = next(layer for layer in LAYERS if layer.kind == "lstm" and len(layer.of("b")) == 2)

    class Deaf(MadeUpBox):
        def step(self, tensors, x, states):  # type: ignore[no-untyped-def]
            return super().step({**tensors, "b'": 0 * tensors["b'"]}, x, states)

    with pytest.raises(UnclearError, match="acts on no gate"):
        Observer(layer, Deaf(layer)).observe("biases")


def test_an_unknown_function_is_unclear() -> None:
    layer = next(layer for layer in LAYERS if layer.kind == "rnn")

    class Bent(MadeUpBox):
        def _rnn(self, sums, x, h):  # type: ignore[no-untyped-def]
            return {"h": np.tanh(1.1 * self._a(sums, "", x, h))}

    with pytest.raises(UnclearError, match="activation: none"):
        Observer(layer, Bent(layer)).observe("activations")
    with pytest.raises(UnclearError, match="cell: expected one that agrees, got none"):
        Observer(layer, Bent(layer)).observe("cell")
