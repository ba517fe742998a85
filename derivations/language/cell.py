"""The vocabulary in which a cell is written down: symbols with shapes, equations, the cell.

A cell file reads as the paper does::

    i = quantity("i", H, "input-gate")
    Equation(i, sigmoid(W_i @ x + U_i @ h.previous + b_i))

``@`` is the matrix product, ``*`` the elementwise product, and the order of the terms is kept.
Words do not stand here: a symbol carries a glossary key, and the docs say it in each language.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from sympy import Expr, MatrixSymbol
from sympy import Symbol as Scalar
from sympy.matrices.expressions.hadamard import HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language import expressions

Role = Literal[
    "input", "state", "previous-state", "initial-state", "parameter", "intermediate", "cotangent", "count"
]
When = Literal["", "t", "t-1", "t+1", "0", "1"]


@dataclass(frozen=True)
class Dimension:
    """A size that a formula holds for whatever its value, e.g. D inputs; ``meaning`` is a glossary key."""

    name: str
    meaning: str

    @property
    def size(self) -> Expr:
        return Scalar(self.name, integer=True, positive=True)


@dataclass(frozen=True)
class Term:
    """An expression under construction; its operators keep the order in which they are written and check shapes."""

    node: MatrixExpr

    def __add__(self, other: Term) -> Term:
        return Term(expressions.add(self.node, other.node))

    def __mul__(self, other: Term) -> Term:
        return Term(expressions.hadamard(*_factors(self.node), other.node))

    def __matmul__(self, other: Term) -> Term:
        return Term(expressions.matmul(self.node, other.node))

    def __rsub__(self, one: int) -> Term:
        if one != 1:
            raise TypeError(
                f"{one} - {expressions.show(self.node)}: only the complement 1 - a is written with a number"
            )
        return Term(expressions.add(expressions.ones_like(self.node), expressions.negate(self.node)))


def _factors(node: MatrixExpr) -> tuple[MatrixExpr, ...]:
    return tuple(node.args) if isinstance(node, HadamardProduct) else (node,)


def sigmoid(term: Term) -> Term:
    """σ(a) = 1/(1 + e^−a), entry by entry."""
    return Term(expressions.Elementwise("sigmoid", term.node))


def tanh(term: Term) -> Term:
    """The hyperbolic tangent, entry by entry."""
    return Term(expressions.Elementwise("tanh", term.node))


@dataclass(frozen=True)
class Symbol(Term):
    """A named array with a shape, a role, a meaning and a way of being written.

    Attributes:
        name: the one name it has in code, e.g. ``h_prev``, ``W_i``, ``i_bar``.
        letter: what is printed, e.g. ``h``, ``W``.
        index: what stands under the letter for good, e.g. ``i`` in W_i.
        when: the time step it belongs to, empty for what does not change over time.
        role: what part it plays.
        meaning, of: glossary keys: ``input-weight`` of ``input-gate``.
        bar: whether it is a pre-activation, written with a bar.
        cotangent_of: what it is the cotangent of, if it is one.
        through: for a part of a cotangent, the step through which it arrives.
    """

    name: str
    letter: str
    role: Role
    meaning: str
    index: str = ""
    when: When = ""
    of: str | None = None
    bar: bool = False
    cotangent_of: Symbol | None = None
    through: When = ""

    @property
    def shape(self) -> expressions.Shape:
        return tuple(self.node.shape)


@dataclass(frozen=True)
class State(Symbol):
    """A symbol that one step hands to the next."""

    def plain(self) -> Symbol:
        """The same symbol, no longer a state."""
        return Symbol(
            self.node, self.name, self.letter, self.role, self.meaning, self.index, self.when, self.of
        )

    @property
    def previous(self) -> Symbol:
        """The state of step t − 1."""
        name = f"{self.name}_prev"
        return Symbol(
            MatrixSymbol(name, *self.shape),
            name,
            self.letter,
            "previous-state",
            f"previous-{self.meaning}",
            when="t-1",
        )

    @property
    def initial(self) -> Symbol:
        """The state before the first step, at t = 0."""
        name = f"{self.name}_0"
        return Symbol(
            MatrixSymbol(name, *self.shape),
            name,
            self.letter,
            "initial-state",
            f"initial-{self.meaning}",
            when="0",
        )


def vector(name: str, size: Dimension, meaning: str) -> Symbol:
    """An input of the step: a column of ``size`` entries."""
    return Symbol(MatrixSymbol(name, size.size, 1), name, name, "input", meaning, when="t")


def state(name: str, size: Dimension, meaning: str) -> State:
    """A state: defined by an equation, read by the next step as ``.previous``."""
    return State(MatrixSymbol(name, size.size, 1), name, name, "state", meaning, when="t")


def quantity(name: str, size: Dimension, meaning: str) -> Symbol:
    """What an equation defines and only this step uses, e.g. a gate."""
    return Symbol(MatrixSymbol(name, size.size, 1), name, name, "intermediate", meaning, when="t")


def parameter(
    name: str, rows: Dimension, columns: Dimension | None, meaning: str, of: str | None = None
) -> Symbol:
    """A weight matrix, or a bias where ``columns`` is None; ``W_i`` prints as W with index i."""
    letter, _, index = name.partition("_")
    shape = (rows.size, columns.size if columns else 1)
    return Symbol(MatrixSymbol(name, *shape), name, letter, "parameter", meaning, index=index, of=of)


def gate_parameters(
    gate: str, hidden: Dimension, inputs: Dimension, of: str | None
) -> tuple[Symbol, Symbol, Symbol]:
    """The weights W (hidden × inputs), U (hidden × hidden) and the bias b of one gate; ``gate`` may be empty."""
    index = f"_{gate}" if gate else ""
    return (
        parameter(f"W{index}", hidden, inputs, "input-weight", of),
        parameter(f"U{index}", hidden, hidden, "recurrent-weight", of),
        parameter(f"b{index}", hidden, None, "bias", of),
    )


@dataclass(frozen=True)
class Source:
    """Where equations come from: a key of the bibliography and the place in it, e.g. ``eqs. (1)–(7)``."""

    key: str
    where: str


@dataclass(frozen=True)
class Equation:
    """``left = right``, the right side in the author's order."""

    left: Symbol
    right: Term

    def __post_init__(self) -> None:
        if self.left.shape != tuple(self.right.node.shape):
            raise CellError(
                f"{self.left.name}: expected {expressions.show_shape(self.left.node)}, "
                f"got {expressions.show_shape(self.right.node)} from {expressions.show(self.right.node)}"
            )


