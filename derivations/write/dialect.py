"""A notation: which cells a paper or a framework writes, and how it writes each of their symbols.

A notation is data. For each cell it gives a letter to every meaning, by glossary key; a weight or a bias is written by
a function of its gate's index. Nothing here knows a formula: the same expression is laid out by the same code, and only
the boxes of the symbols differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from sympy import MatMul, MatrixSymbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language import Cell, Source, Symbol
from derivations.write.layout import PLUS
from derivations.write.notation import Joint, Writing, partial
from derivations.write.typeset import Bar, Box, Letter, Operator, Row, Sub, Sup, Tilde

# How a weight or a bias is written, from the index that stands for its gate; a cell of one gate may have none.
Parameter = Callable[[Box | None], Box]


class NotationError(ValueError):
    """A notation that leaves a symbol of a cell without a name, or names one twice; the message says which."""


@dataclass(frozen=True)
class Use:
    """One cell in a notation.

    Attributes:
        cell: the name of the cell.
        source: where its symbols are printed.
        letters: how each input, state and quantity is written, by its glossary key.
        indices: what stands for a gate under its weights and biases, by the gate's glossary key, where it is not the
            gate's letter. None is nothing. The key of a cell's only gate is the empty text.
        parameters, gradients: what of the notation this cell has in another way.
    """

    cell: str
    source: Source
    letters: Mapping[str, Box]
    indices: Mapping[str, Box | None] = field(default_factory=dict)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    gradients: Mapping[str, Parameter] = field(default_factory=dict)


@dataclass(frozen=True)
class Notation:
    """How a paper or a framework writes its cells.

    Attributes:
        name: its key, e.g. ``pytorch``.
        kind: whose it is.
        uses: the cells that it writes.
        parameters: how weights and biases are written, by glossary key: ``input-weight``, ``recurrent-weight``,
            ``bias``, and where a cell has two ``input-bias`` and ``recurrent-bias``.
        gradients: what stands in the derivative by a parameter, where it is not the parameter as it is written.
        at_step: how a time step is attached.
        derivative: how the cotangent of a box is written.
        matrix: how a gate's one matrix is written that multiplies state and input on top of each other; None where
            there is no such matrix.
    """

    name: str
    kind: Literal["framework", "paper"]
    uses: tuple[Use, ...]
    parameters: Mapping[str, Parameter]
    gradients: Mapping[str, Parameter] = field(default_factory=dict)
    at_step: Callable[[Box, Box], Box] = Sub
    derivative: Callable[[Box], Box] = partial
    matrix: Parameter | None = None

    def use(self, cell: str) -> Use | None:
        """The cell in this notation, None where it has no such cell."""
        return next((use for use in self.uses if use.cell == cell), None)

    def writing(self, cell: Cell) -> Writing:
        """How the symbols of a cell are written.

        Raises:
            NotationError: the notation does not write this cell, or does not name each of its symbols once.
        """
        use = self.use(cell.name)
        if use is None:
            written = ", ".join(one.cell for one in self.uses)
            raise NotationError(f"{self.name}: expected one of the cells {written}, got {cell.name}")
        check(self, use, cell)
        return Written(self, use, cell)


class Written(Writing):
    """A cell's symbols in a notation."""

    def __init__(self, notation: Notation, use: Use, cell: Cell) -> None:
        self._notation, self._use = notation, use
        self._parameters = {**notation.parameters, **use.parameters}
        self._gradients = {**notation.gradients, **use.gradients}
        # Previous and initial states and pre-activations share the letter of what they belong to.
        self._letters = {symbol.letter: use.letters[symbol.meaning] for symbol in named(cell)}

    def letter(self, symbol: Symbol) -> Box:
        """Its own; a number of parameters and what the loss puts on the output are called the same by everybody."""
        return (
            super().letter(symbol) if symbol.role in ("count", "cotangent") else self._letters[symbol.letter]
        )

    def barred(self, letter: Box) -> Box:
        """A bar stands under a prime, and in the place of a tilde: two accents on one letter cannot be read."""
        match letter:
            case Sup(base=base, above=above):
                return Sup(Bar(base), above)
            case Tilde(base=base):
                return Bar(base)
            case _:
                return Bar(letter)

    def parameter(self, symbol: Symbol) -> Box:
        return self._parameters[symbol.meaning](self._index(symbol))

    def at_step(self, base: Box, step: Box) -> Box:
        return self._notation.at_step(base, step)

    def derivative(self, symbol: Symbol) -> Box:
        written = self.box(symbol)
        if symbol.role == "parameter" and symbol.meaning in self._gradients:
            written = self._gradients[symbol.meaning](self._index(symbol))
        return self._notation.derivative(written)

    def joint(self, first: MatrixExpr, second: MatrixExpr, symbols: Mapping[str, Symbol]) -> Joint | None:
        if self._notation.matrix is None:
            return None
        match first, second:
            case MatMul(args=(MatrixSymbol() as W, x)), MatMul(args=(MatrixSymbol() as U, h)):
                one, other = symbols[W.name], symbols[U.name]
                together = (one.meaning, other.meaning) == ("input-weight", "recurrent-weight")
                if together and one.of == other.of:
                    return Joint(self._notation.matrix(self._index(one)), (h, x))
        return None

    def _index(self, symbol: Symbol) -> Box | None:
        gate = symbol.of or ""
        return self._use.indices[gate] if gate in self._use.indices else self._use.letters[gate]


