"""Proof exactly, unrolled: T steps at small D ≠ H, every entry written out.

The forward equations are composed into one scalar loss
L = Σ_t Δ_t·h_t + (cotangent on h_T)·h_T + (cotangent on c_T)·c_T, which SymPy differentiates in one entry. The derived
formulas are run as the recursion that they are, from t = T down to 1, over polynomials. The difference is the zero
polynomial, or the formula is refuted. Nothing is sampled: every weight, state and cotangent stays a symbol, and so does
the value of every quantity at every step. An identity in more free symbols is the stronger one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from flint import Ordering, fmpz_mpoly_ctx
from sympy import Add, Expr, Integer, MatrixSymbol, Mul, Pow
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.derive.formula import Formula
from derivations.language import Cell, State, Symbol
from derivations.language.expressions import AtStep, Elementwise, TimeSum, step_of
from derivations.prove.activations import NAMED, Held, Leaf, Part, Value, product
from derivations.prove.entries import Entry, Matrix, evaluate
from derivations.prove.verdict import Verdict

METHOD = "unrolled"
SIZES = {"D": 3, "H": 2}
HORIZONS = (1, 2, 3)
SPARE = 32
SERIAL = count()  # tells the values of one prover from those of another: SymPy's caches outlive both

Place = tuple[str, int]  # a quantity at a step


@dataclass
class Comparison:
    """What has been compared for one formula so far."""

    entries: int = 0
    reason: str = ""


class Unrolled:
    """Proves the formulas of one cell over ``steps`` steps at the sizes of ``SIZES``.

    A dimension that ``SIZES`` does not name gets 2.
    """

    def __init__(self, cell: Cell, steps: int) -> None:
        self.cell, self.steps = cell, steps
        self._serial = next(SERIAL)
        self._sizes = {d.name: SIZES.get(d.name, 2) for d in cell.dimensions}
        self._constant = {p.name for p in cell.parameters}
        self._leaves: dict[str, Matrix] = {}
        self._marks: set[str] = set()
        self._composed = self._compose(None, [])
        self._loss = self._loss_of(self._composed)
        self._number: dict[str, int] = {}  # of a generator, by what it stands for
        self._own = 0  # how many of them the forward pass takes
        self._ring = self._make_ring()
        self._values = self._forward_in_ring()
        self._truths: dict[Place, Matrix] = {}
        self._claims: dict[Place, Matrix] = {}

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
        self._number = dict(list(self._number.items())[: self._own])  # the spare generators are free again
        for t in (1,) if _once(original) else range(self.steps, 0, -1):
            place = original.id, t
            if place not in self._claims:
                self._claims[place] = self._claim(original, t)
            if self._claim(broken, t) != self._claims[place]:
                return True
        return False

    def _compare(self, f: Formula, t: int, found: Comparison) -> None:
        for s in self.cell.states:
            self._arrive(s, t)
        claim, truth = self._claim(f, t), self._truth(f.left, t)
        if f.left.cotangent_of is not None and f.left.cotangent_of.role != "parameter":
            self._truths[f.left.name, t] = truth
        for j, (said, true) in enumerate(zip(claim, truth, strict=True)):
            for k, (a, b) in enumerate(zip(said, true, strict=True)):
                found.entries += 1
                if a != b and not found.reason:
                    found.reason = (
                        f"{f.id} at T = {self.steps}, t = {t}, entry [{j + 1},{k + 1}] differs from the derivative "
                        f"of the composed loss in {len((self._ring.constant(0) + a - b).to_dict())} terms"
                    )

    def _count(self, f: Formula) -> Comparison:
        """The number of parameter entries that the composed loss really holds."""
        present = sum(1 for s in self._loss.free_symbols if s.name.split("[")[0] in self._constant)
        said = self._size(f.right)
        reason = (
            ""
            if said == present
            else f"{f.id} says {said}, the composed loss holds {present} parameter entries"
        )
        return Comparison(1, reason)

    # Forward, composed by SymPy.

    def _leaf(self, name: str, node: MatrixSymbol) -> Matrix:
        """The entries of something given, each a symbol."""
        if name not in self._leaves:
            rows, columns = (self._size(n) for n in node.shape)
            self._leaves[name] = [[Leaf(f"{name}[{j},{k}]") for k in range(columns)] for j in range(rows)]
        return self._leaves[name]

    def _given(self, node: MatrixSymbol, t: int) -> Matrix:
        """What a step is given from outside: a parameter, the input, or the initial state."""
        if node.name in self._constant:
            return self._leaf(node.name, node)
        for s in self.cell.states:
            if node.name == s.previous.name:
                return self._leaf(s.initial.name, node)
        return self._leaf(f"{node.name}_{t}", node)

    def _compose(self, cut: Place | None, opened: Matrix) -> dict[Place, Matrix]:
        """Every quantity at every step as an expression; at the place ``cut``, the entries of ``opened`` instead."""
        variant = f"{self._serial} {cut}"
        first = cut[1] if cut else 1  # what comes before the cut does not depend on it
        values = {place: v for place, v in self._composed.items() if place[1] < first} if cut else {}
        for t in range(first, self.steps + 1):

            def look(node: MatrixSymbol, t: int = t) -> Matrix:
                if (node.name, t) == cut:
                    return opened
                return values.get(self._origin(node.name, t)) or self._given(node, t)

            def activate(node: Elementwise, argument: Matrix, t: int = t) -> Matrix:
                marks = self._marks_of(node, t, len(argument))
                return [
                    [Value(node.function, m, row[0], variant)] for m, row in zip(marks, argument, strict=True)
                ]

            for equation in self.cell.steps:
                place = equation.left.name, t
                right = equation.right.node
                if place == cut:
                    values[place] = opened
                elif isinstance(right, Elementwise):
                    values[place] = evaluate(right, look, activate, product)
                else:
                    marks, entries = self._names_of(place, right), evaluate(right, look, activate, product)
                    values[place] = [
                        [Value(NAMED, m, e[0], variant)] for m, e in zip(marks, entries, strict=True)
                    ]
        return values

    def _origin(self, name: str, t: int) -> Place:
        """Where a value comes from: a previous state from the step before."""
        for s in self.cell.states:
            if name == s.previous.name:
                return s.name, t - 1
        return name, t

    def _marks_of(self, node: Elementwise, t: int, rows: int) -> list[str]:
        """A name for each value of an activation: the same expression at the same step has the same values."""
        marks = [f"{node.function}({node.argument})_{t}[{j}]" for j in range(rows)]
        self._marks |= set(marks)
        return marks

    def _names_of(self, place: Place, node: MatrixExpr) -> list[str]:
        """A name for each entry of a quantity at a step."""
        name, t = place
        marks = [f"{name}_{t}[{j}]" for j in range(self._size(node.shape[0]))]
        self._marks |= set(marks)
        return marks

    def _size(self, dimension: Expr) -> int:
        return int(dimension.subs({d.size: self._sizes[d.name] for d in self.cell.dimensions}))

    def _loss_of(self, values: dict[Place, Matrix]) -> Expr:
        pairs = [(self._leaf(f"d{s.name}_T", s.node), values[s.name, self.steps]) for s in self.cell.states]
        out = self.cell.output
        steps = range(1, self.steps + 1)
        pairs += [(self._leaf(f"d{out.name}_loss_{t}", out.node), values[out.name, t]) for t in steps]
        return Add(
            *(product(w[0], v[0]) for weights, value in pairs for w, v in zip(weights, value, strict=True))
        )

    # The truth: SymPy's derivative of the composed loss.

    def _truth(self, left: Symbol, t: int) -> Matrix:
        of = left.cotangent_of
        if of is None:
            raise TypeError(f"{left.name} is no cotangent")
        if of.role == "input":
            return self._gradient(self._loss, self._leaf(f"{of.name}_{t}", of.node))
        if of.role == "initial-state" or (of.role == "parameter" and not left.through):
            return self._gradient(self._loss, self._leaf(of.name, of.node))
        # Open the composition at this place: the loss as a function of this quantity alone, at this step alone.
        value = self._value(of.node, t)
        opened = [[Leaf(f"{of.name}@{t}[{j},{k}]") for k in range(len(row))] for j, row in enumerate(value)]
        stands_for = {
            s: v for row, values in zip(opened, value, strict=True) for s, v in zip(row, values, strict=True)
        }
        return self._gradient(self._loss_of(self._compose((of.name, t), opened)), opened, stands_for)

    def _gradient(self, loss: Expr, at: Matrix, stands_for: dict[Expr, Entry] | None = None) -> Matrix:
        # What is known of one entry's derivative helps no other, and is large: it is forgotten after each.
        return [[self._polynomial(loss.diff(entry), dict(stands_for or {})) for entry in row] for row in at]

    # Polynomials.

    def _make_ring(self) -> fmpz_mpoly_ctx:
        names = sorted(
            {s.name for matrix in self._leaves.values() for row in matrix for s in row} | self._marks
        )
        self._number = {name: k for k, name in enumerate(names)}
        self._own = len(names)
        # The ring's own names are plain: ours hold brackets. The spare ones are for values that the forward pass does
        # not know: a wrong formula may take σ of what only tanh is taken of.
        return fmpz_mpoly_ctx.get([f"v{k}" for k in range(len(names) + SPARE)], Ordering.lex)

    def _generator(self, name: str) -> Entry:
        return self._ring.gen(self._number.setdefault(name, len(self._number)))

    def _forward_in_ring(self) -> dict[Place, Matrix]:
        values: dict[Place, Matrix] = {}
        for t in range(1, self.steps + 1):
            for equation in self.cell.steps:
                right, place = equation.right.node, (equation.left.name, t)
                rows = self._size(right.shape[0])
                marks = (
                    self._marks_of(right, t, rows)
                    if isinstance(right, Elementwise)
                    else self._names_of(place, right)
                )
                values[place] = [[self._generator(m)] for m in marks]
        return values

    def _at(self, node: MatrixExpr, t: int) -> Matrix:
        """An expression at step t, over polynomials, from the values and the cotangents found so far."""

        def look(symbol: MatrixSymbol) -> Matrix:
            name, off = step_of(symbol.name.removesuffix("_1"))
            at = 1 if symbol.name.endswith("_1") else t + off
            if not 1 <= at <= self.steps:  # only a mutant looks beyond the sequence, and finds nothing there
                return [[self._ring.constant(0)] for _ in range(self._size(symbol.shape[0]))]
            for known in (self._values, self._truths):
                for place in ((name, at), self._origin(name, at)):
                    if place in known:
                        return known[place]
            given = self._given(MatrixSymbol(name, *symbol.shape), at)
            return [[self._generator(s.name) for s in row] for row in given]

        def activate(e: Elementwise, argument: Matrix) -> Matrix:
            marks = self._marks_of(e, t, len(argument))
            return [[self._generator(m)] for m in marks]

        return evaluate(node, look, activate)

    def _value(self, node: MatrixSymbol, t: int) -> Matrix:
        return self._at(node, t)

    def _claim(self, f: Formula, t: int) -> Matrix:
        """What the derived formula says, computed from the cotangents found so far."""
        if isinstance(f.right, TimeSum):
            claims = [self._at(f.right.body, k) for k in range(1, self.steps + 1)]
            return [[sum(cell) for cell in zip(*rows, strict=True)] for rows in zip(*claims, strict=True)]
        if isinstance(f.right, AtStep):
            return self._at(f.right.body, 1 if f.right.when == "1" else self.steps)
        return self._at(f.right, t)

    def _arrive(self, s: State, t: int) -> None:
        """What arrives on a state of step t: from the step after, or at the last step from outside."""
        if t == self.steps:
            final = self._leaf(f"d{s.name}_T", s.node)
            self._truths[f"d{s.name}_next", t] = [[self._generator(e.name) for e in row] for row in final]
        else:
            self._truths[f"d{s.name}_next", t] = self._truths[f"d{s.previous.name}", t + 1]

    def _polynomial(self, e: Expr, known: dict[Expr, Entry]) -> Entry:
        if e not in known:
            known[e] = self._convert(e, known)
        return known[e]

    def _convert(self, e: Expr, known: dict[Expr, Entry]) -> Entry:
        match e:
            case Integer():
                return self._ring.constant(int(e))
            case Leaf():
                return self._generator(e.name)
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
                product = self._ring.constant(1)
                for a in e.args:
                    product *= self._polynomial(a, known)
                return product
            case Pow():
                return self._polynomial(e.base, known) ** int(e.exp)
            case _:
                raise TypeError(f"no polynomial for {type(e).__name__}: {e}")


def _once(f: Formula) -> bool:
    """Whether the formula is run once for the sequence, not once a step."""
    of = f.left.cotangent_of
    return isinstance(f.right, TimeSum) or (of is not None and of.role == "initial-state")