class CellError(ValueError):
    """A cell that is refused; the message names the cell, the equation and the symbol."""


@dataclass(frozen=True)
class Cell:
    """A recurrent cell: its forward equations and the symbols they are written in.

    The output is the state that the loss, or the layer above, reads at every step.

    Raises:
        CellError: a symbol defined twice, used before its definition (a cycle is such a case), undeclared or never
            used; a state without an equation; an activation of an unnamed expression inside a larger one.
    """

    name: str
    source: Source
    dimensions: tuple[Dimension, ...]
    inputs: tuple[Symbol, ...]
    states: tuple[State, ...]
    output: State
    parameters: tuple[Symbol, ...]
    equations: tuple[Equation, ...]
    also: tuple[Source, ...] = ()
    steps: tuple[Equation, ...] = field(init=False)

    def __post_init__(self) -> None:
        check(self)
        object.__setattr__(self, "steps", tuple(name_pre_activations(self.equations)))
        check_names(self)

    @property
    def quantities(self) -> tuple[Symbol, ...]:
        """What the step computes, pre-activations included, in order."""
        return tuple(e.left for e in self.steps)

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """Every symbol of the step: inputs, previous states, parameters, then what the step computes."""
        return (*self.inputs, *(s.previous for s in self.states), *self.parameters, *self.quantities)

    def symbol(self, name: str) -> Symbol:
        """The symbol of this name.

        Raises:
            KeyError: the cell has none of this name.
        """
        for s in self.symbols:
            if s.name == name:
                return s
        raise KeyError(f"{self.name} has no symbol {name}")


