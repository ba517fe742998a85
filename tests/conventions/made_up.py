"""Layers that nobody has, in NumPy: any order of gates, any axes, either z. What is seen of one must be what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import numpy as np

from docs.hooks.conventions import AXES, Layer, Tensor, read
from tests.judges.conventions.box import States, Tensors
from tests.judges.conventions.observe import FUNCTIONS
from tests.judges.example import Array

CELLS = {
    ("before", "new"): "gru",
    ("before", "keep"): "gru-cho",
    ("after", "keep"): "gru-after",
    ("after", "new"): "none",  # no cell of ours
}


class MadeUpBox:
    """Computes what a layer says, by reading its arrays the way it says."""

    PRECISION = "float64"

    def __init__(self, layer: Layer) -> None:
        self.layer = layer

    def shapes(self, D: int, H: int) -> dict[str, tuple[int, ...]]:
        return {tensor.name: tensor.shape(D, H) for tensor in self.layer.tensors}

    def step(self, tensors: Tensors, x: Array, states: States) -> States:
        sums: dict[str, Array] = {}
        given = dict(zip(self.layer.states, states, strict=True))
        h = given["h"]
        for tensor in self.layer.tensors:
            whole = blocks(tensor, tensors[tensor.name], x.shape[1], h.shape[1])
            for slot, block in zip(tensor.slots, whole, strict=True):
                key = tensor.of + slot
                sums[key] = sums.get(key, 0.0) + block
        step: Callable[..., dict[str, Array]] = getattr(self, f"_{self.layer.kind}")
        found = step(sums, x, **given)
        return tuple(found[name] for name in self.layer.states)

    def _f(self, name: str) -> Callable[[Array], Array]:
        return FUNCTIONS[self.layer.activations[name]]

    @staticmethod
    def _a(sums: dict[str, Array], gate: str, x: Array, h: Array) -> Array:
        return np.asarray(x @ sums["W" + gate].T + h @ sums["U" + gate].T + sums["b" + gate])

    def _rnn(self, sums: dict[str, Array], x: Array, h: Array) -> dict[str, Array]:
        return {"h": self._f("candidate")(self._a(sums, "", x, h))}

    def _lstm(self, sums: dict[str, Array], x: Array, h: Array, c: Array) -> dict[str, Array]:
        i, f, o = (self._f("gates")(self._a(sums, gate, x, h)) for gate in "ifo")
        c = f * c + i * self._f("candidate")(self._a(sums, "g", x, h))
        return {"h": o * self._f("memory")(c), "c": c}

    def _gru(self, sums: dict[str, Array], x: Array, h: Array) -> dict[str, Array]:
        r, z = (self._f("gates")(self._a(sums, gate, x, h)) for gate in "rz")
        if self.layer.reset == "before":
            a = self._a(sums, "n", x, r * h) + h * 0
        else:
            a = x @ sums["Wn"].T + sums.get("bnx", 0) + r * (h @ sums["Un"].T + sums.get("bnh", 0))
        n = self._f("candidate")(a)
        return {"h": z * h + (1 - z) * n if self.layer.z == "keep" else (1 - z) * h + z * n}


def blocks(tensor: Tensor, array: Array, D: int, H: int) -> list[Array]:
    """The blocks of an array in order, (H, n) or (H,) each: axis by axis, the other way round than it is filled."""
    sizes = {"s": tensor.sides, "k": tensor.gates, "H": H, "n": D if tensor.of == "W" else H}
    letters = "".join(AXES[axis] for axis in tensor.axes).replace("1", "")
    split = array.reshape([sizes[letter] for letter in letters])
    for letter in "nHks":  # the last to come first
        if letter in letters:
            split = np.moveaxis(split, letters.index(letter), 0)
            letters = letter + letters.replace(letter, "", 1)
    leading = sum(letter in letters for letter in "sk")
    return list(split.reshape(-1, *split.shape[leading:]))


def layers() -> Iterator[Layer]:
    """Made-up layers of every kind, the same each time; together they have every axis and every meaning."""
    rng = Random(20)
    for kind, names in (("rnn", [""]), ("lstm", list("ifgo")), ("gru", list("rzn"))):
        for number in range(8 if kind == "gru" else 4):
            reset, z = ("before", "after")[number % 2], ("keep", "new")[number // 2 % 2]
            fact = {
                "class": "made.Up",
                "cell": {"gru": CELLS[reset, z]}.get(kind, kind),
                "source": "nobody",
                "gates": rng.sample(names, len(names)),
                "letters": names,
                "states": rng.sample(["h", "c"], 2) if kind == "lstm" else ["h"],
                "activations": {"candidate": "tanh"},
                "tensors": _tensors(rng, number),
            }
            if kind != "rnn":
                fact["activations"] |= {"gates": ("sigmoid", "hard-sigmoid")[number % 3 % 2]}  # type: ignore[operator]
            if kind == "lstm":
                fact["activations"] |= {"memory": "tanh"}  # type: ignore[operator]
            if kind == "gru":
                fact |= {"reset": reset, "z": z}
                fact["cell"] = "gru" if fact["cell"] == "none" else fact["cell"]
            facts = {
                "made": {"name": "Made up", "packages": [], "layers": {f"{number}": fact}, "options": {}}
            }
            yield read(facts, {}).get("made").layer(f"{number}")


def _tensors(rng: Random, number: int) -> dict[str, dict[str, object]]:
    """W, U and b in one of many ways."""
    weights = rng.choice(
        [
            ["gates", "{n}"],
            ["{n}", "gates"],
            ["gate", "units", "{n}"],
            ["directions", "layers", "{n}", "gate", "units"],
        ]
    )
    found: dict[str, dict[str, object]] = {
        name: {"of": name, "axes": [axis.format(n=source) for axis in weights]}
        for name, source in (("W", "inputs"), ("U", "state"))
    }
    two: dict[str, object] = {
        "of": "b",
        "axes": rng.choice([["sides", "gates"], ["directions", "sides-gates"]]),
    }
    one: dict[str, object] = {"of": "b", "side": "x", "axes": ["gates"]}
    other: dict[str, object] = {"of": "b", "side": "h", "axes": ["gate", "units"]}
    return found | ({"b": two} if number % 4 < 2 else {"b": one, "b'": other})
