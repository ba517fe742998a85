"""The conventions of the frameworks as tables: one that compares them, and those of each framework."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from markupsafe import Markup

from docs.hooks import evidence
from docs.hooks.conventions import Framework, Layer, Option, Statement, Tensor
from docs.hooks.view import View

# The section of the page that tells of an effect, where it is not called after it.
SECTIONS = {
    "no-bias": "biases",
    "one-bias": "biases",
    "clip-memory": "clip",
    "skip-input": "others",
    "attention": "others",
    "residual": "others",
}
# How packages are called; what is not named here goes by its own name.
PROGRAMS = evidence.PROGRAMS | {"flax": "Flax", "onnx": "ONNX"}
# Kinds of statements, in the order of a framework's table; `tensors` has a table of its own.
ROWS = ("gates", "product", "biases", "states", "reset", "z", "activations", "cell")


def section(effect: str) -> str:
    """The anchor on the page that explains an effect."""
    return SECTIONS.get(effect, effect)


@dataclass(frozen=True)
class Item:
    """A value, and which of several layers it is of; nothing where it is of all."""

    text: str
    of: str = ""


@dataclass(frozen=True)
class Said:
    """What one statement says, and how it is known."""

    text: Markup
    status: str


def overview(view: View) -> Markup:
    """The frameworks side by side."""
    known = view.site.conventions.frameworks.values()
    return view.render("conventions.html", rows=[(one, status(one), _compared(view, one)) for one in known])


def status(framework: Framework) -> tuple[str, str]:
    """Whether a framework was tried, as an outcome, and what it was tried with."""
    return ("checked", _versions(framework)[0]) if framework.versions else ("not-run", "")


def _versions(framework: Framework) -> list[str]:
    """What was tried, `ONNX Runtime 1.31.0`, the framework itself first."""
    return [f"{PROGRAMS.get(name, name)} {framework.versions[name]}" for name in framework.packages]


def _compared(view: View, framework: Framework) -> list[list[Item]]:
    """The columns of a framework's row."""
    lstms = [layer for layer in framework.layers if layer.kind == "lstm"]
    grus = [layer for layer in framework.layers if layer.kind == "gru"]

    def gates(layer: Layer) -> str:
        return " ".join(layer.gates) if layer.stacked else view.words.say("conventions.separate")

    return [
        _items(lstms, gates),
        _items(grus, gates),
        _items(grus, lambda layer: view.words.say(f"conventions.reset-{layer.reset}")),
        _items(grus, lambda layer: view.words.say(f"conventions.z-{layer.z}")),
        _items([*lstms, *grus], lambda layer: _counts(view, layer)),
        _items(lstms, lambda layer: layer.of("W")[0].shape_text),
    ]


def _items(layers: Iterable[Layer], value: Callable[[Layer], str]) -> list[Item]:
    """What the layers have, each value once; with the layers, where they differ."""
    found: dict[str, list[str]] = {}
    for layer in layers:
        found.setdefault(value(layer), []).append(layer.setting or layer.name)
    if len(found) == 1:
        return [Item(text) for text in found]
    return [Item(text, ", ".join(dict.fromkeys(names))) for text, names in found.items()]


def _counts(view: View, layer: Layer) -> str:
    """How many biases a gate has: `2`, or `1; 2 in n`."""
    counts = layer.bias_counts
    least = min(counts.values())
    more = [
        view.words.say("conventions.biases-more", count=count, gate=gate)
        for gate, count in counts.items()
        if count > least
    ]
    return "; ".join([str(least), *more])


def framework(view: View, key: str) -> Markup:
    """All that is stated of a framework."""
    one = view.site.conventions.get(key)
    return view.render(
        "convention.html",
        framework=one,
        status=status(one),
        versions=_versions(one) if one.versions else [],
        rows=[(kind, found) for kind in ROWS if any(found := _row(view, one, kind))],
        arrays=[(layer, *_arrays(view, one, layer)) for layer in one.layers],
        sources=[
            view.source({"key": layer.source, "where": layer.where or layer.written}) for layer in one.layers
        ],
        options=[_option(view, one, option) for option in one.options],
    )


def _row(view: View, one: Framework, kind: str) -> list[Said | None]:
    """What is said of every layer; None where there is nothing to say."""
    return [
        None
        if (said := one.statement(layer, kind)) is None
        else Said(_text(view, layer, said, kind), said.status)
        for layer in one.layers
    ]


