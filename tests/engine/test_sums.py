"""The normal form of sums over indices: equal where equal for all sizes, and true to the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import count, product
from math import prod
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Add, Expr, IndexedBase, Integer, KroneckerDelta, Mul, Rational, Sum
from sympy import Symbol as Scalar

from derivations.prove import sums
from derivations.prove.functions import FUNCTIONS
from derivations.prove.sums import Normalizer, Polynomial

RANGES = {"D": 2, "H": 3}  # small enough to write every term out, and different
D, H = (Scalar(name, integer=True, positive=True) for name in RANGES)
ARRAYS = {"u": ("H",), "v": ("H",), "x": ("D",), "W": ("H", "D"), "U": ("H", "H")}
u, v, x, W, U = (IndexedBase(name) for name in ARRAYS)
p, q, j, k, m = (Scalar(name, integer=True) for name in "pqjkm")

Index = tuple[str, str]  # name, size


@dataclass(frozen=True)
class Node:
    """An expression as it is drawn: `kind` of number, atom, delta, add, multiply or sum."""

    kind: str
    parts: tuple[Node, ...] = ()
    number: int = 0
    name: str = ""
    indices: tuple[str, ...] = ()
    size: str = ""


@st.composite
def nodes(draw: st.DrawFn, free: tuple[Index, ...] = (("p", "H"),), depth: int = 3) -> Node:
    """An expression in which every index that is summed is used."""
    kinds = ["number", "atom", *(["add", "multiply", "sum"] if depth else [])]
    match draw(st.sampled_from(kinds)):
        case "number":
            return Node("number", number=draw(st.integers(-2, 3).filter(bool)))
        case "atom":
            return draw(atoms(free))
        case "sum":
            size = draw(st.sampled_from(sorted(RANGES)))
            index = (f"s{depth}{len(free)}", size)
            inner = (draw(atoms((*free, index), using=index)), draw(nodes((*free, index), depth - 1)))
            return Node("sum", (Node("multiply", inner),), name=index[0], size=size)
        case kind:
            return Node(kind, (draw(nodes(free, depth - 1)), draw(nodes(free, depth - 1))))


@st.composite
def atoms(draw: st.DrawFn, free: tuple[Index, ...], using: Index | None = None) -> Node:
    """An array's entry or a Kronecker delta at indices that are there, with the index `using` among them."""
    fitting = [
        Node("atom", name=name, indices=tuple(i for i, _ in chosen))
        for name, sizes in ARRAYS.items()
        for chosen in product(free, repeat=len(sizes))
        if tuple(size for _, size in chosen) == sizes
    ]
    if using is not None:
        # A delta ties the index that is summed to one from outside, as a derivative does; so no two form a ring.
        fitting += [
            Node("delta", indices=(using[0], i)) for i, size in free if size == using[1] and i != using[0]
        ]
    return draw(st.sampled_from([a for a in fitting if using is None or using[0] in a.indices]))


def sympy(node: Node, prefix: str = "") -> Expr:
    """The expression for the normal form; `prefix` renames what is summed."""

    def index(name: str) -> Expr:
        return Scalar(name if name == "p" else f"{prefix}{name}", integer=True)

    match node.kind:
        case "number":
            return Integer(node.number)
        case "atom":
            return IndexedBase(node.name)[tuple(map(index, node.indices))]
        case "delta":
            return KroneckerDelta(*map(index, node.indices))
        case "add":
            return Add(*(sympy(a, prefix) for a in node.parts))
        case "multiply":
            return Mul(*(sympy(a, prefix) for a in node.parts))
        case _:
            return Sum(
                sympy(node.parts[0], prefix),
                (index(node.name), 1, Scalar(node.size, integer=True, positive=True)),
            )


