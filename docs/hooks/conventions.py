"""How frameworks write their recurrent layers: the facts of `conventions.yml`, and which of them a test has found.

A fact is cut into statements, each with a key such as `pytorch.lstm.gates`. `tests/judges/conventions` tries the
frameworks and writes what it finds to `conventions.tested.json`: per statement a hash of what was stated. A statement
that has changed since is not tested any more; it rests on its source alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

FACTS, RECORD = "conventions.yml", "conventions.tested.json"
KINDS = ("tensors", "gates", "product", "biases", "states", "reset", "z", "activations", "cell")
# What an axis runs through: s sides, k gates, H units, n entries of x or h'; 1 where there is only one of it.
AXES = {
    "directions": "1",
    "layers": "1",
    "sides": "s",
    "sides-gates": "skH",
    "gates": "kH",
    "gate": "k",
    "ids": "k",
    "units": "H",
    "inputs": "n",
    "state": "n",
}
SIDES = ("x", "h")
_LAYER = {
    "class",
    "setting",
    "cell",
    "source",
    "where",
    "gates",
    "letters",
    "states",
    "reset",
    "z",
    "activations",
}


class ConventionsError(ValueError):
    """`conventions.yml` is missing, or says something that cannot be."""


@dataclass(frozen=True)
class Tensor:
    """One array of weights as the framework has it.

    Attributes:
        of: W, U or b.
        axes: what each axis runs through, by the keys of `AXES`.
        slots: the parameters in it by our indices, in order: gates, and for biases of two sides each side's.
        sides: 2 where the biases of both sides stand in it, else 1.
        side: of a bias that stands on one side, x or h.
    """

    name: str
    of: str
    axes: tuple[str, ...]
    slots: tuple[str, ...]
    sides: int
    side: str = ""

    @property
    def gates(self) -> int:
        """How many gates it holds, of one side."""
        return len(self.slots) // self.sides

    def shape(self, D: int, H: int) -> tuple[int, ...]:
        """Its shape for D inputs and H units."""
        sizes = {"1": 1, "s": self.sides, "k": self.gates, "H": H, "n": D if "inputs" in self.axes else H}
        found = []
        for axis in self.axes:
            size = 1
            for part in AXES[axis]:
                size *= sizes[part]
            found.append(size)
        return tuple(found)

    @property
    def shape_text(self) -> str:
        """Its shape as code writes it, D and H left open: `(4H, D)`, and `4 × (H, D)` for four arrays."""
        if self.axes[0] == "ids":
            each = replace(self, axes=self.axes[1:]).shape_text
            return each if self.gates == 1 else f"{self.gates} × {each}"
        said = {"inputs": "D", "state": "H", "units": "H", "directions": "1", "layers": "1"}
        counts = {
            "sides": self.sides,
            "gate": self.gates,
            "gates": self.gates,
            "sides-gates": len(self.slots),
        }
        parts = [
            said[axis] if axis in said else _times(counts[axis], "H" in AXES[axis]) for axis in self.axes
        ]
        return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"

    @property
    def units_first(self) -> bool:
        """Whether a row belongs to a unit, so that the product is W x; else a column does, and it is x W."""
        letters = "".join(AXES[axis] for axis in self.axes)
        return letters.index("H") < letters.index("n")


def _times(count: int, of_units: bool) -> str:
    if not of_units:
        return str(count)
    return "H" if count == 1 else f"{count}H"


@dataclass(frozen=True)
class Layer:
    """A layer of a framework, which computes one cell of ours."""

    key: str
    written: str
    setting: str
    cell: str
    source: str
    where: str
    gates: tuple[str, ...]
    letters: tuple[str, ...]
    states: tuple[str, ...]
    reset: str
    z: str
    activations: Mapping[str, str]
    tensors: tuple[Tensor, ...]

    @property
    def kind(self) -> str:
        """rnn, lstm or gru."""
        return self.cell.split("-")[0]

    @property
    def name(self) -> str:
        """The class without its package, `nn.LSTM`; with what must be set."""
        short = self.written.rpartition("::")[2] if "::" in self.written else self.written
        parts = short.split(".")
        return ".".join(parts[-2:]) if parts[0] in ("torch", "flax") else parts[-1]

    @property
    def stacked(self) -> bool:
        """Whether one array holds all gates; else each gate has an array of its own."""
        return all(len(tensor.slots) >= len(self.gates) for tensor in self.tensors)

    def of(self, letter: str) -> list[Tensor]:
        """The arrays that hold W, U or b."""
        return [tensor for tensor in self.tensors if tensor.of == letter]

    @property
    def bias_counts(self) -> dict[str, int]:
        """How many biases each gate has."""
        slots = [slot for tensor in self.of("b") for slot in tensor.slots]
        return {
            gate: sum(slot in (gate, *(gate + side for side in SIDES)) for slot in slots)
            for gate in self.gates
        }

    def value(self, kind: str) -> Any:
        """What is stated of one kind; None where nothing is."""
        if kind == "tensors":
            return {tensor.name: list(tensor.axes) for tensor in self.tensors}
        if kind == "product":
            return {t.name: _product(t.of, t.units_first) for t in self.tensors if t.of != "b"}
        if kind in ("gates", "biases"):
            return {t.name: list(t.slots) for t in self.tensors if (t.of == "b") == (kind == "biases")}
        found = getattr(self, kind)
        if isinstance(found, tuple):
            return list(found)
        return dict(found) if isinstance(found, Mapping) else found or None


def _product(letter: str, units_first: bool) -> str:
    other = "x" if letter == "W" else "h"
    return f"{letter} {other}" if units_first else f"{other} {letter}"


@dataclass(frozen=True)
class Option:
    """A setting that changes the function, and the section of the page that tells how."""

    written: str
    effect: str
    layers: tuple[str, ...]
    source: str
    where: str
    becomes: str


@dataclass(frozen=True)
class Statement:
    """One thing that is said of a framework, and how it is known: `tested` or `cited`."""

    key: str
    value: Any
    source: str
    status: str = "cited"

    @property
    def hash(self) -> str:
        """Of what is stated."""
        text = json.dumps(self.value, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Framework:
    """A framework, its layers and options; `versions` are those that the tested statements were tested with."""

    key: str
    name: str
    packages: tuple[str, ...]
    layers: tuple[Layer, ...]
    options: tuple[Option, ...]
    versions: Mapping[str, str]
    tested: Mapping[str, str]

    def layer(self, key: str) -> Layer:
        """The layer of this key."""
        return next(layer for layer in self.layers if layer.key == key)

    def statement(self, layer: Layer, kind: str) -> Statement | None:
        """What is said of a layer, or None where there is nothing to say: an LSTM has no reset gate."""
        value = layer.value(kind)
        if value is None or (kind == "states" and len(value) == 1):
            return None
        return self._known(Statement(f"{self.key}.{layer.key}.{kind}", value, layer.source))

    def of_option(self, option: Option) -> Statement:
        """That an option has its effect."""
        value = {"effect": option.effect, "layers": list(option.layers)}
        return self._known(Statement(f"{self.key}.options.{option.written}", value, option.source))

    def statements(self) -> Iterator[Statement]:
        """All that is said of the framework."""
        for layer in self.layers:
            for kind in KINDS:
                if (found := self.statement(layer, kind)) is not None:
                    yield found
        yield from map(self.of_option, self.options)

    def _known(self, said: Statement) -> Statement:
        status = "tested" if self.tested.get(said.key) == said.hash else "cited"
        return Statement(said.key, said.value, said.source, status)


@dataclass(frozen=True)
class Conventions:
    """All frameworks, in the order of the file."""

    frameworks: Mapping[str, Framework]

    def get(self, key: str) -> Framework:
        """The framework of this key; raises `ConventionsError`."""
        if key not in self.frameworks:
            raise ConventionsError(f"unknown framework {key!r}; known: {', '.join(self.frameworks)}")
        return self.frameworks[key]


NONE = Conventions({})


def load(docs: Path) -> Conventions:
    """Read the facts in the folder `docs`, and the record beside them if there is one.

    Raises:
        ConventionsError: the facts are missing, or one of them cannot be; the message says where.
    """
    path = docs / FACTS
    if not path.exists():
        raise ConventionsError(f"{FACTS}: not found")
    record = docs / RECORD
    known = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    return read(yaml.safe_load(path.read_text(encoding="utf-8")), known)


def read(facts: Mapping[str, Any], record: Mapping[str, Any]) -> Conventions:
    """The conventions from parsed facts and a parsed record; raises `ConventionsError`."""
    return Conventions({key: _framework(key, fact, record.get(key, {})) for key, fact in facts.items()})


def _framework(key: str, fact: Mapping[str, Any], record: Mapping[str, Any]) -> Framework:
    _only(key, fact, {"name", "packages", "layers", "options"})
    layers = tuple(_layer(key, name, one) for name, one in fact["layers"].items())
    known = {layer.key for layer in layers}
    options = []
    for written, one in fact["options"].items():
        _only(f"{key}: {written}", one, {"effect", "layers", "source", "where", "becomes"})
        named = [*one["layers"], *([one["becomes"]] if "becomes" in one else [])]
        if unknown := [name for name in named if name not in known]:
            raise ConventionsError(f"{key}: {written}: unknown layers {', '.join(unknown)}")
        options.append(
            Option(
                written,
                one["effect"],
                tuple(one["layers"]),
                one["source"],
                *(one.get(k, "") for k in ("where", "becomes")),
            )
        )
    return Framework(
        key,
        fact["name"],
        tuple(fact["packages"]),
        layers,
        tuple(options),
        record.get("versions", {}),
        record.get("statements", {}),
    )


def _layer(framework: str, key: str, fact: Mapping[str, Any]) -> Layer:
    place = f"{framework}.{key}"
    _only(place, fact, _LAYER | {"tensors"})
    gates, reset = tuple(fact["gates"]), fact.get("reset", "")
    if len(fact["letters"]) != len(gates):
        raise ConventionsError(f"{place}: letters: expected {len(gates)}, got {len(fact['letters'])}")
    for name, allowed in (("reset", ("", "before", "after")), ("z", ("", "keep", "new"))):
        if fact.get(name, "") not in allowed:
            raise ConventionsError(f"{place}: {name}: expected one of {allowed[1:]}, got {fact[name]!r}")
    tensors = tuple(
        _tensor(f"{place}: {name}", name, one, gates, reset) for name, one in fact["tensors"].items()
    )
    return Layer(
        key,
        fact["class"],
        fact.get("setting", ""),
        fact["cell"],
        fact["source"],
        fact.get("where", ""),
        gates,
        tuple(fact["letters"]),
        tuple(fact["states"]),
        reset,
        fact.get("z", ""),
        fact["activations"],
        tensors,
    )


def _tensor(place: str, name: str, fact: Mapping[str, Any], gates: tuple[str, ...], reset: str) -> Tensor:
    _only(place, fact, {"of", "axes", "side", "gates"})
    of, axes = fact["of"], tuple(fact["axes"])
    if of not in ("W", "U", "b"):
        raise ConventionsError(f"{place}: of: expected W, U or b, got {of!r}")
    if unknown := [axis for axis in axes if axis not in AXES]:
        raise ConventionsError(f"{place}: unknown axes {', '.join(unknown)}; known: {', '.join(AXES)}")
    letters = "".join(AXES[axis] for axis in axes)
    wanted = "n" if of != "b" else ""
    if letters.count("H") != 1 or letters.count("n") != len(wanted):
        raise ConventionsError(f"{place}: axes: expected units once and inputs or state {len(wanted)} times")
    held = tuple(fact.get("gates", gates))
    sides = SIDES if "s" in letters else (fact.get("side", ""),)
    if of == "b":
        held = tuple(_bias(gate, side, reset) for side in sides for gate in held)
    return Tensor(name, of, axes, held, len(sides), fact.get("side", ""))


def _bias(gate: str, side: str, reset: str) -> str:
    """The index of a bias; with the reset after the product that of the candidate says on which side it stands."""
    return gate + side if gate == "n" and reset == "after" else gate


def _only(place: str, fact: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(fact.keys() - known):
        raise ConventionsError(f"{place}: unknown {', '.join(unknown)}; known: {', '.join(sorted(known))}")
