"""How a program stacks a cell's gates into one matrix, and how gradients come back out of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tests.judges.example import Array


@dataclass(frozen=True)
class Gates:
    """The gates of a cell in a program's order.

    order: by our names; "" is the only gate of a cell whose parameters carry no index.
    negated: gates of which the program has the complement: σ(−a) = 1 − σ(a), so all that makes a is negated.
    two_biases: gates whose biases b_·x and b_·h are two parameters of ours. Of the others we have one, and the
        program may have its sum in two parts.
    """

    order: tuple[str, ...]
    negated: tuple[str, ...] = ()
    two_biases: tuple[str, ...] = ()

    def stack(self, letter: str, params: Mapping[str, Array]) -> Array:
        """(k n, …) of the k gates' parameters W or U, (n, …) each."""
        return self._stack([params[name] for name in self._names(letter)])

    def bias(self, params: Mapping[str, Array]) -> Array:
        """(k H,), for a program that has one bias a gate as we do."""
        return self.stack("b", params)

    def biases(self, params: Mapping[str, Array], rng: np.random.Generator) -> tuple[Array, Array]:
        """(k H,) on the input's side and on the state's side; one that is not ours to tell is parted at random."""
        sides: tuple[list[Array], list[Array]] = ([], [])
        for gate in self.order:
            if gate in self.two_biases:
                parts = (params[f"b_{gate}x"], params[f"b_{gate}h"])
            else:
                whole = params[_name("b", gate)]
                part = rng.normal(0.0, 0.6, whole.shape)
                parts = (whole - part, part)
            for side, values in zip(sides, parts, strict=True):
                side.append(values)
        return self._stack(sides[0]), self._stack(sides[1])

    def part(self, letter: str, gradient: Array, side: str = "") -> Iterator[tuple[str, Array]]:
        """The gradients of our parameters in that of a stacked one; for biases with the side "x" or "h"."""
        names = self._names(letter, side)
        for name, gate, values in zip(names, self.order, np.split(gradient, len(names)), strict=True):
            yield name, self._sign(gate) * values

    def _names(self, letter: str, side: str = "") -> list[str]:
        return [
            f"{letter}_{g}{side}" if side and g in self.two_biases else _name(letter, g) for g in self.order
        ]

    def _stack(self, parts: Sequence[Array]) -> Array:
        return np.concatenate([self._sign(g) * p for g, p in zip(self.order, parts, strict=True)])

    def _sign(self, gate: str) -> float:
        return -1.0 if gate in self.negated else 1.0


def _name(letter: str, gate: str) -> str:
    return f"{letter}_{gate}" if gate else letter
