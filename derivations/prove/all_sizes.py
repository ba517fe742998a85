"""Proof for all sizes: SymPy differentiates in index notation, with D, H and T left symbolic.

Two scalars are differentiated. The first takes the equations one at a time, Σ over equations of Σ_k ∂L/∂(left)[k] ·
right[k], plus what the loss and step t + 1 put on the outputs and states; the cotangents stand as symbols. Its
derivative in one entry of v, by SymPy's own ``diff``, is what the chain rule sends to v through the equations that read
it, and that is what a derived statement is compared with. This is linear in the number of equations.
The chain rule within the step is then part of the lemma that carries it to every T: see the method page.

The second, where it is small, is the whole step composed into a function of x, the previous states and every parameter,
cut open at the quantity in question: there the chain rule within the step is SymPy's too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count

from sympy import (
    Add,
    Expr,
    IndexedBase,
    Integer,
    MatAdd,
    MatMul,
    MatrixSymbol,
    Mul,
    OneMatrix,
    Sum,
    Transpose,
    expand,
)
from sympy import Symbol as Scalar
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.derive.formula import Formula
from derivations.language.cell import Cell
from derivations.language.expressions import (
    Apply,
    AtStep,
    Elementwise,
    Key,
    TimeSum,
    is_numbered,
    key_of,
    symbols_in,
)
from derivations.language.symbols import Symbol
from derivations.prove import sums
from derivations.prove.functions import call, slope
from derivations.prove.primitives import RECIPROCAL
from derivations.prove.size import written_out
from derivations.prove.sums import Normalizer, Polynomial
from derivations.prove.verdict import Verdict

METHOD = "all-sizes"
STEPS = Scalar("T", integer=True, positive=True)
TIME, FIRST = Scalar("t", integer=True), Integer(1)
ROW, COLUMN = Scalar("p", integer=True), Scalar("q", integer=True)
ONLY = Scalar("only", integer=True)  # the one place of a number that does not change over time
RUNNING = (str(TIME), str(FIRST), str(STEPS))
# A step written out in this many symbols or fewer is also proved composed: that takes a few seconds at most.
COMPOSED_UP_TO = 32
# How the parts of a cotangent are told apart in index notation; no name of a cell holds these characters.
MARKS = {"value": "", "cotangent": "∂", "loss": "Δ", "arriving": "←", "contribution": "∂∂"}


def composes(cell: Cell) -> bool:
    """Whether the cell's step is small enough to be proved composed as well."""
    return written_out(cell) <= COMPOSED_UP_TO


