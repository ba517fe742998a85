"""Proof exactly, unrolled: T steps at small sizes that all differ, every entry written out.

The forward equations are composed into one scalar loss, L = Σ_t Σ Δ_t·(every output of step t) + Σ (cotangent on the
final state)·(final state), which SymPy differentiates in one entry. The derived formulas are run as the recursion that
they are, from t = T down to 1, over polynomials. The difference is the zero polynomial, or the formula is refuted.
Nothing is sampled: every weight, state and cotangent stays a symbol, and so does the value of every quantity at every
step. An identity in more free symbols is the stronger one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from math import prod
from typing import Any

from flint import Ordering, fmpq, fmpq_mpoly_ctx, fmpz_mpoly_ctx
from sympy import Add, Expr, Integer, MatrixSymbol, Mul, Pow, Rational, preorder_traversal
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.derive.formula import Formula
from derivations.language.cell import Cell
from derivations.language.expressions import (
    AtStep,
    Elementwise,
    Key,
    TimeSum,
    is_product,
    key_of,
    parts,
    symbols_in,
)
from derivations.prove.entries import Arithmetic, Entry, Matrix, evaluate
from derivations.prove.primitives import FRACTIONS, RECIPROCAL
from derivations.prove.size import written_out
from derivations.prove.values import NAMED, Held, Leaf, Part, Value, mark_of_function, product, value
from derivations.prove.verdict import Verdict

METHOD = "unrolled"
# All different, so that no mix-up of two of them fits; what is not named here takes the smallest that is left.
SIZES = {"D": 3, "H": 2}
HORIZONS = (1, 2)
LONGER, LONGER_UP_TO = 3, 2000  # three steps where the step's symbols times the weights' entries are so few
SPARE = 64
SERIAL = count()  # tells the values of one prover from those of another: SymPy's caches outlive both

Place = tuple[str, str, int]  # which part of what, at which step; what does not change over time is at step 0
# Functions whose derivative is not stated through values that the forward pass has.
SLOPES_ARE_FUNCTIONS = ("relu", "log", "softplus", "sqrt", "abs", "hard-sigmoid", "max", "min")
READ = "read"  # a previous state as one step reads it
COPY = "copy"  # a parameter as one step uses it


@dataclass
class Comparison:
    """What has been compared for one formula so far."""

    entries: int = 0
    reason: str = ""


def sizes_of(cell: Cell) -> dict[str, int]:
    """A whole number from 2 for every dimension, all different."""
    left = (n for n in count(2) if n not in {SIZES[d.name] for d in cell.dimensions if d.name in SIZES})
    return {d.name: SIZES[d.name] if d.name in SIZES else next(left) for d in cell.dimensions}


def horizons(cell: Cell) -> tuple[int, ...]:
    """The numbers of steps over which the cell's formulas are proved: 1 and 2, and 3 where it takes seconds only."""
    sizes = sizes_of(cell)
    weights = sum(prod(sizes[d.name] for d in p.sizes) for p in (*cell.parameters, *cell.inputs))
    return (*HORIZONS, LONGER) if written_out(cell) * weights <= LONGER_UP_TO else HORIZONS