def _text(view: View, layer: Layer, said: Statement, kind: str) -> Markup:
    texts: dict[str, Callable[[View, Layer], Markup]] = {
        "gates": _gates,
        "product": _products,
        "biases": _biases,
        "cell": _cell,
        "activations": _activations,
    }
    if kind in texts:
        return texts[kind](view, layer)
    if kind in ("reset", "z"):
        return Markup('<a href="#{}">{}</a>').format(kind, view.words.say(f"conventions.{kind}-{said.value}"))
    return _code(", ".join(said.value))


def _code(text: str) -> Markup:
    return Markup("<code>{}</code>").format(text)


def _gates(view: View, layer: Layer) -> Markup:
    """The order, and what the framework calls the gates where that is another name."""
    if layer.gates == ("",):
        return Markup(view.words.say("conventions.one-gate"))
    names = _code(" ".join(layer.gates)) if layer.stacked else Markup(view.words.say("conventions.separate"))
    if layer.letters == layer.gates:
        return names
    called = view.words.say("conventions.called", letters=_code(" ".join(layer.letters)))
    return names + Markup("<small>{}</small>").format(Markup(called))


def _products(view: View, layer: Layer) -> Markup:
    found = dict.fromkeys(layer.value("product").values())
    return Markup(", ").join(map(_code, found))


def _biases(view: View, layer: Layer) -> Markup:
    """How many, and beside which product."""
    sides = [side for tensor in layer.of("b") for side in _sides(tensor, layer)]
    where = view.words.join([view.words.say(f"conventions.side-{side}") for side in dict.fromkeys(sides)])
    return Markup("{}<small>{}</small>").format(_counts(view, layer), where)


def _sides(tensor: Tensor, layer: Layer) -> list[str]:
    """The sides of the biases in an array: x for W x, h for U h."""
    if tensor.sides == 1 and tensor.side:
        return [tensor.side]
    both = tensor.sides == 2 or any(slot not in layer.gates and slot[-1] == "h" for slot in tensor.slots)
    return ["x", "h"] if both else ["x"]


def _cell(view: View, layer: Layer) -> Markup:
    """The cell, and the IDs of its forward equations."""
    name = Markup('<a href="{}">{}</a>').format(
        view.to_cell(layer.cell), view.words.say(f"cells.{layer.cell}")
    )
    ids = [
        Markup('<span class="line"><a href="{}"><code>{}</code></a></span>').format(view.to_formula(one), one)
        for one in view.catalogue.cell(layer.cell)["forward"]
    ]
    return name + Markup("").join(ids)


def _activations(view: View, layer: Layer) -> Markup:
    if layer.kind == "rnn":
        return Markup(view.words.say(f"conventions.{layer.activations['candidate']}"))
    said = [
        view.words.say(f"conventions.function-{place}", function=view.words.say(f"conventions.{function}"))
        for place, function in layer.activations.items()
    ]
    return Markup(view.words.listed(said))


def _arrays(view: View, one: Framework, layer: Layer) -> tuple[str, list[tuple[Tensor, str]]]:
    """How the arrays of a layer are known, and each with what it holds."""
    said = one.statement(layer, "tensors")
    assert said is not None
    return said.status, [(tensor, _held(view, tensor, layer)) for tensor in layer.tensors]


def _held(view: View, tensor: Tensor, layer: Layer) -> str:
    """`W of i f g o`, `b of n, beside U h`."""
    gates = list(tensor.slots[: tensor.gates])
    if tensor.sides == 2 or tensor.side:
        # Where the side is told, the index need not tell it: n for nx and nh.
        gates = [slot if slot in layer.gates else slot[:1] for slot in gates]
    what = tensor.of
    if gates != [""]:
        what = view.words.say("conventions.of-gates", of=tensor.of, gates=" ".join(gates))
    if tensor.of != "b":
        return what
    sides = view.words.join([view.words.say(f"conventions.side-{side}") for side in _sides(tensor, layer)])
    return view.words.say("conventions.beside", what=what, side=sides)


def _option(view: View, one: Framework, option: Option) -> tuple[Option, str, str, str, Markup]:
    """An option, its layers, the section that explains it, how it is known, and its source."""
    layers = dict.fromkeys(one.layer(key).name for key in option.layers)
    source = view.source({"key": option.source, "where": option.where})
    return (
        option,
        view.words.listed(list(layers)),
        section(option.effect),
        one.of_option(option).status,
        source,
    )
