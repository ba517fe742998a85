"""The mistakes people make, one function a kind: each gives every way to make it in one expression.

A function may give an expression whose shapes do not fit; it raises ShapeError when it is built, and so such a
mutant is offered as a function without arguments, which the generator calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import combinations

from sympy import MatAdd, MatMul, MatrixSymbol, OneMatrix, Transpose
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.derive.formula import Formula
from derivations.language import expressions
from derivations.language.cell import Cell
from derivations.language.expressions import (
    ONE,
    Apply,
    AtStep,
    Elementwise,
    Key,
    TimeSum,
    atom,
    is_numbered,
    is_product,
    key_of,
    symbols_in,
)
from derivations.language.primitives import PRIMITIVES, apply, kind
from derivations.language.symbols import Symbol
from derivations.mutants.sites import put, rebuild, sites
from derivations.mutants.slips import slips_of

Make = Callable[[], MatrixExpr]
Kind = Callable[[Formula, Cell], Iterator[Make]]

FACTORS = ("quotient", "scale", "rows")
# How a symbol is called that is taken one step too early or too late.
SHIFTED = {-1: "before", 1: "after"}


def drop_term(f: Formula, _: Cell) -> Iterator[Make]:
    """a + b → a."""
    for path, part in sites(f.right):
        if isinstance(part, MatAdd):
            for k in range(len(part.args)):
                rest = [*part.args[:k], *part.args[k + 1 :]]
                yield partial(_at, f, path, partial(expressions.add, *rest))


def flip_sign(f: Formula, _: Cell) -> Iterator[Make]:
    """a + b → a − b, and a → −a."""
    if isinstance(f.right, TimeSum):
        yield partial(TimeSum, expressions.negate(f.right.body))
    else:
        yield partial(expressions.negate, f.right)
    for path, part in sites(f.right):
        if isinstance(part, MatAdd):
            for k, term in enumerate(part.args):
                flipped = [*part.args[:k], expressions.negate(term), *part.args[k + 1 :]]
                yield partial(_at, f, path, partial(expressions.add, *flipped))


def drop_factor(f: Formula, _: Cell) -> Iterator[Make]:
    """a ⊙ b → a, A b → b, a ⊘ b → a, and 2 a → a."""
    for path, part in sites(f.right):
        if isinstance(part, HadamardProduct):
            for k in range(len(part.args)):
                rest = [*part.args[:k], *part.args[k + 1 :]]
                yield partial(_at, f, path, partial(expressions.hadamard, *rest))
        elif is_product(part) or (isinstance(part, Apply) and part.function in FACTORS):
            for kept in expressions.parts(part):
                yield partial(_at, f, path, partial(_fitting, kept, part))
        elif isinstance(part, HadamardPower):
            yield partial(_at, f, path, partial(_same, part.base))
        elif is_numbered(part) and part.args[0] != -1:
            yield partial(_at, f, path, partial(_same, part.args[1]))


def double_factor(f: Formula, _: Cell) -> Iterator[Make]:
    """a ⊙ b → a ⊙ a ⊙ b, A b → A A b, and a ⊘ b → (a ⊘ b) ⊘ b."""
    for path, part in sites(f.right):
        if isinstance(part, HadamardProduct):
            for k, factor in enumerate(part.args):
                doubled = [*part.args[: k + 1], factor, *part.args[k + 1 :]]
                yield partial(_at, f, path, partial(expressions.hadamard, *doubled))
        elif is_product(part) and not isinstance(part.args[1], Transpose):
            yield partial(_at, f, path, partial(_twice, part))
        elif isinstance(part, Apply) and part.function in ("scale", "rows"):
            yield partial(_at, f, path, partial(apply, part.function, part.operands[0], part))
        elif isinstance(part, Apply) and part.function == "quotient":
            yield partial(_at, f, path, partial(apply, "quotient", part, part.operands[1]))


def swap_gates(f: Formula, cell: Cell) -> Iterator[Make]:
    """One gate for another: i for f, W_i for W_f, ∂L/∂ī for ∂L/∂f̄."""
    used = {s.node for s in f.used}
    for family in _families(f, cell):
        for a, b in combinations(family, 2):
            if {a.node, b.node} & used:
                yield partial(f.right.xreplace, {a.node: b.node, b.node: a.node})


def shift_time(f: Formula, cell: Cell) -> Iterator[Make]:
    """t for t − 1, and t + 1 for t."""
    if f.left.key.anchor == "1" or any(s.key.anchor == "1" for s in f.used):
        return
    states = {s.name: s for s in cell.states}
    for symbol in {n.name: n for n in symbols_in(f.right)}.values():
        key = key_of(symbol)
        if not key.anchor:
            continue
        for step, ending in SHIFTED.items():
            moved = replace(key, offset=key.offset + step)
            state = states.get(key.base) if key.part == "value" and moved.offset == 0 else None
            other = state.node if state else atom(f"{symbol.name}_{ending}", tuple(symbol.shape), moved)
            yield partial(f.right.xreplace, {symbol: other})


def transpose_weight(f: Formula, _: Cell) -> Iterator[Make]:
    """W for Wᵀ, and Wᵀ for W."""
    for path, part in sites(f.right):
        if isinstance(part, Transpose) and isinstance(part.arg, MatrixSymbol) and _is_matrix(part.arg):
            yield partial(_at, f, path, partial(_same, part.arg))
        elif is_product(part) and isinstance(part.args[0], MatrixSymbol) and _is_matrix(part.args[0]):
            yield partial(_at, f, path, partial(_transposed_left, part))


def transpose_outer(f: Formula, _: Cell) -> Iterator[Make]:
    """x dᵀ for d xᵀ."""
    for path, part in sites(f.right):
        if is_product(part) and isinstance(part.args[1], Transpose) and part.args[0].shape[1] == 1:
            column, row = part.args
            yield partial(_at, f, path, partial(expressions.outer, row.arg, column))


def value_for_slope(f: Formula, _: Cell) -> Iterator[Make]:
    """σ for σ′ and tanh for its derivative."""
    for path, part in sites(f.right):
        if isinstance(part, MatAdd) and isinstance(part.args[0], OneMatrix) and len(part.args) == 2:
            inner = part.args[1].args[1] if expressions.is_negative(part.args[1]) else None
            if isinstance(inner, HadamardPower):
                yield partial(_at, f, path, partial(_same, inner.base))
        if isinstance(part, HadamardProduct):
            for k, factor in enumerate(part.args):
                if _complemented(factor) in part.args:
                    rest = [a for m, a in enumerate(part.args) if m != k]
                    yield partial(_at, f, path, partial(expressions.hadamard, *rest))


def wrong_activation(f: Formula, _: Cell) -> Iterator[Make]:
    """σ for tanh, max for min, a product for a quotient; and no function at all."""
    for path, part in sites(f.right):
        if isinstance(part, Elementwise | Apply):
            operands = expressions.parts(part)
            for other in PRIMITIVES[kind(part)].mistakes:
                yield partial(_at, f, path, partial(_other, other, operands))
            if isinstance(part, Elementwise) or len(operands) == 1:
                yield partial(_at, f, path, partial(_fitting, operands[0], part))


def complement(f: Formula, cell: Cell) -> Iterator[Make]:
    """1 − a for a, and a for 1 − a."""
    gates = {s.name for s in cell.quantities if s.role == "intermediate" and not s.bar}
    for path, part in sites(f.right):
        inner = _complemented(part)
        if inner is not None:
            yield partial(_at, f, path, partial(_same, inner))
        elif isinstance(part, MatrixSymbol) and part.name in gates and not _inside_complement(f, path):
            yield partial(_at, f, path, partial(_complement_of, part))


def pre_activation(f: Formula, cell: Cell) -> Iterator[Make]:
    """ā for a, and the cotangent of one for that of the other."""
    of_bar = {s.name: s.name.removesuffix("_bar") for s in cell.quantities if s.bar}
    other_of = of_bar | {name: bar for bar, name in of_bar.items()}
    by_key = {s.key: s for s in f.symbols.values()}
    for symbol in {n.name: n for n in symbols_in(f.right)}.values():
        key = key_of(symbol)
        if key.base in other_of and (key.part == "cotangent" or not key.offset):
            other = by_key.get(replace(key, base=other_of[key.base]))
            if other is not None and other.name != f.left.name and other.shape == tuple(symbol.shape):
                yield partial(f.right.xreplace, {symbol: other.node})


def not_summed(f: Formula, _: Cell) -> Iterator[Make]:
    """The contribution of the last step in place of the sum over time."""
    if isinstance(f.right, TimeSum):
        yield partial(AtStep, f.right.body, "T")


def overwritten(f: Formula, _: Cell) -> Iterator[Make]:
    """A cotangent assigned where it should be added: only what is written last is left."""
    if isinstance(f.right, TimeSum):
        yield partial(AtStep, f.right.body, "1")
    if isinstance(f.right, MatAdd):
        yield partial(_same, f.right.args[-1])
        yield partial(_same, f.right.args[0])


def slip(f: Formula, _: Cell) -> Iterator[Make]:
    """What programs, papers and tutorials have for this formula; not where they sum over a part of the steps alone."""
    for one in slips_of(f.id):
        right = one.wrong(f.right, lambda name: f.symbols[name].node)
        if not any(isinstance(part, TimeSum) for part in expressions.parts(right)):
            yield partial(_same, right)


# Where two kinds give the same expression it counts for the first: the most telling name comes first.
KINDS: dict[str, Kind] = {
    "value-for-slope": value_for_slope,
    "complement": complement,
    "pre-activation": pre_activation,
    "wrong-activation": wrong_activation,
    "not-summed": not_summed,
    "overwritten": overwritten,
    "transpose-outer": transpose_outer,
    "transpose-weight": transpose_weight,
    "shift-time": shift_time,
    "swap-gates": swap_gates,
    "drop-term": drop_term,
    "flip-sign": flip_sign,
    "drop-factor": drop_factor,
    "double-factor": double_factor,
    "slip": slip,
}


def _at(f: Formula, path: tuple[int, ...], make: Make) -> MatrixExpr:
    return put(f.right, path, make())


def _same(node: MatrixExpr) -> MatrixExpr:
    return node


def _other(name: str, operands: list[MatrixExpr]) -> MatrixExpr:
    """Another primitive of the same operands."""
    return expressions.hadamard(*operands) if name == "hadamard" else apply(name, *operands)


def _fitting(kept: MatrixExpr, part: MatrixExpr) -> MatrixExpr:
    """One operand in place of the whole.

    Raises:
        ShapeError: it has another shape.
    """
    if tuple(kept.shape) != tuple(part.shape):
        raise expressions.ShapeError(f"{expressions.show(kept)} in place of {expressions.show(part)}")
    return kept


def _twice(product: MatMul) -> MatrixExpr:
    return expressions.matmul(product.args[0], product)


def _transposed_left(product: MatMul) -> MatrixExpr:
    return rebuild(product, [expressions.transpose(product.args[0]), product.args[1]])


def _is_matrix(node: MatrixExpr) -> bool:
    return ONE not in node.shape


def _complemented(node: MatrixExpr) -> MatrixExpr | None:
    """a if the node is 1 − a."""
    if isinstance(node, MatAdd) and len(node.args) == 2 and isinstance(node.args[0], OneMatrix):
        second = node.args[1]
        inner = second.args[1] if expressions.is_negative(second) else None
        return inner if isinstance(inner, MatrixSymbol) else None
    return None


def _complement_of(node: MatrixExpr) -> MatrixExpr:
    return expressions.add(expressions.ones_like(node), expressions.negate(node))


def _inside_complement(f: Formula, path: tuple[int, ...]) -> bool:
    node = f.right
    for k in path:
        if _complemented(node) is not None:
            return True
        node = node.args[k]
    return False


def _families(f: Formula, cell: Cell) -> Iterator[list[Symbol]]:
    """Symbols of one shape that stand for the same thing in different gates: they could be taken for one another."""
    gates = [s for s in cell.quantities if s.role == "intermediate" and not s.bar]
    bars = [s for s in cell.quantities if s.bar]
    by_key = {s.key: s for s in f.symbols.values()}

    def cotangents(group: Iterable[Symbol], anchor: str) -> list[Symbol]:
        keys = (Key(s.key.base, "cotangent", "1" if anchor == "1" else "t") for s in group)
        return [by_key[key] for key in keys if key in by_key]

    yield from _of_one_shape(gates)
    for group in (gates, bars):
        yield from _of_one_shape(cotangents(group, "t"))
    if any(s.key.anchor == "1" for s in f.used):
        yield from _of_one_shape(cotangents(bars, "1"))
        yield from _of_one_shape([by_key[s.key.at_first_step()] for s in gates])
    for letter in dict.fromkeys(p.letter for p in cell.parameters):
        yield from _of_one_shape([p for p in cell.parameters if p.letter == letter])
    yield from _of_one_shape(cell.inputs)


def _of_one_shape(group: Iterable[Symbol]) -> Iterator[list[Symbol]]:
    listed = list(group)
    for shape in dict.fromkeys(s.shape for s in listed):
        yield [s for s in listed if s.shape == shape]