class Table:
    """A number for every entry of every array."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __call__(self, name: str, at: tuple[int, ...]) -> int:
        return Random(f"{self.seed} {name} {at}").randint(-99, 99)


def written_out(node: Node, table: Table, at: dict[str, int]) -> int:
    """The value of an expression, every sum written out."""
    match node.kind:
        case "number":
            return node.number
        case "atom":
            return table(node.name, tuple(at[i] for i in node.indices))
        case "delta":
            return int(at[node.indices[0]] == at[node.indices[1]])
        case "sum":
            places = range(1, RANGES[node.size] + 1)
            return sum(written_out(node.parts[0], table, at | {node.name: place}) for place in places)
        case kind:
            values = [written_out(a, table, at) for a in node.parts]
            return sum(values) if kind == "add" else prod(values)


def value(polynomial: Polynomial, table: Table, at: dict[str, int]) -> int | Fraction:
    """The value of a normal form, every sum written out."""
    total: int | Fraction = 0
    for (factors, sizes), coefficient in polynomial.items():
        for summed in product(*(range(1, RANGES[size] + 1) for size in sizes)):
            places = at | dict(enumerate(summed))
            term = coefficient
            for name, indices in factors:
                where = tuple(places[i] for i in indices)
                term *= int(where[0] == where[1]) if name == sums.DELTA else table(name, where)
            total += term
    return total


def normal(expression: Expr) -> Polynomial:
    return Normalizer(lambda name, indices: None)(expression)


@given(node=nodes(), seed=st.integers(0, 10**6), place=st.integers(1, 3))
def test_the_normal_form_has_the_value_of_the_expression(node: Node, seed: int, place: int) -> None:
    table = Table(seed)
    assert value(normal(sympy(node)), table, {"p": place}) == written_out(node, table, {"p": place})


@given(node=nodes())
def test_the_names_of_what_is_summed_do_not_matter(node: Node) -> None:
    assert normal(sympy(node)) == normal(sympy(node, prefix="z"))


@given(left=nodes(), right=nodes(), seed=st.integers(0, 10**6))
def test_two_expressions_with_one_normal_form_have_one_value_and_others_another(
    left: Node, right: Node, seed: int
) -> None:
    one, other = normal(sympy(left)), normal(sympy(right))
    tables = [Table(seed + n) for n in range(3)]
    equal = all(
        written_out(left, t, {"p": n}) == written_out(right, t, {"p": n}) for t in tables for n in (1, 2, 3)
    )
    # A number and a sum of numbers over a range are never drawn, so what differs in form differs in value.
    assert (one == other) == equal


@given(first=nodes(depth=2), second=nodes(depth=2), third=nodes(depth=1))
def test_products_distribute_and_commute(first: Node, second: Node, third: Node) -> None:
    a, b, c = (normal(sympy(n)) for n in (first, second, third))
    assert sums.multiply(a, sums.add(b, c)) == sums.add(sums.multiply(a, b), sums.multiply(a, c))
    assert sums.multiply(a, b) == sums.multiply(b, a)
    assert sums.multiply(sums.multiply(a, b), c) == sums.multiply(a, sums.multiply(b, c))
    assert sums.add(a, a, -1) == {}


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (Sum(W[p, j] * x[j], (j, 1, D)), Sum(W[p, k] * x[k], (k, 1, D))),
        (
            Sum(u[j] * Sum(W[j, k] * x[k], (k, 1, D)), (j, 1, H)),
            Sum(x[k] * Sum(W[j, k] * u[j], (j, 1, H)), (k, 1, D)),
        ),
        (Sum(U[j, k] * u[j] * v[k], (j, 1, H), (k, 1, H)), Sum(U[m, p] * u[m] * v[p], (p, 1, H), (m, 1, H))),
        (Sum(KroneckerDelta(j, p) * u[j] * v[j], (j, 1, H)), u[p] * v[p]),
        (
            Sum(KroneckerDelta(j, k) * U[p, j] * U[k, p], (j, 1, H), (k, 1, H)),
            Sum(U[p, k] * U[k, p], (k, 1, H)),
        ),
        ((u[p] + v[p]) ** 2, u[p] ** 2 + 2 * u[p] * v[p] + v[p] ** 2),
    ],
)
def test_equal_for_all_sizes(left: Expr, right: Expr) -> None:
    assert normal(left) == normal(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (Sum(U[p, j] * u[j], (j, 1, H)), Sum(U[j, p] * u[j], (j, 1, H))),  # U u, Uᵀ u
        (Sum(u[j] * v[j], (j, 1, H)), Sum(u[j], (j, 1, H)) * Sum(v[j], (j, 1, H))),
        (Sum(u[j] ** 2, (j, 1, H)), Sum(u[j], (j, 1, H)) ** 2),
        (Sum(u[j], (j, 1, H)), Sum(u[j], (j, 1, D))),
        (u[p], u[q]),
        (u[p] * v[q], u[q] * v[p]),
        (Sum(U[j, k] * U[k, j], (j, 1, H), (k, 1, H)), Sum(U[j, k] * U[j, k], (j, 1, H), (k, 1, H))),
        (Sum(U[j, k] * u[j] * v[k], (j, 1, H), (k, 1, H)), Sum(U[j, k] * u[k] * v[j], (j, 1, H), (k, 1, H))),
        (Sum(KroneckerDelta(j, p) * u[j], (j, 1, H)), Sum(u[j], (j, 1, H))),
    ],
)
def test_different_contractions_differ(left: Expr, right: Expr) -> None:
    assert normal(left) != normal(right)


def test_nothing_is_captured_when_products_meet() -> None:
    one = normal(Sum(u[j], (j, 1, H)))
    square = sums.multiply(one, one)
    ((factors, sizes),) = square
    assert sizes == ("H", "H")
    assert sorted(factors) == [("u", (0,)), ("u", (1,))]


def test_a_free_index_is_renamed_and_a_summed_one_is_not() -> None:
    polynomial = normal(u[p] * Sum(W[p, j] * x[j], (j, 1, D)))
    assert sums.rename(polynomial, {"p": "q"}) == normal(u[q] * Sum(W[q, j] * x[j], (j, 1, D)))
    assert sums.rename(polynomial, {"j": "q"}) == polynomial


def test_a_sum_that_counts_is_a_size() -> None:
    assert normal(Sum(u[p], (j, 1, H))) == normal(H * u[p])
    assert normal(Sum(u[p], (j, 1, H))) != normal(D * u[p])


def test_a_delta_that_comes_twice_counts_once() -> None:
    twice = sums.multiply(normal(KroneckerDelta(j, k)), normal(KroneckerDelta(j, k)))
    contracted = sums.multiply(sums.sum_over(twice, "k", "H"), normal(u[j]))
    assert sums.sum_over(contracted, "j", "H") == normal(Sum(u[j], (j, 1, H)))


def test_numbers_may_be_fractions_and_sizes_may_stand_in_a_formula() -> None:
    half = normal(Rational(1, 2) * u[p])
    assert sums.add(half, half) == normal(u[p])
    assert normal(Sum(u[j] / H, (j, 1, H))) == normal(Sum(u[k], (k, 1, H)) / H)
    assert normal(u[p] * H / H) == normal(u[p])
    assert normal(u[p] / H) != normal(u[p] / D)


def test_what_has_no_normal_form_is_refused() -> None:
    with pytest.raises(TypeError, match="no normal form for Pow"):
        normal(1 / u[p])


def test_a_defined_symbol_is_replaced_by_its_definition() -> None:
    def resolve(name: str, indices: tuple[str, ...]) -> Polynomial | None:
        return normal(Sum(W[Scalar(indices[0], integer=True), j] * x[j], (j, 1, D))) if name == "u" else None

    found = Normalizer(resolve)(u[q] * v[q])
    assert found == normal(Sum(W[q, j] * x[j], (j, 1, D)) * v[q])


class TestValues:
    """A value of an activation is one atom for one function, one argument and one place."""

    def setup_method(self) -> None:
        self.normalizer = Normalizer(lambda name, indices: None)

    def value(self, function: str, argument: Expr) -> Polynomial:
        return self.normalizer(FUNCTIONS[function](argument))

    def test_the_same_argument_gives_the_same_atom(self) -> None:
        one = self.value("tanh", Sum(W[p, j] * x[j], (j, 1, D)) + u[p])
        assert one == self.value("tanh", u[p] + Sum(x[k] * W[p, k], (k, 1, D)))

    def test_another_function_argument_or_place_gives_another(self) -> None:
        t = Scalar("t", integer=True)
        numbers = count()
        seen = {
            str(self.value(function, argument)): next(numbers)
            for function, argument in [
                ("tanh", u[t, p]),
                ("sigmoid", u[t, p]),
                ("tanh", v[t, p]),
                ("tanh", u[t, q]),
                ("tanh", u[Integer(1), p]),
                ("tanh", 2 * u[t, p]),
                ("tanh", u[t, p] ** 2),
            ]
        }
        assert len(seen) == 7

    def test_one_vector_at_two_places_is_one_atom_renamed(self) -> None:
        at_p, at_q = self.value("tanh", U[p, p] + u[p]), self.value("tanh", U[q, q] + u[q])
        assert sums.rename(at_p, {"p": "q"}) == at_q

    def test_the_slope_is_stated_through_the_value(self) -> None:
        inner = u[p]
        slope = self.normalizer(FUNCTIONS["tanh"](inner).diff(inner))
        y = self.value("tanh", inner)
        assert slope == sums.add({sums.ONE: 1}, sums.multiply(y, y), -1)
        slope = self.normalizer(FUNCTIONS["sigmoid"](inner).diff(inner))
        y = self.value("sigmoid", inner)
        assert slope == sums.add(y, sums.multiply(y, y), -1)
