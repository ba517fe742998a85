"""How a symbol is written: from its role and time step to boxes that every writer understands.

This is the site's own notation. A paper's or a framework's, in ``derivations.write.notations``, differs from it in the
parts that `Writing` names; the formulas themselves know neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.derive.table import DELTA
from derivations.language.symbols import Symbol, When
from derivations.write.typeset import At, Bar, Box, Frac, Letter, Number, Operator, Row, Sub, Sup

PARTIAL = Letter("∂", r"\partial")
LOSS = Letter("L", "L")


def partial(box: Box) -> Box:
    """∂L/∂v of a box v."""
    return Frac(Row((PARTIAL, LOSS)), Row((PARTIAL, box)))


def time_index(when: When) -> Box:
    """t, t − 1, t + 1, 0 or 1."""
    letter = Letter("t", "t")
    match when:
        case "t":
            return letter
        case "t-1" | "t+1":
            sign = Operator("−", "-") if when == "t-1" else Operator("+", "+")
            return Row((letter, sign, Number(1)))
        case _:
            return Number(int(when))


@dataclass(frozen=True)
class Joint:
    """Two terms of a sum written as one product: ``matrix`` with the vectors on top of each other."""

    matrix: Box
    vectors: tuple[MatrixExpr, ...]


class Writing:
    """How the symbols of a cell are written; this class is the site's own way, and another one overrides its parts."""

    def box(self, symbol: Symbol) -> Box:
        """The symbol as it is printed; a part of a cotangent with a bar and the step through which it arrives."""
        if symbol.cotangent_of is not None:
            whole = self.derivative(symbol.cotangent_of)
            return At(whole, time_index(symbol.through)) if symbol.through else whole
        base = self.parameter(symbol) if symbol.role == "parameter" else self.letter(symbol)
        if symbol.bar:
            base = self.barred(base)
        return self.at_step(base, time_index(symbol.when)) if symbol.when else base

    def letter(self, symbol: Symbol) -> Box:
        """What is printed of a symbol without its bar, index and step."""
        if symbol.letter == DELTA:
            delta = Letter("Δ", r"\Delta")
            return Sup(delta, Letter(symbol.index, symbol.index)) if symbol.index else delta
        return Letter(symbol.letter, symbol.letter)

    def barred(self, letter: Box) -> Box:
        """The pre-activation of what has this letter."""
        return Bar(letter)

    def parameter(self, symbol: Symbol) -> Box:
        """A weight or a bias."""
        letter = self.letter(symbol)
        return Sub(letter, Row(tuple(Letter(c, c) for c in symbol.index))) if symbol.index else letter

    def at_step(self, base: Box, step: Box) -> Box:
        """What belongs to a time step."""
        return Sub(base, step)

    def derivative(self, symbol: Symbol) -> Box:
        """The cotangent of a symbol, ∂L/∂v."""
        return partial(self.box(symbol))

    def joint(self, first: MatrixExpr, second: MatrixExpr, symbols: Mapping[str, Symbol]) -> Joint | None:
        """Two neighbours in a sum as one product; None where they stay two, as they always do here."""
        return None


OWN = Writing()


def box(symbol: Symbol) -> Box:
    """The symbol in the site's own notation."""
    return OWN.box(symbol)