class AllSizes:
    """Proves the formulas of one cell for every size and every T.

    Args:
        composed: whether the whole step is composed, or the equations are taken one at a time.
    """

    def __init__(self, cell: Cell, composed: bool = False) -> None:
        self.cell, self.composed = cell, composed
        self._definitions = {e.left.key.base: e.right.node for e in cell.steps}
        self._carried = {s.name for s in cell.states}
        self._outputs = {s.name for s in cell.outputs}
        self._constant = {p.name: p for p in (*cell.parameters, *cell.constants)}
        self._indices = count()
        self._truths: dict[tuple[Key, str], Polynomial] = {}
        self._symbols: Mapping[str, Symbol] = {}
        self._normal = Normalizer(self._resolve)

    def prove(self, formula: Formula) -> Verdict:
        """Compare the statement, and every step that leads to it, with what SymPy's differentiation gives."""
        if formula.pass_ == "count":
            return self._prove_count(formula)
        self._symbols = formula.symbols
        truth = self._truth(formula.left)
        statements = [
            (s.right, s.rules) for s in formula.steps if s.kind in ("substitute", "rewrite", "result")
        ]
        for right, rules in (*statements, (formula.right, ())):
            claim = self._normal(self._entry(right, TIME, *_place(right)))
            difference = sums.add(claim, truth, -1)
            if difference:
                step = f" (step {', '.join(rules)})" if rules else ""
                reason = f"{formula.id}{step} differs from the derivative in {_few(difference)}"
                return Verdict(METHOD, "refuted", self._coverage(), reason)
        return Verdict(METHOD, "proved", self._coverage() | {"statements": len(statements)})

    def refuses(self, broken: Formula) -> bool:
        """Whether a broken formula differs from the derivative: the check of ``prove`` on the bare statement."""
        return self.prove(broken).outcome == "refuted"

    def same(self, one: Formula, other: Formula) -> bool:
        """Whether two right sides are equal for all sizes, whatever their order: the difference is zero."""
        self._symbols = one.symbols
        first, second = (self._normal(self._entry(f.right, TIME, *_place(one.right))) for f in (one, other))
        return not sums.add(first, second, -1)

    def _coverage(self) -> dict[str, object]:
        sizes = [d.name for d in self.cell.dimensions]
        return {"sizes": sizes, "T": "every T", "composed": self.composed}

    def _prove_count(self, formula: Formula) -> Verdict:
        total = Add(*(Mul(*p.shape) for p in self.cell.parameters))
        difference = expand(total - formula.right)
        if difference != 0:
            return Verdict(METHOD, "refuted", self._coverage(), f"{formula.id} is off by {difference}")
        return Verdict(METHOD, "proved", {"sizes": [d.name for d in self.cell.dimensions]})

    # The truth: SymPy's derivative.

    def _truth(self, left: Symbol) -> Polynomial:
        """The entry [p] or [p, q] of ∂L/∂v as SymPy differentiates it."""
        of = left.cotangent_of
        if of is None:
            raise TypeError(f"{left.name} is no cotangent")
        if of.role == "parameter":
            return self._parameter_truth(of, by_step=left.key.part == "contribution")
        return self._quantity_truth(left.key)

    def _quantity_truth(self, key: Key) -> Polynomial:
        """The derivative at a quantity of a step, or at the state before it, as that step reads it."""
        known = key, "of a step"
        if known not in self._truths:
            time = FIRST if key.anchor == "1" else TIME
            shape = self._shape_of(key.base)
            scalar = self._scalar(time, key)
            at = IndexedBase(key.base)[(time + key.offset, *_entry_of(shape))]
            self._truths[known] = self._normal(scalar.diff(at))
        return self._truths[known]

    def _parameter_truth(self, parameter: Symbol, by_step: bool) -> Polynomial:
        known = parameter.key, "of a step" if by_step else "of all"
        if known not in self._truths:
            place = _entry_of(tuple(parameter.shape)) or (ONLY,)
            if by_step:
                # A copy of the parameter for each step: its derivative is the contribution of that step alone.
                step = self._scalar(TIME, parameter.key, copied=parameter.name)
                entry = IndexedBase(parameter.name)[(TIME, *place)]
            else:
                step = Sum(self._scalar(TIME, parameter.key), (TIME, 1, STEPS))
                entry = IndexedBase(parameter.name)[place]
            self._truths[known] = self._normal(step.diff(entry))
        return self._truths[known]

    def _scalar(self, time: Expr, key: Key, copied: str = "") -> Expr:
        """What is differentiated, for the quantity of this key; one parameter may be copied for the step."""
        return (
            self._composed_scalar(time, key, copied)
            if self.composed
            else self._local_scalar(time, key, copied)
        )

    def _local_scalar(self, time: Expr, key: Key, copied: str) -> Expr:
        """Σ ∂L/∂(left) · right over the equations that read it, and what reaches it from outside of the step."""
        name, own = key.base, key.part == "cotangent"
        terms = [
            self._weighted(
                [MARKS["cotangent"] + e.left.key.base],
                time,
                e.left.shape,
                self._reader(e.right.node, time, "", copied),
            )
            for e in self.cell.steps
            if any(self._reads(s, key) for s in symbols_in(e.right.node))
        ]
        return Add(*terms, *(self._from_outside(time, name) if own and name in self._definitions else ()))

    def _reads(self, node: MatrixSymbol, key: Key) -> bool:
        """Whether a symbol of an equation is what the key is the cotangent of."""
        found = key_of(node)
        return found.base == key.base and found.offset == (key.offset if key.part == "arriving" else 0)

    def _composed_scalar(self, time: Expr, key: Key, copied: str) -> Expr:
        """Everything that the step hands out, weighted: a function of what is given, cut open at the quantity."""
        cut = key.base if key.part == "cotangent" else "-"
        names = dict.fromkeys([*self._outputs, *self._carried])
        terms = []
        for name in (e.left.key.base for e in self.cell.steps if e.left.key.base in names):
            shape = self._shape_of(name)

            def entry(*place: Expr, name: str = name) -> Expr:
                return self._composed_entry(name, time, place, cut, copied)

            terms.append(self._weighted(self._outside(name), time, shape, entry))
        return Add(*terms)

    def _from_outside(self, time: Expr, name: str) -> Iterator[Expr]:
        """What the loss and the next step put on a quantity directly."""
        if weights := self._outside(name):
            at = IndexedBase(name)
            yield self._weighted(weights, time, self._shape_of(name), lambda *place: at[(time, *place)])

    def _outside(self, name: str) -> list[str]:
        """The cotangents that reach a quantity from outside of the step."""
        parts = ("loss", self._outputs), ("arriving", self._carried)
        return [MARKS[part] + name for part, names in parts if name in names]

    def _weighted(
        self, weights: list[str], time: Expr, shape: tuple[Expr, ...], entry: Callable[..., Expr]
    ) -> Expr:
        """The sum of all entries, each times the weights of its place."""
        place = tuple(self._fresh() for n in shape if n != 1)
        body = Add(*(IndexedBase(w)[(time, *place)] for w in weights)) * entry(*place)
        limits = [(k, 1, n) for k, n in zip(place, (n for n in shape if n != 1), strict=True)]
        return Sum(body, *limits) if limits else body

    def _shape_of(self, name: str) -> tuple[Expr, ...]:
        for s in (*self.cell.symbols, *self.cell.states):
            if s.name == name:
                return tuple(s.shape)
        raise KeyError(f"{self.cell.name} has no symbol {name}")

    # Index notation.

    def _fresh(self) -> Scalar:
        return Scalar(f"k{next(self._indices)}", integer=True)

    def _reader(self, node: MatrixExpr, time: Expr, cut: str, copied: str) -> Callable[..., Expr]:
        def entry(*place: Expr) -> Expr:
            return self._entry(node, time, *place, cut=cut, copied=copied)

        return entry

    def _composed_entry(self, name: str, time: Expr, place: tuple[Expr, ...], cut: str, copied: str) -> Expr:
        if name == cut:
            return IndexedBase(name)[(time, *place)]
        return self._entry(self._definitions[name], time, *place, cut=cut, copied=copied)

    def _entry(self, node: MatrixExpr, time: Expr, *place: Expr, cut: str = "", copied: str = "") -> Expr:
        """One entry of an expression. With ``cut`` given, what the step defines is composed, up to the cut."""

        def entry(part: MatrixExpr, *at: Expr) -> Expr:
            return self._entry(part, time, *at, cut=cut, copied=copied)

        match node:
            case MatrixSymbol():
                key = key_of(node)
                if (
                    cut
                    and key.part == "value"
                    and key.anchor
                    and not key.offset
                    and key.base in self._definitions
                ):
                    return self._composed_entry(key.base, time, place, cut, copied)
                return self._indexed(key, time, place, copied)
            case OneMatrix():
                return Integer(1)
            case MatAdd():
                return Add(*(entry(a, *place) for a in node.args))
            case HadamardProduct():
                return Mul(*(entry(a, *place) for a in node.args))
            case HadamardPower():
                return entry(node.base, *place) ** node.args[1]
            case Transpose():
                return entry(node.arg, *reversed(place))
            case MatMul() if is_numbered(node):
                return node.args[0] * entry(node.args[1], *place)
            case MatMul():
                return self._product(node, entry, place)
            case Elementwise():
                argument = entry(node.argument, *place)
                if node.function.endswith("'"):
                    return slope(node.function.removesuffix("'"), argument)
                return call(node.function, argument)
            case Apply():
                return self._applied(node, entry, place)
            case AtStep():
                at = FIRST if node.when == "1" else STEPS
                return self._entry(node.body, at, *place, cut=cut, copied=copied)
            case TimeSum():
                return Sum(entry(node.body, *place), (TIME, 1, STEPS))
            case _:
                raise TypeError(f"no index notation for {type(node).__name__}: {node}")

    def _applied(self, node: Apply, entry: Callable[..., Expr], place: tuple[Expr, ...]) -> Expr:
        first, *rest = node.operands
        match node.function:
            case "quotient":
                return entry(first, *place) * call(RECIPROCAL, entry(rest[0], *place))
            case "scale":
                return entry(first) * entry(rest[0], *place)
            case "rows":
                return entry(first, place[0]) * entry(rest[0], *place)
            case "spread":
                return entry(first)
            case "total":
                return self._sum_of(first, entry)
            case "softmax":
                power = call("exp", entry(first, *place))
                k = self._fresh()
                return power * call(RECIPROCAL, Sum(call("exp", entry(first, k)), (k, 1, first.shape[0])))
            case function:
                return call(function, *(entry(a, *place) for a in node.operands))

    def _sum_of(self, node: MatrixExpr, entry: Callable[..., Expr]) -> Expr:
        sizes = [n for n in node.shape if n != 1]
        place = tuple(self._fresh() for _ in sizes)
        body = entry(node, *place)
        return Sum(body, *((k, 1, n) for k, n in zip(place, sizes, strict=True))) if sizes else body

    def _product(self, node: MatMul, entry: Callable[..., Expr], place: tuple[Expr, ...]) -> Expr:
        """Rows of the left times columns of the right; an axis of size 1 has no index."""
        left, right = node.args
        rows, columns = place[: int(left.shape[0] != 1)], place[int(left.shape[0] != 1) :]
        if left.shape[1] == 1:  # an outer product: nothing is summed
            return entry(left, *rows) * entry(right, *columns)
        k = self._fresh()
        return Sum(entry(left, *rows, k) * entry(right, k, *columns), (k, 1, left.shape[1]))

    def _indexed(self, key: Key, time: Expr, place: tuple[Expr, ...], copied: str) -> Expr:
        base = IndexedBase(MARKS[key.part] + key.base)
        if not key.anchor:
            at = place or (ONLY,)
            return base[(time, *at)] if key.base == copied else base[at]
        return base[((FIRST if key.anchor == "1" else time) + key.offset, *place)]

    def _resolve(self, name: str, indices: tuple[str, ...]) -> Polynomial | None:
        """What a symbol stands for: a value its function, a contribution its truth, anything else itself."""
        if name in self._constant:
            return self._uncopied(name, indices)
        time, *place = indices
        definition = self._definitions.get(name)
        # Of the running step alone: what came before it is given, as far as the step is concerned.
        if definition is not None and time in RUNNING and (self.composed or _is_function(definition)):
            at = Integer(1) if time == "1" else Scalar(time, integer=True)
            return self._normal(self._entry(definition, at, *map(Scalar, place)))
        if name[0] in "∂←" and self._is_known(name, time):
            return self._renamed(name, time, place)
        return None

    def _is_known(self, name: str, time: str) -> bool:
        """Whether a cotangent on a right side is replaced by the truth about it."""
        if name.startswith("∂∂"):
            return True
        if name.startswith("←"):
            return self.composed and time in ("t - 1", "0")
        return self.composed and name[1:] in self._definitions

    def _renamed(self, name: str, time: str, place: list[str]) -> Polynomial:
        if name.startswith("∂∂"):
            truth = self._parameter_truth(self._constant[name[2:]], by_step=True)
        elif name.startswith("←"):
            key = Key(name[1:], "arriving", "1" if time == "0" else "t", -1)
            return self._placed(self._quantity_truth(key), {}, place)
        else:
            truth = self._quantity_truth(Key(name[1:], "cotangent", "t"))
        before = "0" if time == "1" else f"{time} - 1"
        return self._placed(truth, {"t": time, "t - 1": before}, place)

    def _placed(self, truth: Polynomial, times: dict[str, str], place: list[str]) -> Polynomial:
        """A truth at another step and another entry."""
        return sums.rename(truth, times | dict(zip((str(ROW), str(COLUMN)), place, strict=False)))

    def _uncopied(self, name: str, indices: tuple[str, ...]) -> Polynomial | None:
        """A copy of a parameter has the parameter's value, whichever step it belongs to."""
        rank = max(1, sum(1 for n in self._constant[name].shape if n != 1))
        return {sums.canonical([(name, indices[1:])], ()): 1} if len(indices) > rank else None


def _is_function(node: MatrixExpr) -> bool:
    return isinstance(node, Elementwise) or (
        isinstance(node, Apply) and node.function in ("quotient", "softmax", "max", "min")
    )


def _entry_of(shape: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """The indices of one entry: none for a scalar, one for a vector, two for a matrix."""
    return (ROW, COLUMN)[: sum(1 for n in shape if n != 1)]


def _place(right: MatrixExpr) -> tuple[Expr, ...]:
    return _entry_of(tuple(right.shape))


def _few(difference: Polynomial) -> str:
    """The first terms of a difference, for a message."""
    shown = []
    for (atoms, sizes), coefficient in list(difference.items())[:3]:
        product = " ".join(f"{name}[{','.join(map(str, indices))}]" for name, indices in atoms)
        over = "Σ " * len(sizes)
        sign = "+" if coefficient > 0 else ""
        shown.append(f"{sign}{coefficient} {over}{product}")
    more = f" and {len(difference) - 3} more terms" if len(difference) > 3 else ""
    return ", ".join(shown) + more
