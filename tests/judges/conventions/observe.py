"""What a box does, found by trying it: which gate a block of weights acts on, what z means, where the reset stands.

Each observation is made from outside, with weights that are zero but for a few: a gate driven to ±40 is open or shut,
so that the step becomes a function of one number that is known beforehand, another for every gate. What is stated of
the layer is used in one way only, to put a number into an array along its axes; which gate, which meaning and which
function come out of the box. Where it does what no known convention does, `UnclearError` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

import lstmref
from docs.hooks.conventions import Layer
from tests.judges.conventions.box import Box, UnclearError, ordered, place
from tests.judges.example import Array

Place = tuple[str, int]  # of a slot: the tensor's name, and which of its slots
Found = tuple[Array, Array]  # h and c (a copy of h where there is none), (H,) each

FAR = 40.0  # a pre-activation that opens a gate, or with a minus shuts it
NEAR = 1e-5  # what counts as equal; the differences that matter here are larger than 0.05
SIZES = ((2, 3), (5, 4), (1, 2))
GRID = np.array([-FAR, -3.6, -1.7, -0.4, 0.0, 0.7, 1.9, 3.3, FAR])


def sigmoid(a: Any) -> Any:
    return 0.5 * (1 + np.tanh(0.5 * np.asarray(a, float)))


# Activation functions by the names that the facts use.
FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "hard-sigmoid": lambda a: np.clip(a / 6 + 0.5, 0, 1),
    "hard-sigmoid-0.2": lambda a: np.clip(0.2 * a + 0.5, 0, 1),
    "relu": lambda a: np.maximum(a, 0),
    "identity": lambda a: a,
    "softsign": lambda a: a / (1 + np.abs(a)),
}


def function_of(values: Array, grid: Array, then: Callable[[Array], Array] = lambda value: value) -> str:
    """The name of the function f for which then(f(grid)) are these values.

    Raises:
        UnclearError: none of the known ones, or more than one.
    """
    names = [
        name for name, f in FUNCTIONS.items() if np.allclose(then(f(grid)), values, rtol=NEAR, atol=NEAR)
    ]
    if len(names) != 1:
        raise UnclearError(
            f"activation: {names or 'none'} of the known ones gives {np.round(values, 4).tolist()}"
        )
    return names[0]


def lstm(a: Mapping[str, float], h: float, c: float) -> tuple[float, float]:
    """h and c of one unit from its pre-activations."""
    c = sigmoid(a["f"]) * c + sigmoid(a["i"]) * np.tanh(a["g"])
    return sigmoid(a["o"]) * np.tanh(c), c


def gru(a: Mapping[str, float], h: float, z: str, recurrent: float = 0.0) -> float:
    """h of one unit from its pre-activations; the candidate adds `recurrent` times the reset state."""
    weight = sigmoid(a["z"]) if z == "keep" else sigmoid(-a["z"])
    n = np.tanh(a["n"] + recurrent * sigmoid(a["r"]) * h)
    return float(weight * h + (1 - weight) * n)


class Observer:
    """Tries one box. Nothing is remembered of what is stated but names, axes, and how many gates there are."""

    # Equal, so that a matrix taken the wrong way round is seen and not refused. Few sizes: some compile for each.
    D, H = 3, 3
    h, c = 0.5, 0.8

    def __init__(self, layer: Layer, box: Box, like: Observer | None = None) -> None:
        """`like` tried the same layer without an option: which block is which gate is then taken from there."""
        self.layer, self.box = layer, box
        if like is not None:
            self._order, self._alone = like._order, like._alone
            if layer.kind == "gru":
                self._z = like._z

    # What is stated, found out.

    def observe(self, kind: str) -> Any:
        """What the box shows of one kind of statement, in the form in which it is stated."""
        return getattr(self, f"of_{kind}")()

    def of_tensors(self) -> Any:
        """Names and shapes; stated are axes, so those are returned if all shapes are theirs."""
        for D, H in SIZES:
            real = self.box.shapes(D, H)
            if real != {tensor.name: tensor.shape(D, H) for tensor in self.layer.tensors}:
                return {name: list(shape) for name, shape in real.items()}
        return self.layer.value("tensors")

    def of_gates(self) -> dict[str, list[str]]:
        """Which gate each block of W and U acts on."""
        return self._named(tensor.name for tensor in self.layer.tensors if tensor.of != "b")

    def of_biases(self) -> dict[str, list[str]]:
        """Which gate each block of biases acts on; with the reset after the product, whether under it."""
        found = self._named(tensor.name for tensor in self.layer.of("b"))
        if self.layer.kind != "gru":
            return found
        after = self.of_reset() == "after"
        for name, gates in found.items():
            for index, gate in enumerate(gates):
                if gate != "n":
                    continue
                shut = {self._bias("r"): -FAR}
                still = self._run(shut)[0][0]
                moved = self._run(shut | {(name, index): FAR})[0][0]
                under = abs(moved - still) < NEAR
                gates[index] = "nh" if under else "nx" if after else "n"
        return found

    def of_product(self) -> dict[str, str]:
        """W x or x W: whether an entry in row 0 and column 1 of a gate's matrix moves unit 0 or unit 1."""
        found = {}
        size = self.H
        base = self._all_visible(size)
        still = self._states(base, size, size, np.full(size, 0.6), np.full(size, 0.6), np.full(size, self.c))
        for tensor in self.layer.tensors:
            if tensor.of == "b":
                continue
            entry = np.zeros((size, size))
            entry[0, 1] = 1.0
            known = base.get((tensor.name, 0), np.zeros((size, size)))
            changed = base | {(tensor.name, 0): known + entry}
            moved = self._states(
                changed, size, size, np.full(size, 0.6), np.full(size, 0.6), np.full(size, self.c)
            )
            units = set(np.flatnonzero(np.abs(moved[0] - still[0]) > 1e-4).tolist())
            if units not in ({0}, {1}):
                raise UnclearError(f"{tensor.name}: one entry moved the units {sorted(units)}")
            other = "x" if tensor.of == "W" else "h"
            rows = tensor.units_first == (units == {0})
            found[tensor.name] = f"{tensor.of} {other}" if rows else f"{other} {tensor.of}"
        return found

    def of_states(self) -> list[str]:
        """The order of the states: with all weights zero, c is halved and h forgotten."""
        return list(self._order)

    def of_reset(self) -> str:
        """U_n takes unit 1 to unit 0, of which r keeps the latter only: zero before the product, not after it."""
        across = np.zeros((self.H, self.H))
        across[0, 1] = 1.0
        h = np.array([0.3, 0.9, 0.6])
        values = {
            self._matrix("U", "n"): across,
            self._bias("r"): np.array([FAR, -FAR, 0.0]),
            self._bias("z"): np.full(self.H, self._all_new),
        }
        n = self._states(values, self.D, self.H, np.zeros(self.D), h, h)[0][0]
        for place_, expected in (("before", 0.0), ("after", np.tanh(h[1]))):
            if abs(n - expected) < NEAR:
                return place_
        raise UnclearError(f"reset: expected n = 0 or {np.tanh(h[1]):.4f}, got {n:.4f}")

    def of_z(self) -> str:
        """What an open update gate leaves of the old state: all or nothing."""
        return self._z

    def of_activations(self) -> dict[str, str]:
        """The functions, each from its values on a grid."""
        return {"rnn": self._rnn_functions, "lstm": self._lstm_functions, "gru": self._gru_functions}[
            self.layer.kind
        ]()

    def of_cell(self) -> str:
        """The cell of ours that gives the same numbers as the box, three steps on random weights."""
        D, H, steps = 3, 4, 3
        rng = np.random.default_rng(7)
        drawn = {
            (tensor.name, index): rng.normal(
                size=(H,) if tensor.of == "b" else (H, D if tensor.of == "W" else H)
            )
            for tensor in self.layer.tensors
            for index in range(len(tensor.slots))
        }
        x = rng.normal(size=(steps, D))
        begin = {name: rng.normal(size=H) for name in ("h", "c")}
        theirs, state = [], (begin["h"], begin["c"])
        for x_t in x:
            state = self._states(drawn, D, H, x_t, *state)
            theirs.append(np.concatenate(state[: len(self._order)]))
        tolerance = 1e-5 if self.box.PRECISION == "float32" else 1e-12
        agree = [
            (parameters, name)
            for name, parameters, ours in self._candidates(drawn, x, begin)
            if np.allclose(ours, theirs, rtol=0, atol=tolerance)
        ]
        # A cell with more parameters, of which those that the box has not are zero here, may agree as well.
        fewest = [name for parameters, name in agree if parameters == min(agree)[0]]
        if len(fewest) != 1:
            raise UnclearError(f"cell: expected one that agrees, got {fewest or 'none'}")
        return fewest[0]

    # How a box is run.

    def _states(self, values: Mapping[Place, Array], D: int, H: int, x: Array, h: Array, c: Array) -> Found:
        tensors = place(self.layer, self.box, values, D, H)
        given = ordered(self._order, {"h": h[None], "c": c[None]})
        found = dict(zip(self._order, self.box.step(tensors, x[None], given), strict=True))
        return found["h"][0], found.get("c", found["h"])[0]

    def _run(self, drive: Mapping[Place, float], values: Mapping[Place, Array] | None = None) -> Found:
        """One step with some gates driven: all units of a gate get the same pre-activation, out of b, W x or U h."""
        filled: dict[Place, Array] = dict(values or {})
        for (name, index), a in drive.items():
            tensor = next(t for t in self.layer.tensors if t.name == name)
            if tensor.of == "b":
                filled[name, index] = np.full(self.H, a)
            else:
                n = self.D if tensor.of == "W" else self.H
                entry = 1.0 if tensor.of == "W" else self.h
                filled[name, index] = np.full((self.H, n), a / (n * entry))
        return self._states(
            filled, self.D, self.H, np.ones(self.D), np.full(self.H, self.h), np.full(self.H, self.c)
        )

    @cached_property
    def _order(self) -> tuple[str, ...]:
        if self.layer.kind != "lstm":
            return ("h",)
        tensors = place(self.layer, self.box, {}, self.D, self.H)
        one, other = np.full((1, self.H), 0.3), np.full((1, self.H), 0.8)
        found = self.box.step(tensors, np.ones((1, self.D)), (one, other))
        for names, c in ((("h", "c"), 0.8), (("c", "h"), 0.3)):
            by_name = dict(zip(names, found, strict=True))
            if np.allclose(by_name["c"], c / 2, atol=NEAR) and np.allclose(
                by_name["h"], np.tanh(c / 2) / 2, atol=NEAR
            ):
                return names
        raise UnclearError("states: with all weights zero, none is halved")

    # Which gate a block acts on.

    def _named(self, tensors: Iterable[str]) -> dict[str, list[str]]:
        return {name: [self._gate(name, index) for index in range(self._count(name))] for name in tensors}

    def _count(self, name: str) -> int:
        return next(len(tensor.slots) for tensor in self.layer.tensors if tensor.name == name)

    def _gate(self, name: str, index: int) -> str:
        gate = self._alone[name, index]
        quiet = {"lstm": "i", "gru": "r"}.get(self.layer.kind)
        if gate == quiet and not self._acts((name, index)):
            raise UnclearError(f"{name}, block {index}: acts on no gate")
        return gate

    @cached_property
    def _alone(self) -> dict[Place, str]:
        """The gate of every block, from what it does with all other weights zero; i and r then do nothing."""
        return {
            (tensor.name, index): self._guess((tensor.name, index))
            for tensor in self.layer.tensors
            for index in range(len(tensor.slots))
        }

    def _guess(self, place_: Place) -> str:
        found = [[float(v[0]) for v in self._run({place_: sign * FAR})] for sign in (1, -1)]
        matching = [
            gate
            for gate, expected in self._expected().items()
            if any(np.allclose(found, one, atol=NEAR) for one in expected)
        ]
        if len(matching) != 1:
            raise UnclearError(f"{place_[0]}, block {place_[1]}: {found} is what none of the gates does")
        return matching[0]

    def _expected(self) -> dict[str, list[list[tuple[float, float]]]]:
        """h and c (of a cell without c, h twice) for +40 and −40 at each gate; of z, one for either meaning."""
        if self.layer.kind == "rnn":
            return {"": [[(1.0, 1.0), (-1.0, -1.0)]]}
        if self.layer.kind == "lstm":
            zero = dict.fromkeys("ifog", 0.0)
            return {
                gate: [[lstm(zero | {gate: sign * FAR}, self.h, self.c) for sign in (1, -1)]] for gate in zero
            }
        zero = dict.fromkeys("rzn", 0.0)
        return {
            gate: [
                [(h, h) for sign in (1, -1) for h in [gru(zero | {gate: sign * FAR}, self.h, z)]]
                for z in ("keep", "new")
            ]
            for gate in zero
        }

    def _acts(self, place_: Place) -> bool:
        """Whether a block acts on i, with g open, or on r, with a candidate that reads the state."""
        for sign in (1, -1):
            if self.layer.kind == "lstm":
                zero = dict.fromkeys("ifog", 0.0)
                h, _ = self._run({self._first("b", "g"): FAR, place_: sign * FAR})
                expected, _ = lstm(zero | {"g": FAR, "i": sign * FAR}, self.h, self.c)
            else:
                read = {self._first("U", "n"): 2 * np.eye(self.H)}
                h, _ = self._run({place_: sign * FAR}, read)
                zero = dict.fromkeys("rzn", 0.0)
                expected = gru(zero | {"r": sign * FAR}, self.h, self._z, recurrent=2.0)
            if abs(h[0] - expected) > NEAR:
                return False
        return True

    def _first(self, letter: str, gate: str) -> Place:
        """The first block of W, U or b that acts on a gate."""
        held = {tensor.name for tensor in self.layer.of(letter)}
        found = [place_ for place_, name in self._alone.items() if name == gate and place_[0] in held]
        if not found:
            raise UnclearError(f"{letter}: no block acts on the gate {gate}")
        return found[0]

    def _bias(self, gate: str) -> Place:
        return self._first("b", gate)

    def _matrix(self, letter: str, gate: str) -> Place:
        return self._first(letter, gate)

    @cached_property
    def _z(self) -> str:
        h = float(self._run({self._bias("z"): FAR})[0][0])
        for meaning, expected in (("keep", self.h), ("new", 0.0)):
            if abs(h - expected) < NEAR:
                return meaning
        raise UnclearError(f"z: expected h = {self.h} or 0, got {h}")

    @property
    def _all_new(self) -> float:
        """The pre-activation of z that makes h the candidate."""
        return -FAR if self._z == "keep" else FAR

    # Functions.

    def _driven(self, drive: Mapping[str, Any], h: float, c: float, read: bool = False) -> Found:
        """One step with the gates' pre-activations given, one for each unit of the grid, out of the biases."""
        H = len(GRID)
        values = {self._bias(gate): np.broadcast_to(np.asarray(a, float), (H,)) for gate, a in drive.items()}
        if read:
            values[self._matrix("U", "n")] = np.eye(H)
        return self._states(values, 1, H, np.zeros(1), np.full(H, h), np.full(H, c))

    def _rnn_functions(self) -> dict[str, str]:
        return {"candidate": function_of(self._driven({"": GRID}, 0.0, 0.0)[0], GRID)}

    def _lstm_functions(self) -> dict[str, str]:
        candidate = function_of(self._driven({"i": FAR, "f": -FAR, "g": GRID}, 0.0, 0.0)[1], GRID)
        top = FUNCTIONS[candidate](np.array(FAR))
        i = function_of(self._driven({"g": FAR, "f": -FAR, "i": GRID}, 0.0, 0.0)[1], GRID, lambda v: v * top)
        f = function_of(self._driven({"f": GRID}, 0.0, 1.0)[1], GRID)
        H = len(GRID)
        kept = {self._bias("f"): np.full(H, FAR), self._bias("o"): np.full(H, FAR)}
        memory = function_of(self._states(kept, 1, H, np.zeros(1), np.zeros(H), GRID)[0], GRID)
        squash = FUNCTIONS[memory](np.array(0.8))
        o = function_of(self._driven({"f": FAR, "o": GRID}, 0.0, 0.8)[0], GRID, lambda v: v * squash)
        return {"gates": self._one(i, f, o), "candidate": candidate, "memory": memory}

    def _gru_functions(self) -> dict[str, str]:
        new = self._all_new
        candidate = function_of(self._driven({"z": new, "n": GRID, "r": FAR}, 0.0, 0.0)[0], GRID)
        squash = FUNCTIONS[candidate]
        top = squash(np.array(FAR))
        keep = self._z == "keep"
        z = function_of(
            self._driven({"z": GRID, "n": FAR, "r": FAR}, 0.0, 0.0)[0],
            GRID,
            lambda v: (1 - v if keep else v) * top,
        )
        r = function_of(self._driven({"z": new, "r": GRID}, 1.0, 0.0, read=True)[0], GRID, squash)
        return {"gates": self._one(z, r), "candidate": candidate}

    @staticmethod
    def _one(*names: str) -> str:
        return " / ".join(dict.fromkeys(names))

    # The rest.

    def _all_visible(self, size: int) -> dict[Place, Array]:
        """Weights with which every gate of a unit shows in that unit and in no other."""
        base: dict[Place, Array] = {
            (tensor.name, index): np.full(size, 0.3)
            for tensor in self.layer.of("b")
            for index in range(len(tensor.slots))
        }
        if self.layer.kind == "gru":
            base[self._matrix("U", "n")] = np.eye(size)
        return base

    def _candidates(
        self, drawn: Mapping[Place, Array], x: Array, begin: Mapping[str, Array]
    ) -> Iterable[tuple[str, int, list[Array]]]:
        """Every cell of ours that has such gates, how many parameters it has, and what it gives."""
        for name, module in lstmref.cells().items():
            # The same interface: x in, the states of a layer out, and no size beside D and H.
            if name.split("-")[0] != self.layer.kind or module.LAYOUT.letters != ("D", "H"):
                continue
            if list(module.LAYOUT.inputs) != ["x"] or set(module.STATES) != set(self._order):
                continue
            D, H = x.shape[1], len(begin["h"])
            params = {p: np.zeros(shape) for p, shape in module.parameter_shapes(D=D, H=H).items()}
            slots = {key: self._parameter(*self._slot(*key), params) for key in drawn}
            if not set(slots.values()) <= params.keys():  # a gate of the layer is none of the cell's
                continue
            for key, value in drawn.items():
                params[slots[key]] += value
            states = [begin[s][None] for s in module.STATES]
            found = []
            for x_t in x:
                now, _ = module.step_forward(params, x_t[None], *states)
                states = list(now)
                found.append(np.concatenate([s[0] for s in states]))
            yield name, len(params), found

    def _slot(self, name: str, index: int) -> tuple[str, str]:
        """What a slot is of, and its name."""
        tensor = next(t for t in self.layer.tensors if t.name == name)
        return tensor.of, tensor.slots[index]

    @staticmethod
    def _parameter(of: str, slot: str, params: Mapping[str, Array]) -> str:
        """Our name of a block; a cell that tells the two biases of its candidate apart has b_nx and b_nh."""
        name = f"{of}_{slot}" if slot else of
        if name in params:
            return name
        return f"{of}_{slot[0]}" if slot in ("nx", "nh") else f"{of}_nx"
