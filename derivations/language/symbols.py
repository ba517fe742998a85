"""The names in equations: arrays with a shape, a role and a meaning, and the expressions that are made of them.

``@`` is the matrix product, ``*`` and ``/`` go entry by entry, and the order of the terms is kept. A plain number may
stand before a term, or be added to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from sympy import Expr, Integer, Rational
from sympy import Symbol as Scalar
from sympy.matrices.expressions.hadamard import HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language import expressions
from derivations.language.expressions import ONE, Anchor, Atom, Key, Part, Shape, atom
from derivations.language.primitives import apply
from derivations.language.structure import spread

Role = Literal[
    "input",
    "data",
    "constant",
    "state",
    "previous-state",
    "initial-state",
    "parameter",
    "intermediate",
    "cotangent",
    "count",
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


Sizes = Dimension | tuple[Dimension, ...]  # of a vector; () is a scalar, two are a matrix


def shape_of(sizes: Sizes) -> Shape:
    """The shape of an array of these sizes; a vector is a column, a scalar 1×1."""
    listed = _listed(sizes)
    if len(listed) > 2:
        raise expressions.ShapeError(f"expected at most two sizes, got {', '.join(d.name for d in listed)}")
    made = tuple(d.size for d in listed)
    return (*made, ONE, ONE)[:2]


@dataclass(frozen=True)
class Term:
    """An expression under construction; its operators keep the order in which they are written and check shapes.

    Attributes:
        node: the expression.
        used: the symbols that it is made of, in order; a cell learns from them what its equations speak of.
    """

    node: MatrixExpr
    used: tuple[Symbol, ...] = field(default=(), kw_only=True, compare=False, repr=False)

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        return self.used

    def __add__(self, other: Term) -> Term:
        return made(expressions.add(self.node, other.node), self, other)

    def __sub__(self, other: Term) -> Term:
        return made(expressions.add(self.node, expressions.negate(other.node)), self, other)

    def __neg__(self) -> Term:
        return made(expressions.negate(self.node), self)

    def __mul__(self, other: Term) -> Term:
        return made(expressions.hadamard(*_factors(self.node), other.node), self, other)

    def __truediv__(self, other: Term) -> Term:
        return made(apply("quotient", self.node, other.node), self, other)

    def __matmul__(self, other: Term) -> Term:
        return made(expressions.matmul(self.node, other.node), self, other)

    def __rmul__(self, number: int | Expr) -> Term:
        return made(expressions.times(_number(number, self), self.node), self)

    def __rsub__(self, one: int) -> Term:
        if one != 1:
            raise TypeError(
                f"{one} - {expressions.show(self.node)}: only the complement 1 - a is written with a number"
            )
        node = expressions.add(expressions.ones_like(self.node), expressions.negate(self.node))
        return made(node, self)

    @property
    def T(self) -> Term:
        """The transpose."""
        return made(expressions.transpose(self.node), self)


def made(node: MatrixExpr, *of: Term) -> Term:
    """A term that is made of others."""
    return Term(node, used=tuple(dict.fromkeys(s for term in of for s in term.symbols)))


def applied(name: str, *operands: Term) -> Term:
    """A primitive by its name."""
    return made(apply(name, *(term.node for term in operands)), *operands)


def _factors(node: MatrixExpr) -> tuple[MatrixExpr, ...]:
    return tuple(node.args) if isinstance(node, HadamardProduct) else (node,)


def _number(number: object, term: Term) -> Expr:
    """A whole number, a fraction or a size; a float is refused, since a formula is exact."""
    if isinstance(number, int | Rational | Expr) and not isinstance(number, bool | MatrixExpr):
        return number if isinstance(number, Expr) else Integer(number)
    raise TypeError(
        f"{number!r} times {expressions.show(term.node)}: expected a whole number, a fraction or a size"
    )


def sigmoid(term: Term) -> Term:
    """σ(a) = 1/(1 + e^−a), entry by entry."""
    return applied("sigmoid", term)


def tanh(term: Term) -> Term:
    """The hyperbolic tangent, entry by entry."""
    return applied("tanh", term)


def relu(term: Term) -> Term:
    """max(a, 0), entry by entry."""
    return applied("relu", term)


def exp(term: Term) -> Term:
    """e^a, entry by entry."""
    return applied("exp", term)


def log(term: Term) -> Term:
    """The natural logarithm, entry by entry."""
    return applied("log", term)


def softplus(term: Term) -> Term:
    """log(1 + e^a), entry by entry."""
    return applied("softplus", term)


def sqrt(term: Term) -> Term:
    """The square root, entry by entry."""
    return applied("sqrt", term)


def reciprocal(term: Term) -> Term:
    """1/a, entry by entry."""
    return applied("reciprocal", term)


def absolute(term: Term) -> Term:
    """|a|, entry by entry."""
    return applied("abs", term)


def hard_sigmoid(term: Term) -> Term:
    """min(max(a/6 + 1/2, 0), 1), entry by entry."""
    return applied("hard-sigmoid", term)


def square(term: Term) -> Term:
    """a², entry by entry."""
    return made(expressions.square(term.node), term)


def softmax(term: Term) -> Term:
    """e^{a_j} / Σ_k e^{a_k} of a vector."""
    return applied("softmax", term)


def maximum(a: Term, b: Term) -> Term:
    """The larger of two, entry by entry."""
    return applied("max", a, b)


def minimum(a: Term, b: Term) -> Term:
    """The smaller of two, entry by entry."""
    return applied("min", a, b)


def scale(s: Term, A: Term) -> Term:
    """A scalar times an array."""
    return applied("scale", s, A)


def rows(v: Term, S: Term) -> Term:
    """diag(v) S: every row of a matrix times its entry of a vector."""
    return applied("rows", v, S)


def total(term: Term) -> Term:
    """The sum of all entries, a scalar."""
    return applied("total", term)


def everywhere(s: Term, sizes: Sizes) -> Term:
    """A scalar at every place of an array of these sizes."""
    return made(spread(s.node, shape_of(sizes)), s)


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
        sizes: the dimensions of a declared symbol.
        state: for a previous or initial state, the state.
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
    sizes: tuple[Dimension, ...] = field(default=(), kw_only=True, compare=False)
    state: State | None = field(default=None, kw_only=True, compare=False, repr=False)

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        return (self,)

    @property
    def shape(self) -> Shape:
        return tuple(self.node.shape)

    @property
    def key(self) -> Key:
        return expressions.key_of(self.node)


@dataclass(frozen=True)
class State(Symbol):
    """A symbol that one step hands to the next."""

    def plain(self) -> Symbol:
        """The same symbol, no longer a state."""
        return Symbol(
            self.node,
            self.name,
            self.letter,
            self.role,
            self.meaning,
            self.index,
            self.when,
            self.of,
            sizes=self.sizes,
        )

    @property
    def previous(self) -> Symbol:
        """The state of step t − 1."""
        return self._at(f"{self.name}_prev", "previous-state", "previous", "t-1", "t", -1)

    @property
    def initial(self) -> Symbol:
        """The state before the first step, at t = 0."""
        return self._at(f"{self.name}_0", "initial-state", "initial", "0", "1", -1)

    def _at(self, name: str, role: Role, prefix: str, when: When, anchor: Anchor, offset: int) -> Symbol:
        node = atom(name, self.shape, Key(self.name, "value", anchor, offset))
        meaning = f"{prefix}-{self.meaning}"
        return Symbol(
            node, name, self.letter, role, meaning, self.index, when, self.of, sizes=self.sizes, state=self
        )


def _at_step(name: str, sizes: Sizes) -> Atom:
    return atom(name, shape_of(sizes), Key(name, "value", "t"))


def _listed(sizes: Sizes) -> tuple[Dimension, ...]:
    return (sizes,) if isinstance(sizes, Dimension) else sizes


def _split(name: str) -> tuple[str, str]:
    """The letter that is printed and its index."""
    letter, _, index = name.partition("_")
    return letter, index


def vector(name: str, size: Sizes, meaning: str) -> Symbol:
    """An input of the step, a column of ``size`` entries; () is a scalar, two sizes are a matrix."""
    letter, index = _split(name)
    return Symbol(_at_step(name, size), name, letter, "input", meaning, index, "t", sizes=_listed(size))


def data(name: str, size: Sizes, meaning: str, per: Literal["step", "sequence"] = "step") -> Symbol:
    """What is given and not learned, such as a mask or noise: no gradient is derived for it."""
    letter, index = _split(name)
    if per == "step":
        return Symbol(_at_step(name, size), name, letter, "data", meaning, index, "t", sizes=_listed(size))
    return Symbol(atom(name, shape_of(size)), name, letter, "constant", meaning, index, sizes=_listed(size))


def state(name: str, size: Sizes, meaning: str) -> State:
    """A state: defined by an equation, read by the next step as ``.previous``."""
    letter, index = _split(name)
    return State(_at_step(name, size), name, letter, "state", meaning, index, "t", sizes=_listed(size))


def quantity(name: str, size: Sizes, meaning: str) -> Symbol:
    """What an equation defines and only this step uses, e.g. a gate, or an output that is not carried on."""
    letter, index = _split(name)
    return Symbol(
        _at_step(name, size), name, letter, "intermediate", meaning, index, "t", sizes=_listed(size)
    )


def parameter(
    name: str, rows: Dimension | None, columns: Dimension | None, meaning: str, of: str | None = None
) -> Symbol:
    """A weight matrix, a bias where ``columns`` is None, a number where both are; ``W_i`` prints as W with index i."""
    letter, index = _split(name)
    sizes = tuple(d for d in (rows, columns) if d is not None)
    return Symbol(atom(name, shape_of(sizes)), name, letter, "parameter", meaning, index, of=of, sizes=sizes)


def gate_parameters(
    gate: str, hidden: Dimension, inputs: Dimension, of: str | None, recurrent: Dimension | None = None
) -> tuple[Symbol, Symbol, Symbol]:
    """The weights W (hidden × inputs), U (hidden × recurrent) and the bias b of one gate; ``gate`` may be empty."""
    index = f"_{gate}" if gate else ""
    return (
        parameter(f"W{index}", hidden, inputs, "input-weight", of),
        parameter(f"U{index}", hidden, recurrent or hidden, "recurrent-weight", of),
        parameter(f"b{index}", hidden, None, "bias", of),
    )


def part_of(symbol: Symbol, name: str, part: Part, anchor: Anchor, offset: int = 0) -> Atom:
    """The atom of a cotangent of a symbol, of one kind, at one step."""
    return atom(name, symbol.shape, Key(symbol.key.base, part, anchor, offset))


def at_first_step(symbol: Symbol, name: str) -> Symbol:
    """The symbol in an expression that is taken at t = 1."""
    plain = symbol.plain() if isinstance(symbol, State) else symbol
    of = symbol.cotangent_of
    return replace(
        plain,
        node=atom(name, symbol.shape, symbol.key.at_first_step()),
        name=name,
        when="1" if symbol.when else "",
        cotangent_of=at_first_step(of, f"{of.name}_1") if of else None,
    )
