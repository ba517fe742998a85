"""The mistakes people make, one function a kind: each gives every way to make it in one expression.

A function may give an expression whose shapes do not fit; it raises ShapeError when it is built, and so such a
mutant is offered as a function without arguments, which the generator calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations

from sympy import MatAdd, MatMul, MatrixSymbol, OneMatrix, Transpose
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.derive.formula import Formula
from derivations.language import Cell, Symbol, expressions
from derivations.language.expressions import AFTER, BEFORE, AtStep, Elementwise, TimeSum
from derivations.mutants.sites import put, rebuild, sites

Make = Callable[[], MatrixExpr]
Kind = Callable[[Formula, Cell], Iterator[Make]]

OTHER = {"sigmoid": "tanh", "tanh": "sigmoid"}


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
    """a ⊙ b → a, and A b → b."""
    for path, part in sites(f.right):
        if isinstance(part, HadamardProduct):
            for k in range(len(part.args)):
                rest = [*part.args[:k], *part.args[k + 1 :]]
                yield partial(_at, f, path, partial(expressions.hadamard, *rest))
        elif _is_product(part):
            for kept in part.args:
                yield partial(_at, f, path, partial(_fitting, kept, part))
        elif isinstance(part, HadamardPower):
            yield partial(_at, f, path, partial(_same, part.base))


def double_factor(f: Formula, _: Cell) -> Iterator[Make]:
    """a ⊙ b → a ⊙ a ⊙ b, and A b → A A b."""
    for path, part in sites(f.right):
        if isinstance(part, HadamardProduct):
            for k, factor in enumerate(part.args):
                doubled = [*part.args[: k + 1], factor, *part.args[k + 1 :]]
                yield partial(_at, f, path, partial(expressions.hadamard, *doubled))
        elif _is_product(part) and not isinstance(part.args[1], Transpose):
            yield partial(_at, f, path, partial(_twice, part))


def swap_gates(f: Formula, cell: Cell) -> Iterator[Make]:
    """One gate for another: i for f, W_i for W_f, ∂L/∂ī for ∂L/∂f̄."""
    used = {s.name for s in f.used}
    for family in _families(f, cell):
        for a, b in combinations(family, 2):
            if {a.name, b.name} & used:
                swapped = {_named(a.name, a): _named(b.name, b), _named(b.name, b): _named(a.name, a)}
                yield partial(f.right.xreplace, swapped)


def shift_time(f: Formula, cell: Cell) -> Iterator[Make]:
    """t for t − 1, and t + 1 for t."""
    if f.left.when == "1" or any(s.name.endswith("_1") for s in f.used):
        return
    previous = {s.previous.name: s.name for s in cell.states}
    constant = {p.name for p in cell.parameters}
    for symbol in {n.name: n for n in expressions.symbols_in(f.right)}.values():
        if symbol.name in constant:
            continue
        others = [symbol.name + BEFORE, symbol.name + AFTER]
        if symbol.name in previous:
            others[1] = previous[symbol.name]  # the state of step t − 1, one step later
        for other in others:
            yield partial(f.right.xreplace, {symbol: MatrixSymbol(other, *symbol.shape)})


def transpose_weight(f: Formula, cell: Cell) -> Iterator[Make]:
    """W for Wᵀ, and Wᵀ for W."""
    constant = {p.name for p in cell.parameters}
    for path, part in sites(f.right):
        if isinstance(part, Transpose) and isinstance(part.arg, MatrixSymbol) and part.arg.name in constant:
            yield partial(_at, f, path, partial(_same, part.arg))
        elif _is_product(part) and isinstance(part.args[0], MatrixSymbol) and part.args[0].name in constant:
            yield partial(_at, f, path, partial(_transposed_left, part))


def transpose_outer(f: Formula, _: Cell) -> Iterator[Make]:
    """x dᵀ for d xᵀ."""
    for path, part in sites(f.right):
        if _is_product(part) and isinstance(part.args[1], Transpose) and part.args[0].shape[1] == 1:
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
    """σ for tanh, tanh for σ, and neither."""
    for path, part in sites(f.right):
        if isinstance(part, Elementwise):
            yield partial(_at, f, path, partial(Elementwise, OTHER[part.function], part.argument))
            yield partial(_at, f, path, partial(_same, part.argument))


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
    bars = {s.name for s in cell.quantities if s.bar}
    for symbol in {n.name: n for n in expressions.symbols_in(f.right)}.values():
        name = symbol.name
        other = f"{name}_bar" if f"{name.removeprefix('d')}_bar" in bars or f"{name}_bar" in bars else ""
        if name.removeprefix("d") in bars or name in bars:
            other = name.removesuffix("_bar")
        if other and other != f.left.name:
            yield partial(f.right.xreplace, {symbol: MatrixSymbol(other, *symbol.shape)})


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
}


def _at(f: Formula, path: tuple[int, ...], make: Make) -> MatrixExpr:
    return put(f.right, path, make())


def _same(node: MatrixExpr) -> MatrixExpr:
    return node


def _fitting(kept: MatrixExpr, product: MatMul) -> MatrixExpr:
    """One factor in place of the product.

    Raises:
        ShapeError: it has another shape than the product.
    """
    if tuple(kept.shape) != tuple(product.shape):
        raise expressions.ShapeError(f"{expressions.show(kept)} in place of {expressions.show(product)}")
    return kept


def _twice(product: MatMul) -> MatrixExpr:
    return expressions.matmul(product.args[0], product)


def _transposed_left(product: MatMul) -> MatrixExpr:
    return rebuild(product, [expressions.transpose(product.args[0]), product.args[1]])


def _is_product(node: MatrixExpr) -> bool:
    return isinstance(node, MatMul) and not expressions.is_negative(node)


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


def _named(name: str, s: Symbol) -> MatrixSymbol:
    return MatrixSymbol(name, *s.shape)


def _families(f: Formula, cell: Cell) -> Iterator[list[Symbol]]:
    """Symbols that stand for the same thing in different gates: they could be taken for one another."""
    gates = [s for s in cell.quantities if s.role == "intermediate" and not s.bar]
    bars = [s for s in cell.quantities if s.bar]
    yield gates
    for group in (gates, bars):
        yield [f.symbols[f"d{s.name}"] for s in group]
    if any(s.name.endswith("_1") for s in f.used):
        yield [f.symbols[f"d{s.name}_1"] for s in bars]
        yield [f.symbols[f"{s.name}_1"] for s in gates]
    for letter in dict.fromkeys(p.letter for p in cell.parameters):
        yield [p for p in cell.parameters if p.letter == letter]
