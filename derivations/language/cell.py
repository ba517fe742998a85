"""The cell: its forward equations; what they speak of is inferred from them.

A cell file reads as the paper does::

    i = quantity("i", H, "input-gate")
    Equation(i, sigmoid(W_i @ x + U_i @ h.previous + b_i))

Words do not stand here: a symbol carries a glossary key, and the docs say it in each language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from sympy import MatrixSymbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language import expressions
from derivations.language.expressions import (
    Apply,
    Elementwise,
    Key,
    ShapeError,
    atom,
    parts,
    show,
    show_shape,
)
from derivations.language.symbols import Dimension, State, Symbol, Term

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
# An operand that is not named would have no name in the derivative; what is behind it may be any expression.
NAMED_OPERANDS = {"quotient": (1,), "max": (0, 1), "min": (0, 1), "softmax": (0,)}


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
                f"{self.left.name}: expected {show_shape(self.left.node)}, "
                f"got {show_shape(self.right.node)} from {show(self.right.node)}"
            )


class CellError(ValueError):
    """A cell that is refused; the message names the cell, the equation and the symbol."""


@dataclass(frozen=True)
class Difference:
    """What sets a variant apart from its parent.

    Attributes:
        changed: pairs of an equation of the parent and the one in its place; None where there is none.
        gone, new: parameters that fall away, and that come.
    """

    changed: tuple[tuple[Equation | None, Equation | None], ...]
    gone: tuple[Symbol, ...]
    new: tuple[Symbol, ...]


@dataclass(frozen=True)
class Cell:
    """A recurrent cell: its forward equations. All else that it has is read off them.

    Attributes:
        outputs: what the loss, or the layer above, reads at every step: states, or quantities that are not carried on.
        parent: the cell of which this is a variant.
        inputs, data, constants, parameters: in the order in which the equations first use them; data are given at
            every step and constants once, and for neither is a gradient derived.
        states: what a step hands to the next: what some equation reads as ``.previous``.
        dimensions: the sizes, those of the inputs first.
        steps: the equations with every pre-activation named.

    Raises:
        CellError: a symbol defined twice, used before its definition (a cycle is such a case), of two shapes or never
            used; an output or state without an equation; two symbols with one name in code; a function of an unnamed
            expression inside a larger one.
    """

    name: str
    source: Source
    equations: tuple[Equation, ...]
    outputs: tuple[Symbol, ...]
    also: tuple[Source, ...] = ()
    parent: Cell | None = field(default=None, compare=False, repr=False)
    inputs: tuple[Symbol, ...] = field(init=False)
    data: tuple[Symbol, ...] = field(init=False)
    constants: tuple[Symbol, ...] = field(init=False)
    parameters: tuple[Symbol, ...] = field(init=False)
    states: tuple[State, ...] = field(init=False)
    dimensions: tuple[Dimension, ...] = field(init=False)
    steps: tuple[Equation, ...] = field(init=False)

    def __post_init__(self) -> None:
        used = _unique(self, (s for e in self.equations for s in e.right.symbols))
        by_role = {role: tuple(s for s in used if s.role == role) for role in ("input", "data", "constant")}
        states = _states(self, used)
        inferred = {
            "inputs": by_role["input"],
            "data": by_role["data"],
            "constants": by_role["constant"],
            "parameters": tuple(s for s in used if s.role == "parameter"),
            "states": states,
        }
        for name, value in inferred.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "dimensions", _dimensions(self))
        check(self)
        object.__setattr__(self, "steps", tuple(name_pre_activations(self.equations)))
        check_names(self)

    @property
    def output(self) -> Symbol:
        """The output that a layer above reads."""
        return self.outputs[0]

    @property
    def quantities(self) -> tuple[Symbol, ...]:
        """What the step computes, pre-activations included, in order."""
        return tuple(e.left for e in self.steps)

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """Every symbol of the step: what is given, previous states, parameters, then what the step computes."""
        given = (*self.inputs, *self.data, *self.constants)
        return (*given, *(s.previous for s in self.states), *self.parameters, *self.quantities)

    def symbol(self, name: str) -> Symbol:
        """The symbol of this name.

        Raises:
            KeyError: the cell has none of this name.
        """
        for s in self.symbols:
            if s.name == name:
                return s
        raise KeyError(f"{self.name} has no symbol {name}")

    def variant(
        self,
        name: str,
        source: Source,
        *equations: Equation,
        without: Iterable[Symbol] = (),
        also: tuple[Source, ...] = (),
    ) -> Cell:
        """The same cell but for these equations: each takes the place of the one with its left side, or is added.

        An equation that reads what now comes after it moves to where that is defined. What nothing reads any more
        falls away with the equations in ``without``.
        """
        left_out = {s.name for s in without}
        new = {e.left.name: e for e in equations}
        kept = [new.pop(e.left.name, e) for e in self.equations if e.left.name not in left_out]
        return Cell(name, source, tuple(_in_order([*kept, *new.values()])), self.outputs, also, self)

    @property
    def difference(self) -> Difference | None:
        """What sets the cell apart from its parent, if it has one."""
        if self.parent is None:
            return None
        old = {e.left.name: e for e in self.parent.equations}
        new = {e.left.name: e for e in self.equations}
        names = dict.fromkeys((*old, *new))
        pairs = ((old.get(n), new.get(n)) for n in names)
        mine, theirs = ({p.name: p for p in cell.parameters} for cell in (self, self.parent))
        return Difference(
            tuple((a, b) for a, b in pairs if a is None or b is None or a.right.node != b.right.node),
            tuple(p for n, p in theirs.items() if n not in mine),
            tuple(p for n, p in mine.items() if n not in theirs),
        )


def _unique(cell: Cell, found: Iterable[Symbol]) -> tuple[Symbol, ...]:
    """Each symbol once.

    Raises:
        CellError: two have one name and differ.
    """
    known: dict[str, Symbol] = {}
    for s in found:
        other = known.setdefault(s.name, s)
        if other.role != s.role:
            raise CellError(f"{cell.name}: {s.name} is declared twice, as {other.role} and as {s.role}")
        if other.node != s.node:
            raise CellError(
                f"{cell.name}: {s.name}: expected {show_shape(other.node)}, got {show_shape(s.node)}"
            )
    return tuple(known.values())


def _states(cell: Cell, used: Sequence[Symbol]) -> tuple[State, ...]:
    """The states that are carried, outputs first, then as the equations define them."""
    carried = {s.state.name: s.state for s in used if s.role == "previous-state" and s.state is not None}
    lefts = [e.left for e in cell.equations]
    for name, s in carried.items():
        if name not in [left.name for left in lefts]:
            raise CellError(f"{cell.name}: state {name} has no equation")
        if s not in lefts:
            raise CellError(
                f"{cell.name}: equation for {name}: expected the state {name} on the left, got a quantity"
            )
    order = dict.fromkeys([*(o.name for o in cell.outputs), *(left.name for left in lefts)])
    return tuple(carried[name] for name in order if name in carried)


def _dimensions(cell: Cell) -> tuple[Dimension, ...]:
    declared = (*cell.inputs, *cell.data, *cell.constants, *cell.states, *cell.parameters)
    everything = (*declared, *(e.left for e in cell.equations))
    return tuple(dict.fromkeys(d for s in everything for d in s.sizes))


def _in_order(equations: Sequence[Equation]) -> Iterator[Equation]:
    """As they stand, but each after those that it reads."""
    waiting = list(equations)
    lefts = {e.left.name for e in equations}
    done: set[str] = set()
    while waiting:
        ready = next((e for e in waiting if not _reads(e, lefts) - done), waiting[0])
        waiting.remove(ready)
        done.add(ready.left.name)
        yield ready


def _reads(equation: Equation, lefts: set[str]) -> set[str]:
    """What it reads of the same step."""
    return {s.name for s in equation.right.symbols if s.name in lefts} - {equation.left.name}


def name_pre_activations(equations: Iterable[Equation]) -> Iterator[Equation]:
    """Split ``i = σ(W x + …)`` into ``ī = W x + …`` and ``i = σ(ī)``: the backward pass needs ∂L/∂ī by name."""
    for equation in equations:
        node = equation.right.node
        argument = _function_argument(node)
        if argument is None or isinstance(argument, MatrixSymbol):
            yield equation
            continue
        left = equation.left
        name = f"{left.name}_bar"
        bar = replace(
            left.plain() if isinstance(left, State) else left,
            node=atom(name, tuple(argument.shape), Key(name, "value", "t")),
            name=name,
            role="intermediate",
            meaning="pre-activation",
            of=left.meaning,
            bar=True,
        )
        yield Equation(bar, Term(argument, used=equation.right.symbols))
        outer = node.xreplace({argument: bar.node})
        yield Equation(left, Term(outer, used=(bar,)))


def _function_argument(node: MatrixExpr) -> MatrixExpr | None:
    """The argument of a function of one argument."""
    if isinstance(node, Elementwise):
        return node.argument
    return node.operands[0] if isinstance(node, Apply) and node.function == "softmax" else None


def check(cell: Cell) -> None:
    """Refuse a cell whose equations do not define a step.

    Raises:
        CellError: as :class:`Cell` says.
    """
    given = (*cell.inputs, *cell.data, *cell.constants, *(s.previous for s in cell.states), *cell.parameters)
    known: dict[str, MatrixSymbol] = {s.name: s.node for s in given}
    lefts = {e.left.name for e in cell.equations}
    used: set[str] = set()
    for equation in cell.equations:
        name = equation.left.name
        for node in expressions.symbols_in(equation.right.node):
            _check_use(cell, name, node, known, lefts)
            used.add(node.name)
        _check_operands(cell, name, equation.right.node, outermost=True)
        if name in known:
            raise CellError(f"{cell.name}: equation for {name}: {name} is defined twice")
        known[name] = equation.left.node
    if not cell.outputs:
        raise CellError(f"{cell.name}: expected at least one output, got none")
    for s in cell.outputs:
        if s.name not in lefts:
            raise CellError(
                f"{cell.name}: output {s.name} is not one of what the equations define: {', '.join(sorted(lefts))}"
            )
    kept = {s.name for s in (*cell.states, *cell.outputs)}
    for name in lefts:
        if name not in used | kept:
            raise CellError(f"{cell.name}: {name} is never used")


def check_names(cell: Cell) -> None:
    """Refuse names that in code would be those of something else: a pre-activation, a cotangent, a value at a step.

    Raises:
        CellError: the name, and what it would be taken for.
    """
    for s in cell.symbols:
        if not NAME.fullmatch(s.name):
            raise CellError(
                f"{cell.name}: {s.name!r}: expected a letter, then letters, digits or underscores"
            )
    names = [s.name for s in cell.symbols]
    for name in names:
        if names.count(name) > 1:
            raise CellError(f"{cell.name}: {name} is also the name of a pre-activation; choose another")
    moving = {s.name for s in cell.symbols if s.when}
    for name in names:
        base, _, end = name.rpartition("_")
        if base in moving and end in ("next", "loss", "0", "1"):
            raise CellError(f"{cell.name}: {name} could be taken for {base} at a step; choose another")
        for prefixed in (
            name.removesuffix("_t"),
            name.removesuffix("_next"),
            name.removesuffix("_loss"),
            name,
        ):
            if prefixed.startswith("d") and prefixed[1:] in names and name not in (f"{n}_bar" for n in names):
                raise CellError(
                    f"{cell.name}: {name} is also the name of a cotangent of {prefixed[1:]}; choose another"
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
            f"{where}: {node.name}: expected {show_shape(known[node.name])}, got {show_shape(node)}"
        )


def _check_operands(cell: Cell, name: str, node: MatrixExpr, outermost: bool = False) -> None:
    """A function inside a larger expression must have a named argument, else its derivative cannot be printed."""
    operands = node.operands if isinstance(node, Apply) else parts(node)
    needed: tuple[int, ...] = (0,) if isinstance(node, Elementwise) else ()
    if isinstance(node, Apply):
        needed = NAMED_OPERANDS.get(node.function, ())
    if outermost and _function_argument(node) is not None:
        needed = ()  # named by ``name_pre_activations``
    for k in needed:
        if not isinstance(operands[k], MatrixSymbol):
            raise CellError(
                f"{cell.name}: equation for {name}: {show(node)}: give {show(operands[k])} "
                "an equation and a name of its own"
            )
    for part in operands:
        _check_operands(cell, name, part)


__all__ = ["Cell", "CellError", "Difference", "Equation", "ShapeError", "Source", "check", "check_names"]
