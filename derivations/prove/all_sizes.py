"""Proof for all sizes: SymPy differentiates the whole step in index notation, with D, H and T left symbolic.

The step is composed into one scalar, S_t = Σ_k (Δ_t + ∂L/∂h_t|t+1)[k]·h_t[k] + Σ_k ∂L/∂c_t|t+1[k]·c_t[k], a function of
x, the previous states and every parameter. Its derivative in one entry of v, by SymPy's own ``diff``, is the truth
that the derived statement is compared with; each cotangent on its right side is replaced by the truth about that
cotangent, so every formula is judged alone. For a quantity inside the step, S_t is cut open at that quantity.
The chain rule carries the step to every T: see the method page for the lemma.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from derivations.language import Cell, Symbol
from derivations.language.expressions import AtStep, Elementwise, TimeSum, step_of
from derivations.prove import sums
from derivations.prove.activations import ACTIVATIONS
from derivations.prove.sums import Normalizer, Polynomial
from derivations.prove.verdict import Verdict

METHOD = "all-sizes"
STEPS = Scalar("T", integer=True, positive=True)
TIME, FIRST = Scalar("t", integer=True), Integer(1)
ROW, COLUMN = Scalar("p", integer=True), Scalar("q", integer=True)


class AllSizes:
    """Proves the formulas of one cell for every D, H and T."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self._definitions = {e.left.name: e.right.node for e in cell.steps}
        self._constant = {p.name for p in cell.parameters}
        self._indices = count()
        self._truths: dict[tuple[str, str], Polynomial] = {}
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
            place = (ROW,) if right.shape[1] == 1 else (ROW, COLUMN)
            claim = self._normal(self._entry(right, TIME, *place))
            difference = sums.add(claim, truth, -1)
            if difference:
                step = f" (step {', '.join(rules)})" if rules else ""
                reason = f"{formula.id}{step} differs from the derivative in {_few(difference)}"
                return Verdict(METHOD, "refuted", self._coverage(), reason)
        return Verdict(METHOD, "proved", self._coverage() | {"statements": len(statements)})

    def refuses(self, broken: Formula) -> bool:
        """Whether a broken formula differs from the derivative: the check of ``prove`` on the bare statement."""
        try:
            return self.prove(broken).outcome == "refuted"
        except ValueError:  # summed over an index that no longer appears: not even a sum over time
            return True

    def same(self, one: Formula, other: Formula) -> bool:
        """Whether two right sides are equal for all sizes, whatever their order: the difference is zero."""
        self._symbols = one.symbols
        place = (ROW,) if one.right.shape[1] == 1 else (ROW, COLUMN)
        first, second = (self._normal(self._entry(f.right, TIME, *place)) for f in (one, other))
        return not sums.add(first, second, -1)

    def _coverage(self) -> dict[str, object]:
        return {"sizes": [d.name for d in self.cell.dimensions], "T": "every T"}

    def _prove_count(self, formula: Formula) -> Verdict:
        total = Add(*(Mul(*p.shape) for p in self.cell.parameters))
        difference = expand(total - formula.right)
        if difference != 0:
            return Verdict(METHOD, "refuted", self._coverage(), f"{formula.id} is off by {difference}")
        return Verdict(METHOD, "proved", {"sizes": [d.name for d in self.cell.dimensions]})

    # The truth: SymPy's derivative of the composed step.

    def _truth(self, left: Symbol) -> Polynomial:
        """The entry [p] or [p, q] of ∂L/∂v as SymPy differentiates it."""
        of = left.cotangent_of
        if of is None:
            raise TypeError(f"{left.name} is no cotangent")
        if of.role == "parameter":
            return self._parameter_truth(of, by_step=bool(left.through))
        if of.role == "initial-state":
            return self._quantity_truth(f"{of.name.removesuffix('_0')}_prev", FIRST)
        return self._quantity_truth(of.name, TIME)

    def _quantity_truth(self, name: str, time: Expr) -> Polynomial:
        key = name, str(time)
        if key not in self._truths:
            step = self._scalar(time, cut=name)
            self._truths[key] = self._normal(step.diff(IndexedBase(name)[time, ROW]))
        return self._truths[key]

    def _parameter_truth(self, parameter: Symbol, by_step: bool) -> Polynomial:
        key = parameter.name, "t" if by_step else "all"
        if key not in self._truths:
            place = (ROW,) if parameter.shape[1] == 1 else (ROW, COLUMN)
            if by_step:
                # A copy of the parameter for each step: its derivative is the contribution of that step alone.
                step = self._scalar(TIME, copied=parameter.name)
                entry = IndexedBase(parameter.name)[(TIME, *place)]
            else:
                step = Sum(self._scalar(TIME), (TIME, 1, STEPS))
                entry = IndexedBase(parameter.name)[place]
            self._truths[key] = self._normal(step.diff(entry))
        return self._truths[key]

    def _scalar(self, time: Expr, cut: str = "", copied: str = "") -> Expr:
        """S_t, cut open at one quantity, or with one parameter copied for the step."""
        terms = []
        for s in self.cell.states:
            k = self._fresh()
            weight = IndexedBase(f"d{s.name}_next")[time, k]
            if s == self.cell.output:
                weight += IndexedBase(f"d{s.name}_loss")[time, k]
            terms.append(
                Sum(weight * self._entry(s.node, time, k, cut=cut, copied=copied), (k, 1, s.shape[0]))
            )
        return Add(*terms)

    # Index notation.

    def _fresh(self) -> Scalar:
        return Scalar(f"k{next(self._indices)}", integer=True)

    def _entry(
        self, node: MatrixExpr, time: Expr, *place: Expr, cut: str | None = None, copied: str = ""
    ) -> Expr:
        """One entry of an expression. With ``cut`` given, what the step defines is composed, up to the cut."""

        def entry(part: MatrixExpr, *at: Expr) -> Expr:
            return self._entry(part, time, *at, cut=cut, copied=copied)

        match node:
            case MatrixSymbol():
                composed = cut is not None and node.name != cut and node.name in self._definitions
                if composed:
                    return entry(self._definitions[node.name], *place)
                return self._indexed(node.name, time, place, copied)
            case OneMatrix():
                return Integer(1)
            case MatAdd():
                return Add(*(entry(a, *place) for a in node.args))
            case HadamardProduct():
                return Mul(*(entry(a, *place) for a in node.args))
            case HadamardPower():
                return entry(node.base, *place) ** node.args[1]
            case Transpose():
                return (
                    entry(node.arg, *reversed(place))
                    if node.arg.shape[1] != 1
                    else entry(node.arg, place[-1])
                )
            case MatMul() if not isinstance(node.args[0], MatrixExpr):
                return node.args[0] * entry(node.args[1], *place)
            case MatMul():
                return self._product(node, entry, place)
            case Elementwise():
                argument = entry(node.argument, *place)
                if node.function.endswith("'"):
                    return ACTIVATIONS[node.function[:-1]](argument).fdiff()
                return ACTIVATIONS[node.function](argument)
            case AtStep():
                at = FIRST if node.when == "1" else STEPS
                return self._entry(node.body, at, *place, cut=cut, copied=copied)
            case TimeSum():
                return Sum(entry(node.body, *place), (TIME, 1, STEPS))
            case _:
                raise TypeError(f"no index notation for {type(node).__name__}: {node}")

    def _product(self, node: MatMul, entry: Callable[..., Expr], place: tuple[Expr, ...]) -> Expr:
        left, right = node.args
        if left.shape[1] == 1:  # an outer product: nothing is summed
            return entry(left, place[0]) * entry(right, place[-1])
        k = self._fresh()
        return Sum(entry(left, place[0], k) * entry(right, k, *place[1:]), (k, 1, left.shape[1]))

    def _indexed(self, name: str, time: Expr, place: tuple[Expr, ...], copied: str) -> Expr:
        if name in self._constant and name != copied:
            return IndexedBase(name)[place]
        if name.endswith("_1"):
            name, time = name.removesuffix("_1"), FIRST
        name, off = step_of(name)
        time += off
        return IndexedBase(name)[(time, *place)]

    def _resolve(self, name: str, indices: tuple[str, ...]) -> Polynomial | None:
        """What a symbol stands for: a quantity its equation, a cotangent its truth, anything else itself."""
        if name in self._constant:
            return self._uncopied(name, indices)
        time, *place = indices
        symbol = self._symbols.get(name)
        if name in self._definitions:
            entry = self._entry(
                self._definitions[name], Scalar(time, integer=True), *map(Scalar, place), cut=None
            )
            return self._normal(entry)
        if symbol is not None and symbol.cotangent_of is not None and symbol.through != "t+1":
            truth = self._truth(symbol)
            names = {"t": time, **dict(zip((str(ROW), str(COLUMN)), place, strict=False))}
            return sums.rename(truth, names)
        return None

    def _uncopied(self, name: str, indices: tuple[str, ...]) -> Polynomial | None:
        """A copy of a parameter has the parameter's value, whichever step it belongs to."""
        rank = sum(1 for n in self.cell.symbol(name).shape if n != 1)
        return {sums.canonical([(name, indices[1:])], ()): 1} if len(indices) > rank else None


def _few(difference: Polynomial) -> str:
    """The first terms of a difference, for a message."""
    shown = []
    for (atoms, sizes), coefficient in list(difference.items())[:3]:
        product = " ".join(f"{name}[{','.join(map(str, indices))}]" for name, indices in atoms)
        over = "Σ " * len(sizes)
        shown.append(f"{coefficient:+d} {over}{product}")
    more = f" and {len(difference) - 3} more terms" if len(difference) > 3 else ""
    return ", ".join(shown) + more
