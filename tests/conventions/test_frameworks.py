"""Each framework does what is stated of it, and none of what is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from docs.hooks.conventions import Conventions, Layer
from tests.conventions.wrong import wrongs
from tests.judges.conventions.box import Box, UnclearError
from tests.judges.conventions.effects import Special, effect
from tests.judges.conventions.judge import Program, covered, judge, record
from tests.judges.conventions.observe import Observer

pytestmark = [pytest.mark.witness, pytest.mark.slow]


@pytest.mark.parametrize("name", covered())
def test_does_what_is_stated(name: str, program: Callable[[str], Program], facts: Conventions) -> None:
    framework = facts.get(name)
    findings = list(judge(framework, program(name)))
    assert [(f.said.key, f.said.value, f.seen) for f in findings if not f.agrees] == []
    # All that is said of a framework that we run is tried, and the record holds what was found.
    assert [f.said.key for f in findings] == [said.key for said in framework.statements()]
    assert record(framework, findings) == {"versions": framework.versions, "statements": framework.tested}


@pytest.mark.parametrize("name", covered())
def test_a_wrong_statement_is_refuted(
    name: str, program: Callable[[str], Program], facts: Conventions
) -> None:
    boxes = program(name).BOXES
    missed, tried = [], 0
    for layer in facts.get(name).layers:
        for kind, stated in wrongs(layer):
            tried += 1
            if seen(stated, boxes[layer.key], kind) == stated.value(kind):
                missed.append(f"{layer.key}: {kind}: {stated.value(kind)}")
    assert missed == []
    assert tried >= 30


def seen(layer: Layer, box: Box, kind: str) -> object:
    try:
        return Observer(layer, box).observe(kind)
    except UnclearError:
        return None


@pytest.mark.parametrize("name", covered())
def test_a_layer_without_the_option_has_none_of_its_effects(
    name: str, program: Callable[[str], Program], facts: Conventions
) -> None:
    """The check of an option refuses the layer as it is, so that it does not find its effect everywhere."""
    module, framework = program(name), facts.get(name)
    for option in framework.options:
        if isinstance(module.OPTIONS[option.written], Special):
            continue
        for key in option.layers:
            layer = framework.layer(key)
            becomes = layer if option.becomes else None
            with pytest.raises(UnclearError):
                effect(layer, module.BOXES[key], module.BOXES, becomes)


@pytest.mark.parametrize("key", ["lstm", "gru", "rnn"])
def test_the_equation_of_a_clip_refuses_another_bound(
    key: str, program: Callable[[str], Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = program("onnx")
    assert module.OPTIONS["clip=C"].shows(key)  # type: ignore[union-attr]
    box = module.OnnxBox  # type: ignore[attr-defined]
    monkeypatch.setattr(module, "OnnxBox", lambda operator, clip: box(operator, clip=2 * clip))
    assert not module.OPTIONS["clip=C"].shows(key)  # type: ignore[union-attr]


@pytest.mark.parametrize("option", ["input_forget=1", "P"])
def test_the_equations_of_an_lstm_refuse_the_plain_one(
    option: str, program: Callable[[str], Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its attribute the operator does not couple; without P its gates do not see c."""
    module = program("onnx")
    assert module.OPTIONS[option].shows("lstm")  # type: ignore[union-attr]
    step = module.OnnxBox.step  # type: ignore[attr-defined]
    box = module.OnnxBox  # type: ignore[attr-defined]
    monkeypatch.setattr(module, "OnnxBox", lambda operator, **_: box(operator))
    monkeypatch.setattr(
        box, "step", lambda self, w, x, s: step(self, {n: v for n, v in w.items() if n != "P"}, x, s)
    )
    assert not module.OPTIONS[option].shows("lstm")  # type: ignore[union-attr]


def test_a_projection_is_more_than_an_array(
    program: Callable[[str], Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the projection's rows exchanged, the equation does not hold."""
    module = program("pytorch")
    shows = module.OPTIONS["proj_size=P"].shows  # type: ignore[union-attr]
    assert shows("lstm")
    make = module.nn.LSTM  # type: ignore[attr-defined]

    class Turned(make):  # type: ignore[misc,valid-type]
        def load_state_dict(self, state):  # type: ignore[no-untyped-def]
            return super().load_state_dict(state | {"weight_hr_l0": state["weight_hr_l0"].flip(0)})

    monkeypatch.setattr(module.nn, "LSTM", Turned)  # type: ignore[attr-defined]
    assert not shows("lstm")


def test_a_residual_is_more_than_a_name(
    program: Callable[[str], Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = program("flax")
    shows = module.OPTIONS["residual=True"].shows  # type: ignore[union-attr]
    assert shows("rnn")
    box = module.LinenBox  # type: ignore[attr-defined]
    monkeypatch.setattr(module, "LinenBox", lambda make, residual: box(make))
    assert not shows("rnn")


@pytest.mark.parametrize(
    ("name", "option", "function"),
    [
        ("keras", 'recurrent_activation="hard_sigmoid"', "hard-sigmoid"),
        ("flax", "gate_fn=hard_sigmoid", "hard-sigmoid"),
        ("onnx", "activations=[HardSigmoid, …]", "hard-sigmoid-0.2"),
    ],
)
def test_the_slope_of_the_hard_sigmoid(
    name: str, option: str, function: str, program: Callable[[str], Program], facts: Conventions
) -> None:
    """1/6 or 1/5, as the page says of each."""
    module, layer = program(name), facts.get(name).layer("gru")
    plain = Observer(layer, module.BOXES["gru"])
    tried = module.OPTIONS[option]
    assert isinstance(tried, Mapping)
    assert Observer(layer, tried["gru"], like=plain).of_activations()["gates"] == function


def test_flax_has_two_grus(program: Callable[[str], Program], facts: Conventions) -> None:
    """linen's has a bias under the reset gate, nnx's has not: the same name, another function."""
    program("flax")
    layers = [facts.get("flax").layer(key) for key in ("gru", "gru-nnx")]
    assert [layer.bias_counts["n"] for layer in layers] == [2, 1]
    assert replace(layers[0], key="", written="", source="", tensors=()) == replace(
        layers[1], key="", written="", source="", tensors=()
    )
