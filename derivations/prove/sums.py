"""A normal form for sums of products over indices, in which equality for all sizes can be read off.

A polynomial is a sum of monomials; a monomial is a product of atoms like W[j,k], under sums over some of its
indices. Kronecker deltas are contracted, every σ(·) or tanh(·) value becomes an atom of its own, and summed indices
are renamed canonically, so that two expressions are equal for all sizes if their normal forms are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from itertools import permutations
from typing import Any

from sympy import Add, Expr, Indexed, Integer, KroneckerDelta, Mul, Pow, Rational, Sum, Symbol

from derivations.prove.functions import Applied
from derivations.prove.primitives import RECIPROCAL

Index = str | int  # a free index or a number has a name, a summed one a number
Atom = tuple[str, tuple[Index, ...]]
Ranges = tuple[str, ...]  # the size over which each summed index runs
Monomial = tuple[tuple[Atom, ...], Ranges]
Number = int | Fraction
Polynomial = dict[Monomial, Number]
Resolve = Callable[[str, tuple[str, ...]], Polynomial | None]

ONE: Monomial = ((), ())
DELTA = "δ"
OVER = "1/"  # begins the name of an atom that is one over another
SIZE = "#"  # begins the name of a size that stands as a number


def canonical(atoms: Iterable[Atom], ranges: Ranges) -> Monomial:
    """The monomial with its summed indices named in the one order that sorts first.

    Only indices over the same size may trade places; there are few of them, so all orders are tried.
    """
    listed = _without_ones(atoms)
    if not ranges:
        return tuple(sorted(listed, key=_key)), ()
    best: tuple[tuple[Atom, ...], Ranges] | None = None
    for order in permutations(range(len(ranges))):
        names = {old: new for new, old in enumerate(order)}
        renamed = tuple(sorted((_rename(a, names) for a in listed), key=_key))
        candidate = (renamed, tuple(ranges[old] for old in order))
        if best is None or _order(candidate) < _order(best):
            best = candidate
    assert best is not None
    return best


def _without_ones(atoms: Iterable[Atom]) -> list[Atom]:
    """δ[j,j] is 1, δ[j,k] twice is δ[j,k] once, and what stands beside its reciprocal goes with it."""
    listed: list[Atom] = []
    for name, indices in atoms:
        inverse = (name.removeprefix(OVER) if name.startswith(OVER) else OVER + name, indices)
        if inverse in listed:
            listed.remove(inverse)
            continue
        if name == DELTA:
            indices = tuple(sorted(indices, key=str))
            if indices[0] == indices[1] or (name, indices) in listed:
                continue
        listed.append((name, indices))
    return listed


def _key(atom: Atom) -> tuple[str, tuple[tuple[int, str], ...]]:
    return atom[0], tuple((int(isinstance(i, int)), str(i)) for i in atom[1])


def _order(monomial: Monomial) -> tuple[object, ...]:
    return monomial[1], tuple(_key(a) for a in monomial[0])


def _rename(atom: Atom, names: Mapping[Any, Index]) -> Atom:
    return atom[0], tuple(names.get(i, i) for i in atom[1])


def add(left: Polynomial, right: Polynomial, factor: Number = 1) -> Polynomial:
    total = dict(left)
    for monomial, coefficient in right.items():
        value = total.get(monomial, 0) + factor * coefficient
        if value:
            total[monomial] = value
        else:
            total.pop(monomial, None)
    return total


def multiply(left: Polynomial, right: Polynomial) -> Polynomial:
    total: Polynomial = {}
    for (a, sizes), m in left.items():
        for (b, others), n in right.items():
            shifted = [_rename(atom, {k: k + len(sizes) for k in range(len(others))}) for atom in b]
            monomial = canonical((*a, *shifted), sizes + others)
            value = total.get(monomial, 0) + m * n
            if value:
                total[monomial] = value
            else:
                total.pop(monomial, None)
    return total


def rename(polynomial: Polynomial, names: Mapping[str, str]) -> Polynomial:
    """Replace free indices by others. Summed ones are numbers and cannot be captured."""
    return {
        canonical((_rename(a, names) for a in atoms), sizes): n for (atoms, sizes), n in polynomial.items()
    }


def sum_over(polynomial: Polynomial, index: str, size: str) -> Polynomial:
    """Σ over a free index; a Kronecker delta that holds it is contracted, and where nothing does it counts the size."""
    total: Polynomial = {}
    for (atoms, sizes), n in polynomial.items():
        total = add(total, {_sum_one(atoms, sizes, index, size): n})
    return total


def _sum_one(atoms: tuple[Atom, ...], sizes: Ranges, index: str, size: str) -> Monomial:
    for k, (name, indices) in enumerate(atoms):
        if name == DELTA and index in indices:
            other = indices[1] if indices[0] == index else indices[0]
            rest = (*atoms[:k], *atoms[k + 1 :])
            return canonical((_rename(a, {index: other}) for a in rest), sizes)
    if not any(index in indices for _, indices in atoms):
        return canonical((*atoms, (SIZE + size, ())), sizes)
    return canonical((_rename(a, {index: len(sizes)}) for a in atoms), (*sizes, size))


class Normalizer:
    """Turns SymPy expressions of indexed symbols into normal form.

    Args:
        resolve: gives the polynomial of a symbol that is defined by others, or None for one that stands for itself.
    """

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._values: dict[tuple[object, ...], str] = {}
        self._seen: dict[Expr, Polynomial] = {}

    def __call__(self, expression: Expr) -> Polynomial:
        """The normal form.

        Raises:
            TypeError: a kind of expression that has none.
        """
        known = self._seen.get(expression)
        if known is None:
            known = self._seen[expression] = self._normal(expression)
        return known

    def _normal(self, e: Expr) -> Polynomial:
        match e:
            case Integer():
                return {ONE: int(e)} if e else {}
            case Rational():
                return {ONE: Fraction(int(e.p), int(e.q))}
            case Symbol():  # a size
                return {canonical([(f"{SIZE}{e}", ())], ()): 1}
            case Pow() if isinstance(e.base, Symbol) and e.exp == -1:
                return {canonical([(f"{OVER}{SIZE}{e.base}", ())], ()): 1}
            case Add():
                total: Polynomial = {}
                for arg in e.args:
                    total = add(total, self(arg))
                return total
            case Mul():
                return self._product(e.args)
            case Pow() if isinstance(e.exp, Integer) and e.exp > 0:
                return self._product((e.base,) * int(e.exp))
            case Sum():
                summed = self(e.function)
                for index, _, size in e.limits:
                    summed = sum_over(summed, str(index), str(size))
                return summed
            case Indexed():
                name, indices = str(e.base.label), tuple(str(i) for i in e.indices)
                resolved = self._resolve(name, indices)
                return {canonical([(name, indices)], ()): 1} if resolved is None else resolved
            case KroneckerDelta():
                return {canonical([(DELTA, tuple(str(i) for i in e.args))], ()): 1}
            case Applied():
                return self.value(type(e).__name__, *map(self, e.args))
            case _:
                raise TypeError(f"no normal form for {type(e).__name__}: {e}")

    def _product(self, factors: Iterable[Expr]) -> Polynomial:
        total: Polynomial = {ONE: 1}
        for factor in factors:
            total = multiply(total, self(factor))
        return total

    def value(self, function: str, *arguments: Polynomial) -> Polynomial:
        """The value of a function as an atom of its own: one atom for one function and the same arguments.

        Two arguments that differ only in their free indices are the same array at two places. One over a product of
        atoms is the product of one over each.
        """
        if function == RECIPROCAL and (over := _inverse(arguments[0])) is not None:
            return over
        free = sorted(
            {
                i
                for argument in arguments
                for atoms, _ in argument
                for _, indices in atoms
                for i in indices
                if isinstance(i, str)
            }
        )
        places = {i: f"@{k}" for k, i in enumerate(sorted(free, key=_place))}
        key = function, *(frozenset(rename(argument, places).items()) for argument in arguments)
        name = self._values.setdefault(key, f"{function}#{len(self._values)}")
        return {canonical([(name, tuple(places))], ()): 1}


def _place(index: str) -> tuple[bool, bool, str]:
    """Times before entries, and a step before the step before it, whichever step it is."""
    return index[0] not in "tT01", index == "0" or index.endswith("- 1"), index


def _inverse(polynomial: Polynomial) -> Polynomial | None:
    """One over a single product without sums; None for anything else."""
    if len(polynomial) != 1:
        return None
    (((atoms, sizes), coefficient),) = polynomial.items()
    if sizes or any(name == DELTA for name, _ in atoms):
        return None
    over = [(name.removeprefix(OVER) if name.startswith(OVER) else OVER + name, at) for name, at in atoms]
    return {canonical(over, ()): Fraction(1) / coefficient}