def name_pre_activations(equations: Iterable[Equation]) -> Iterable[Equation]:
    """Split ``i = σ(W x + …)`` into ``ī = W x + …`` and ``i = σ(ī)``: the backward pass needs ∂L/∂ī by name."""
    for equation in equations:
        node = equation.right.node
        if isinstance(node, expressions.Elementwise) and not isinstance(node.argument, MatrixSymbol):
            name = f"{equation.left.name}_bar"
            bar = replace(
                equation.left.plain() if isinstance(equation.left, State) else equation.left,
                node=MatrixSymbol(name, *equation.left.shape),
                name=name,
                role="intermediate",
                meaning="pre-activation",
                of=equation.left.meaning,
                bar=True,
            )
            yield Equation(bar, Term(node.argument))
            yield Equation(equation.left, Term(expressions.Elementwise(node.function, bar.node)))
        else:
            yield equation


def check(cell: Cell) -> None:
    """Refuse a cell whose equations do not define a step.

    Raises:
        CellError: as :class:`Cell` says.
    """
    given = (*cell.inputs, *(s.previous for s in cell.states), *cell.parameters)
    known: dict[str, MatrixSymbol] = {}
    for s in given:
        if s.name in known:
            raise CellError(f"{cell.name}: {s.name} is declared twice")
        known[s.name] = s.node
    lefts = {e.left.name for e in cell.equations}
    used: set[str] = set()
    for equation in cell.equations:
        name = equation.left.name
        for node in expressions.symbols_in(equation.right.node):
            _check_use(cell, name, node, known, lefts)
            used.add(node.name)
        _check_activations(cell, name, equation.right.node)
        if name in known:
            raise CellError(f"{cell.name}: equation for {name}: {name} is defined twice")
        known[name] = equation.left.node
    state_names = {s.name for s in cell.states}
    for s in cell.states:
        if s.name not in lefts:
            raise CellError(f"{cell.name}: state {s.name} has no equation")
        if s not in [e.left for e in cell.equations]:
            raise CellError(
                f"{cell.name}: equation for {s.name}: expected the state {s.name} on the left, got a quantity"
            )
    if cell.output.name not in state_names:
        raise CellError(
            f"{cell.name}: output {cell.output.name} is not one of the states {', '.join(sorted(state_names))}"
        )
    for name in known:
        if name not in used and name not in state_names:
            raise CellError(f"{cell.name}: {name} is never used")


def check_names(cell: Cell) -> None:
    """Refuse names that the derivation gives to something else: a pre-activation, a cotangent, a value at a step.

    Raises:
        CellError: the name, and what it would be taken for.
    """
    names = [s.name for s in cell.symbols]
    for name in names:
        if names.count(name) > 1:
            raise CellError(f"{cell.name}: {name} is also the name of a pre-activation; choose another")
        base, _, end = name.rpartition("_")
        if base in names and end in ("t", "next", "loss", "before", "after", "0", "1"):
            raise CellError(f"{cell.name}: {name} could be taken for {base} at a step; choose another")
        if name.startswith("d") and name[1:] in names:
            raise CellError(
                f"{cell.name}: {name} is also the name of the cotangent of {name[1:]}; choose another"
            )


def _check_use(
    cell: Cell, name: str, node: MatrixSymbol, known: dict[str, MatrixSymbol], lefts: set[str]
) -> None:
    where = f"{cell.name}: equation for {name}"
    if node.name == name:
        raise CellError(f"{where}: {name} is defined by itself, a cycle")
    if node.name not in known and node.name in lefts:
        raise CellError(
            f"{where}: {node.name} is used before it is defined (reorder the equations; a cycle cannot be)"
        )
    if node.name not in known:
        raise CellError(f"{where}: {node.name} is not declared")
    if known[node.name] != node:
        raise CellError(
            f"{where}: {node.name}: expected {expressions.show_shape(known[node.name])}, "
            f"got {expressions.show_shape(node)}"
        )


def _check_activations(cell: Cell, name: str, node: MatrixExpr) -> None:
    """An activation inside a larger expression must have a named argument, else its derivative cannot be printed."""
    for part in node.args:
        if not isinstance(part, MatrixExpr):
            continue
        if isinstance(part, expressions.Elementwise) and not isinstance(part.argument, MatrixSymbol):
            raise CellError(
                f"{cell.name}: equation for {name}: {expressions.show(part)}: give {expressions.show(part.argument)} "
                "an equation and a name of its own"
            )
        _check_activations(cell, name, part)