def named(cell: Cell) -> tuple[Symbol, ...]:
    """What a notation gives a letter to: the inputs, and what the author's equations define."""
    return (*cell.inputs, *(equation.left for equation in cell.equations))


def check(notation: Notation, use: Use, cell: Cell) -> None:
    """Refuse a notation that does not name every symbol of the cell.

    Raises:
        NotationError: a meaning without a letter, a letter without a meaning, a gate without an index, a parameter
            that nothing tells how to write.
    """
    where = f"{notation.name}, {cell.name}"
    expected, given = {symbol.meaning for symbol in named(cell)}, set(use.letters)
    if expected != given:
        raise NotationError(f"{where}: letters: expected {_list(expected)}, got {_list(given)}")
    gates = {symbol.of or "" for symbol in cell.parameters}
    if missing := gates - set(use.indices) - given:
        raise NotationError(f"{where}: indices: nothing for {_list(missing)}")
    if unknown := set(use.indices) - gates:
        raise NotationError(f"{where}: indices: no gate {_list(unknown)}")
    meanings = {symbol.meaning for symbol in cell.parameters}
    if missing := meanings - set(notation.parameters) - set(use.parameters):
        raise NotationError(f"{where}: parameters: nothing for {_list(missing)}")


def _list(keys: set[str]) -> str:
    return ", ".join(repr(key) for key in sorted(keys)) or "nothing"


# What notations are made of.


def letter(text: str, tex: str = "") -> Letter:
    """An identifier; its TeX is the same where none is given."""
    return Letter(text, tex or text)


def tilde(text: str) -> Tilde:
    """A letter with a tilde: a candidate."""
    return Tilde(letter(text))


def prime(text: str) -> Sup:
    """A letter with a prime."""
    return Sup(letter(text), Letter("′", r"\prime"))


def letters(**boxes: str | Box) -> dict[str, Box]:
    """Letters by meaning, underscores for the hyphens of the glossary keys."""
    return {
        meaning.replace("_", "-"): letter(box) if isinstance(box, str) else box
        for meaning, box in boxes.items()
    }


def indexed(base: str | Letter, *parts: str | None) -> Parameter:
    """A letter with an index; None among the parts is the gate's own index, and where there is none, nothing."""
    above = letter(base) if isinstance(base, str) else base

    def write(gate: Box | None) -> Box:
        boxes = [gate if part is None else letter(part) for part in parts]
        below = tuple(box for box in boxes if box is not None)
        return Sub(above, Row(below)) if below else above

    return write


def added(one: Parameter, other: Parameter) -> Parameter:
    """The sum of two, where the site has one."""
    return lambda gate: Row((one(gate), PLUS, other(gate)))


def with_delta(box: Box) -> Box:
    """δv for the cotangent of v."""
    return Row((Operator("δ", r"\delta", sign=True), box))
