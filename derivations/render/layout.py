"""From an expression to boxes: where parentheses go, how a product is written, where a long line is broken."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Add, Expr, Integer, MatAdd, MatMul, MatrixSymbol, Mul, OneMatrix, Pow, Transpose
from sympy import Symbol as Scalar
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.boxes import (
    BigSum,
    Box,
    Fence,
    Function,
    Letter,
    Number,
    Operator,
    Row,
    Sup,
    width,
)
from derivations.language import Symbol
from derivations.nodes import Elementwise, TimeSum, is_negative
from derivations.notation import TRANSPOSE, box

PLUS, MINUS, EQUALS = Operator("+", "+"), Operator("−", "-"), Operator("=", "=")
SIGN = Operator("−", "-", sign=True)
ODOT = Operator("⊙", r"\odot")
NAMES = {"sigmoid": Letter("σ", r"\sigma"), "tanh": Letter("tanh", r"\tanh")}
SLOPES = {"sigmoid'": Letter("σ′", r"\sigma'"), "tanh'": Letter("tanh′", r"\tanh'")}

# A line longer than this is broken before its + and − signs; about what a phone shows.
LINE_WIDTH_EM = 17.0

Symbols = Mapping[str, Symbol]


def layout(node: MatrixExpr | Expr, symbols: Symbols) -> Box:
    """The boxes of an expression.

    Raises:
        KeyError: a symbol of the expression is not in ``symbols``.
        TypeError: a kind of node that cannot be printed.
    """

    def inner(part: MatrixExpr | Expr, *fenced: type) -> Box:
        made = layout(part, symbols)
        return Fence(made) if isinstance(part, fenced) or (fenced and is_negative(part)) else made

    match node:
        case MatrixSymbol():
            return box(symbols[node.name])
        case OneMatrix():
            return Number(1)
        case Transpose():
            return Sup(inner(node.arg, MatAdd, MatMul, HadamardProduct), TRANSPOSE)
        case HadamardPower():
            power = int(node.args[1])
            if isinstance(node.base, Elementwise):
                value = node.base
                return Function(NAMES[value.function], layout(value.argument, symbols), power)
            return Sup(inner(node.base, MatAdd, MatMul, HadamardProduct), Number(power))
        case Elementwise():
            name = (NAMES | SLOPES)[node.function]
            return Function(name, layout(node.argument, symbols))
        case TimeSum():
            sign = BigSum(Letter("t", "t"), Number(1), Letter("T", "T"))
            return Row((sign, inner(node.body, MatAdd)))
        case MatAdd() | Add():
            return Row(tuple(part for piece in _sum(node, symbols) for part in piece))
        case MatMul() if is_negative(node):
            return Row((SIGN, inner(node.args[1], MatAdd)))
        case MatMul():
            return Row(tuple(inner(a, MatAdd, HadamardProduct) for a in node.args))
        case HadamardProduct():
            return _join([inner(a, MatAdd, MatMul, HadamardProduct) for a in node.args], ODOT)
        case Mul():
            return Row(tuple(inner(a, Add) for a in node.args))
        case Pow():
            return Sup(inner(node.base, Add, Mul), Number(int(node.exp)))
        case Integer():
            return Number(int(node))
        case Scalar():
            return Letter(node.name, node.name)
        case _:
            raise TypeError(f"no layout for {type(node).__name__}: {node}")


def _join(boxes: list[Box], between: Operator) -> Row:
    parts: list[Box] = []
    for made in boxes:
        parts += [between, made] if parts else [made]
    return Row(tuple(parts))


def _sum(node: MatAdd | Add, symbols: Symbols) -> list[list[Box]]:
    """The terms of a sum, each with the sign that stands before it."""
    pieces: list[list[Box]] = []
    for term in node.args:
        negative = is_negative(term)
        body = term.args[1] if negative else term
        made = layout(body, symbols)
        if negative and isinstance(body, MatAdd):
            made = Fence(made)
        if pieces:
            pieces.append([MINUS if negative else PLUS, made])
        else:
            pieces.append([SIGN, made] if negative else [made])
    return pieces


def statement(left: MatrixExpr | Expr, right: MatrixExpr | Expr, symbols: Symbols) -> Row:
    """``left = right`` on one line."""
    return Row((layout(left, symbols), EQUALS, layout(right, symbols)))


def lines(left: MatrixExpr | Expr, right: MatrixExpr | Expr, symbols: Symbols) -> tuple[Box, list[Box]]:
    """The left side, and the right side broken before its + and − signs where one line would be too long."""
    left_box = layout(left, symbols)
    if width(left_box) + width(EQUALS) + width(layout(right, symbols)) <= LINE_WIDTH_EM:
        return left_box, [layout(right, symbols)]
    return left_box, _broken(right, symbols)


def _broken(right: MatrixExpr | Expr, symbols: Symbols) -> list[Box]:
    if not isinstance(right, MatAdd | Add):
        return [layout(right, symbols)]
    rows: list[list[Box]] = []
    for piece in _sum(right, symbols):
        if rows and sum(map(width, rows[-1])) + sum(map(width, piece)) <= LINE_WIDTH_EM - 4:
            rows[-1] += piece
        else:
            rows.append(list(piece))
    return [Row(tuple(row)) for row in rows]
