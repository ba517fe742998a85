"""A normal form for sums of products over indices, in which equality for all sizes can be read off.

A polynomial is a sum of monomials; a monomial is a product of atoms like W[j,k], under sums over some of its
indices. Kronecker deltas are contracted, every σ(·) or tanh(·) value becomes an atom of its own, and summed indices
are renamed canonically, so that two expressions are equal for all sizes if their normal forms are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import permutations
from typing import Any

from sympy import Add, Expr, Indexed, Integer, KroneckerDelta, Mul, Pow, Sum

from derivations.prove.activations import Activation

Index = str | int  # a free index or a number has a name, a summed one a number
Atom = tuple[str, tuple[Index, ...]]
Ranges = tuple[str, ...]  # the size over which each summed index runs
Monomial = tuple[tuple[Atom, ...], Ranges]
Polynomial = dict[Monomial, int]
Resolve = Callable[[str, tuple[str, ...]], Polynomial | None]

ONE: Monomial = ((), ())
DELTA = "δ"


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
    """δ[j,j] is 1, and δ[j,k] twice is δ[j,k] once."""
    listed: list[Atom] = []
    for name, indices in atoms:
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


def add(left: Polynomial, right: Polynomial, factor: int = 1) -> Polynomial:
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
    """Σ over a free index; a Kronecker delta that holds it is contracted instead.

    Raises:
        ValueError: the index appears in no atom, so the sum would count rather than contract.
    """
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
        raise ValueError(f"the index {index} over {size} is summed but used nowhere")
    return canonical((_rename(a, {index: len(sizes)}) for a in atoms), (*sizes, size))


class Normalizer:
    """Turns SymPy expressions of indexed symbols into normal form.

    Args:
        resolve: gives the polynomial of a symbol that is defined by others, or None for one that stands for itself.
    """

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._values: dict[tuple[str, frozenset[tuple[Monomial, int]]], str] = {}
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
            case Activation():
                return self.value(type(e).__name__, self(e.args[-1]))
            case _:
                raise TypeError(f"no normal form for {type(e).__name__}: {e}")

    def _product(self, factors: Iterable[Expr]) -> Polynomial:
        total: Polynomial = {ONE: 1}
        for factor in factors:
            total = multiply(total, self(factor))
        return total

    def value(self, function: str, argument: Polynomial) -> Polynomial:
        """The value of an activation as an atom of its own: one atom for one function and one argument.

        Two arguments that differ only in their free indices are the same vector at two places.
        """
        free = sorted(
            {i for atoms, _ in argument for _, indices in atoms for i in indices if isinstance(i, str)}
        )
        places = {i: f"@{k}" for k, i in enumerate(sorted(free, key=lambda i: (i[0] not in "tT1", i)))}
        key = function, frozenset(rename(argument, places).items())
        name = self._values.setdefault(key, f"{function}#{len(self._values)}")
        return {canonical([(name, tuple(places))], ()): 1}