class Unrolled:
    """Proves the formulas of one cell over ``steps`` steps."""

    def __init__(self, cell: Cell, steps: int) -> None:
        self.cell, self.steps = cell, steps
        self._serial = next(SERIAL)
        self._sizes = sizes_of(cell)
        self._dimensions = {d.size: self._sizes[d.name] for d in cell.dimensions}
        self._states = {s.name for s in cell.states}
        self._leaves: dict[str, Matrix] = {}
        self._marks: set[str] = set()
        self._composed = self._compose(None, [])
        self._loss = self._loss_of(self._composed)
        self._number: dict[str, int] = {}  # of a generator, by what it stands for
        self._name: list[str] = []  # what a generator stands for, by its number
        self._reciprocals: dict[int, int] = {}  # of a generator, the one that is one over it
        self._own = 0  # how many generators the proof itself takes, once it is done
        self._ring = self._make_ring()
        self._values = {
            place: [[self._polynomial(e, {}) for e in row] for row in entries]
            for place, entries in self._composed.items()
        }
        self._truths: dict[Place, Matrix] = {}
        self._claims: dict[tuple[str, int], Matrix] = {}

    def prove(self, formulas: Sequence[Formula]) -> Iterator[tuple[Formula, Verdict]]:
        """A verdict for each formula of the backward pass and each count.

        A formula computes from what the formulas before it gave. Where one of those is wrong it alone is refuted:
        what follows goes on from the derivative that SymPy found.
        """
        backward = [f for f in formulas if f.pass_ == "backward"]
        compared = {f.id: Comparison() for f in backward}
        by_step = [f for f in backward if not _once(f)]
        for t in range(self.steps, 0, -1):
            for f in by_step:
                self._compare(f, t, compared[f.id])
        for f in backward:
            if _once(f):
                self._compare(f, 1, compared[f.id])
            yield f, self._verdict(compared[f.id])
        for f in formulas:
            if f.pass_ == "count":
                yield f, self._verdict(self._count(f))

    def _verdict(self, found: Comparison) -> Verdict:
        coverage: dict[str, object] = {"T": self.steps, **self._sizes, "entries": found.entries}
        return Verdict(METHOD, "refuted" if found.reason else "proved", coverage, found.reason)

    def refuses(self, broken: Formula, original: Formula) -> bool:
        """Whether a broken formula gives another value anywhere than the original, which ``prove`` has proved."""
        if broken.pass_ == "count":
            return bool(self._count(broken).reason)
        self._forget_spare()
        for t in (1,) if _once(original) else range(self.steps, 0, -1):
            place = original.id, t
            if place not in self._claims:
                self._claims[place] = self._claim(original, t)
            pairs = zip(self._claim(broken, t), self._claims[place], strict=True)
            if any(self._differ(a, b) for said, true in pairs for a, b in zip(said, true, strict=True)):
                return True
        return False

    def _compare(self, f: Formula, t: int, found: Comparison) -> None:
        claim, truth = self._claim(f, t), self._truth(f, t)
        key = f.left.key
        if key.part in ("cotangent", "arriving"):
            self._truths[key.part, key.base, self._step(key, t)] = truth
        for j, (said, true) in enumerate(zip(claim, truth, strict=True)):
            for k, (a, b) in enumerate(zip(said, true, strict=True)):
                found.entries += 1
                if self._differ(a, b) and not found.reason:
                    terms = self._difference(a, b)
                    found.reason = (
                        f"{f.id} at T = {self.steps}, t = {t}, entry [{j + 1},{k + 1}] differs from the derivative "
                        f"of the composed loss in {terms} terms"
                    )

    def _differ(self, a: Entry, b: Entry) -> bool:
        """Whether two polynomials differ; where reciprocals could hide that they do not, their terms are looked at."""
        return bool(a != b) and (not self._reciprocals or self._difference(a, b) > 0)

    def _difference(self, a: Entry, b: Entry) -> int:
        """In how many terms two polynomials differ, once everything that stands beside its reciprocal has gone."""
        left = self._ring.constant(0) + a - b
        if left == 0:
            return 0
        terms: dict[tuple[int, ...], Any] = left.to_dict()
        if not self._reciprocals:
            return len(terms)
        reduced: dict[tuple[int, ...], Any] = {}
        for powers, coefficient in terms.items():
            rest = list(map(int, powers))
            for of, one_over in self._reciprocals.items():
                both = min(rest[of], rest[one_over])
                rest[of] -= both
                rest[one_over] -= both
            reduced[tuple(rest)] = reduced.get(tuple(rest), 0) + coefficient
        return sum(1 for coefficient in reduced.values() if coefficient != 0)

    def _count(self, f: Formula) -> Comparison:
        """The number of parameter entries that the composed loss really holds."""
        learned = {p.name for p in self.cell.parameters}
        present = sum(1 for s in self._loss.free_symbols if s.name.split("[")[0] in learned)
        said = self._size(f.right)
        reason = (
            ""
            if said == present
            else f"{f.id} says {said}, the composed loss holds {present} parameter entries"
        )
        return Comparison(1, reason)

    # Forward, composed by SymPy.

    def _leaf(self, name: str, node: MatrixExpr) -> Matrix:
        """The entries of something given, each a symbol."""
        if name not in self._leaves:
            rows, columns = (self._size(n) for n in node.shape)
            self._leaves[name] = [[Leaf(f"{name}[{j},{k}]") for k in range(columns)] for j in range(rows)]
        return self._leaves[name]

    def _step(self, key: Key, t: int) -> int:
        """The step that a key speaks of where the running one is t."""
        return 0 if not key.anchor else (t if key.anchor == "t" else 1) + key.offset

    def _given(self, node: MatrixSymbol, at: int) -> Matrix:
        """What comes from outside: a parameter or a constant, an input, the state before the first step."""
        key = key_of(node)
        return self._leaf(f"{key.base}@{at}" if key.anchor else key.base, node)

    def _compose(self, cut: Place | None, opened: Matrix) -> dict[Place, Matrix]:
        """Every quantity at every step as an expression; at the place ``cut``, the entries of ``opened`` instead."""
        variant = f"{self._serial} {cut}"
        first = cut[2] if cut else 1  # what comes before the cut does not depend on it
        values = {place: v for place, v in self._composed.items() if place[2] < first} if cut else {}
        for t in range(first, self.steps + 1):
            by = self._composing(cut, opened, values, t, variant)
            for equation in self.cell.steps:
                place = ("value", equation.left.key.base, t)
                values[place] = (
                    opened if place == cut else self._named(equation.right.node, place, by, variant)
                )
        return values

    def _composing(
        self, cut: Place | None, opened: Matrix, values: dict[Place, Matrix], t: int, variant: str
    ) -> Arithmetic:
        def look(node: MatrixSymbol) -> Matrix:
            key = key_of(node)
            at = self._step(key, t)
            if cut in ((READ, key.base, t), (COPY, key.base, t)) and (key.offset == -1 or cut[0] == COPY):
                return opened
            return values.get(("value", key.base, at)) or self._given(node, at)

        def call(function: str, *arguments: Entry) -> Entry:
            return self._note(value(function, arguments, variant))

        def close(node: MatrixExpr, entries: Matrix) -> Matrix:
            mark = self._mark_of_product(node, t)
            return self._wrap(mark, entries, variant) if mark else entries

        return Arithmetic(look, call, self._size, self._rational, close, product)

    def _note(self, e: Value) -> Value:
        self._marks.add(e.mark)
        return e

    def _named(self, right: MatrixExpr, place: Place, by: Arithmetic, variant: str) -> Matrix:
        """The entries of a right side; a function's value is named by the function, any other by its place."""
        entries = evaluate(right, by)
        if isinstance(right, Elementwise) or getattr(right, "function", "") in (
            "quotient",
            "softmax",
            "max",
            "min",
        ):
            return entries
        return self._wrap(f"{place[1]}@{place[2]}", entries, variant)

    def _wrap(self, mark: str, entries: Matrix, variant: str) -> Matrix:
        return [
            [self._note(Value(NAMED, f"{mark}[{j},{k}]", (e,), variant)) for k, e in enumerate(row)]
            for j, row in enumerate(entries)
        ]

    def _mark_of_product(self, node: MatrixExpr, t: int) -> str:
        """A name for a factor that holds a matrix product of values; empty for any other factor."""
        if isinstance(node, MatrixSymbol) or not _holds_product(node):
            return ""
        if any(key_of(s).part != "value" for s in symbols_in(node)):
            return ""
        return f"({self._canonical(node, t)})"

    def _canonical(self, node: MatrixExpr, t: int) -> str:
        if isinstance(node, MatrixSymbol):
            key = key_of(node)
            return f"{key.base}@{self._step(key, t)}" if key.anchor else key.base
        inner = (self._canonical(a, t) if isinstance(a, MatrixExpr) else str(a) for a in node.args)
        return f"{type(node).__name__}({', '.join(inner)})"

    def _size(self, dimension: Expr | int) -> int:
        return int(Integer(dimension) if isinstance(dimension, int) else dimension.subs(self._dimensions))

    def _rational(self, number: Expr) -> Rational:
        return Rational(number.subs(self._dimensions))

    def _loss_of(self, values: dict[Place, Matrix]) -> Expr:
        pairs = [
            (self._leaf(f"∂{s.name}@{self.steps}", s.node), values["value", s.name, self.steps])
            for s in self.cell.states
        ]
        pairs += [
            (self._leaf(f"Δ{out.name}@{t}", out.node), values["value", out.name, t])
            for out in self.cell.outputs
            for t in range(1, self.steps + 1)
        ]
        return Add(
            *(
                product(w, v)
                for weights, entries in pairs
                for ws, vs in zip(weights, entries, strict=True)
                for w, v in zip(ws, vs, strict=True)
            )
        )

    # The truth: SymPy's derivative of the composed loss.

    def _truth(self, f: Formula, t: int) -> Matrix:
        of, key = f.left.cotangent_of, f.left.key
        if of is None:
            raise TypeError(f"{f.left.name} is no cotangent")
        at = self._step(key, t)
        if of.role == "input":
            return self._gradient(self._loss, self._leaf(f"{of.name}@{at}", of.node))
        if of.role == "initial-state":
            return self._gradient(self._loss, self._leaf(f"{key.base}@0", of.node))
        if of.role == "parameter" and key.part == "cotangent":
            return self._gradient(self._loss, self._leaf(of.name, of.node))
        # Open the composition at this place: the loss as a function of this quantity alone, at this step alone.
        cut = {"arriving": READ, "contribution": COPY}.get(key.part, "value"), key.base, t
        place, true = ".".join(map(str, cut)), self._at(of.node, t)
        opened = [
            [Leaf(f"{place}[{j},{k}]", self._name_of(e)) for k, e in enumerate(row)]
            for j, row in enumerate(true)
        ]
        stands_for = {
            leaf: e
            for leaves, row in zip(opened, true, strict=True)
            for leaf, e in zip(leaves, row, strict=True)
        }
        return self._gradient(self._loss_of(self._compose(cut, opened)), opened, stands_for)

    def _gradient(self, loss: Expr, at: Matrix, stands_for: dict[Expr, Entry] | None = None) -> Matrix:
        # What is known of one entry's derivative helps no other, and is large: it is forgotten after each.
        return [[self._polynomial(loss.diff(entry), dict(stands_for or {})) for entry in row] for row in at]

    # Polynomials.

    def _make_ring(self) -> Any:
        names = sorted({s.name for m in self._leaves.values() for row in m for s in row} | self._marks)
        self._name = names
        self._number = {name: k for k, name in enumerate(names)}
        for name in names:
            self._note_reciprocal(name)
        # The ring's own names are plain: ours hold brackets. The spare ones are for values that the forward pass does
        # not know: a wrong formula may take σ of what only tanh is taken of, and slopes are functions of their own.
        make = fmpq_mpoly_ctx if self._has_fractions() else fmpz_mpoly_ctx
        return make.get([f"v{k}" for k in range(len(names) + self._spare())], Ordering.lex)

    def _spare(self) -> int:
        """Room for what the forward pass does not know; a slope that is a function takes one for each value."""
        return SPARE + sum(1 for mark in self._marks if mark.split("(")[0] in SLOPES_ARE_FUNCTIONS)

    def _has_fractions(self) -> bool:
        nodes = [n for e in self.cell.steps for n in preorder_traversal(e.right.node)]
        functions = {n.function for n in nodes if isinstance(n, Elementwise)}
        sizes = any(n.subs(self._dimensions).q != 1 for n in nodes if isinstance(n, Rational | Pow))
        return sizes or bool(functions & set(FRACTIONS))

    def _note_reciprocal(self, name: str) -> None:
        if name.startswith(f"{RECIPROCAL}("):
            of = name[len(RECIPROCAL) + 1 : -1]
            if of in self._number:
                self._reciprocals[self._number[of]] = self._number[name]

    def _forget_spare(self) -> None:
        """Free the generators that another broken formula took; those of the proof itself stay."""
        self._own = self._own or len(self._name)
        for name in self._name[self._own :]:
            del self._number[name]
        self._name = self._name[: self._own]
        own = range(self._own)
        self._reciprocals = {a: b for a, b in self._reciprocals.items() if a in own and b in own}

    def _generator(self, name: str) -> Entry:
        if name not in self._number:
            self._number[name] = len(self._name)
            self._name.append(name)
            self._note_reciprocal(name)
        return self._ring.gen(self._number[name])

    def _name_of(self, e: Entry) -> str:
        """What a polynomial is the value of: the mark that the same value has in the composition."""
        terms = (self._ring.constant(0) + e).to_dict()
        named = []
        for powers, coefficient in terms.items():
            factors = [self._name[k] for k, power in enumerate(powers) for _ in range(int(power))]
            factors += [str(coefficient)] if coefficient != 1 else []
            named.append(factors[0] if len(factors) == 1 else f"Mul({', '.join(sorted(factors))})")
        return named[0] if len(named) == 1 else f"Add({', '.join(sorted(named))})"

    def _at(self, node: MatrixExpr, t: int) -> Matrix:
        """An expression at step t, over polynomials, from the values and the cotangents found so far."""

        def look(symbol: MatrixSymbol) -> Matrix:
            key = key_of(symbol)
            at = self._step(key, t)
            if key.part == "value":
                known = self._values.get(("value", key.base, at))
            elif key.part == "arriving" and at == self.steps:
                known = self._generators(f"∂{key.base}@{at}", symbol)
            elif key.part == "loss":
                known = self._generators(f"Δ{key.base}@{at}", symbol)
            else:
                known = self._truths.get((key.part, key.base, at))
            if known is not None:
                return known
            before = key.base in self._states and at == 0
            if key.part != "value" or (key.anchor and not before and not 1 <= at <= self.steps):
                # Only a mutant looks beyond the sequence, and finds nothing there.
                rows, columns = (self._size(n) for n in symbol.shape)
                return [[self._ring.constant(0)] * columns for _ in range(rows)]
            return [[self._generator(s.name) for s in row] for row in self._given(symbol, at)]

        def call(function: str, *arguments: Entry) -> Entry:
            return self._generator(mark_of_function(function, tuple(map(self._name_of, arguments))))

        def close(part: MatrixExpr, entries: Matrix) -> Matrix:
            mark = self._mark_of_product(part, t)
            if not mark:
                return entries
            return [
                [self._generator(f"{mark}[{j},{k}]") for k in range(len(row))]
                for j, row in enumerate(entries)
            ]

        return evaluate(node, Arithmetic(look, call, self._size, self._fraction, close))

    def _generators(self, name: str, node: MatrixSymbol) -> Matrix:
        return [[self._generator(s.name) for s in row] for row in self._leaf(name, node)]

    def _fraction(self, number: Expr) -> Entry:
        whole = self._rational(number)
        return int(whole) if whole.q == 1 else fmpq(int(whole.p), int(whole.q))

    def _claim(self, f: Formula, t: int) -> Matrix:
        """What the derived formula says, computed from the cotangents found so far."""
        if isinstance(f.right, TimeSum):
            claims = [self._at(f.right.body, k) for k in range(1, self.steps + 1)]
            return [[sum(cell) for cell in zip(*rows, strict=True)] for rows in zip(*claims, strict=True)]
        if isinstance(f.right, AtStep):
            return self._at(f.right.body, 1 if f.right.when == "1" else self.steps)
        return self._at(f.right, t)

    def _polynomial(self, e: Expr, known: dict[Expr, Entry]) -> Entry:
        if e not in known:
            known[e] = self._convert(e, known)
        return known[e]

    def _convert(self, e: Expr, known: dict[Expr, Entry]) -> Entry:
        match e:
            case Integer():
                return self._ring.constant(int(e))
            case Rational():
                return self._ring.constant(fmpq(int(e.p), int(e.q)))
            case Leaf():
                return self._generator(str(e.name))
            case Value():
                return self._generator(e.mark)
            case Held() | Part():
                return self._polynomial(e.expression, known)
            case Add():
                total = self._ring.constant(0)
                for a in e.args:
                    total += self._polynomial(a, known)
                return total
            case Mul():
                made = self._ring.constant(1)
                for a in e.args:
                    made *= self._polynomial(a, known)
                return made
            case Pow():
                return self._polynomial(e.base, known) ** int(e.exp)
            case _:
                raise TypeError(f"no polynomial for {type(e).__name__}: {e}")


def _holds_product(node: MatrixExpr) -> bool:
    return is_product(node) or any(map(_holds_product, parts(node)))


def _once(f: Formula) -> bool:
    """Whether the formula is run once for the sequence, not once a step."""
    of = f.left.cotangent_of
    return isinstance(f.right, TimeSum) or (of is not None and of.role == "initial-state")
