"""From an expression to boxes: where parentheses go, how a product is written, where a long line is broken."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Add, Expr, Integer, MatAdd, MatrixSymbol, Mul, Pow
from sympy import Symbol as Scalar
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language.expressions import Elementwise, TimeSum, is_negative, is_numbered
from derivations.language.primitives import PRIMITIVES, row, slope_of
from derivations.language.row import COMMA, SUM, TIGHT
from derivations.language.structure import number_box
from derivations.language.symbols import Symbol
from derivations.write.notation import OWN, Joint, Writing
from derivations.write.typeset import (
    BigSum,
    Box,
    Fence,
    Function,
    Letter,
    Number,
    Operator,
    Row,
    joined,
    raised,
    width,
)

PLUS, MINUS, EQUALS = Operator("+", "+"), Operator("−", "-"), Operator("=", "=")
SIGN = Operator("−", "-", sign=True)
CDOT = Operator("·", r"\cdot")

# A line longer than this is broken before its + and − signs; about what a phone shows.
LINE_WIDTH_EM = 17.0

Symbols = Mapping[str, Symbol]


def level(node: MatrixExpr | Expr) -> int:
    """How loosely an expression binds; what is no primitive binds tightly."""
    if isinstance(node, Elementwise) and slope_of(node.function):
        return TIGHT
    if isinstance(node, MatrixExpr) and not isinstance(node, MatrixSymbol | TimeSum):
        return row(node).level
    return SUM if isinstance(node, Add) else TIGHT


def layout(node: MatrixExpr | Expr, symbols: Symbols, writing: Writing = OWN) -> Box:
    """The boxes of an expression, its symbols in the given notation.

    Raises:
        KeyError: a symbol of the expression is not in ``symbols``.
        TypeError: a kind of node that cannot be printed.
    """

    def inner(part: MatrixExpr | Expr, *fenced: int) -> Box:
        made = layout(part, symbols, writing)
        return Fence(made) if level(part) in fenced or (fenced and is_negative(part)) else made

    match node:
        case MatrixSymbol():
            return writing.box(symbols[node.name])
        case TimeSum():
            sign = BigSum(Letter("t", "t"), Number(1), Letter("T", "T"))
            return Row((sign, inner(node.body, SUM)))
        case MatAdd() | Add():
            return Row(tuple(part for piece in _sum(node, symbols, writing) for part in piece))
        case Elementwise() if function := slope_of(node.function):
            name = PRIMITIVES[function].letter or Letter(function, function)
            return Function(Letter(f"{name.text}′", f"{name.tex}'"), layout(node.argument, symbols, writing))
        case MatrixExpr():
            return row(node).layout(node, inner)
        case Mul():
            return Row(tuple(inner(a, SUM) for a in node.args))
        case Pow():
            base = inner(node.base)
            return raised(Fence(base) if isinstance(node.base, Add | Mul) else base, Number(int(node.exp)))
        case Integer():
            return Number(int(node))
        case Scalar():
            return Letter(node.name, node.name)
        case _:
            raise TypeError(f"no layout for {type(node).__name__}: {node}")


def _sum(node: MatAdd | Add, symbols: Symbols, writing: Writing) -> list[list[Box]]:
    """The terms of a sum, each with the sign that stands before it."""
    pieces: list[list[Box]] = []
    terms = list(node.args)
    while terms:
        term = terms.pop(0)
        negative, made = _term(term, symbols, writing)
        if terms and (joint := writing.joint(term, terms[0], symbols)):
            terms.pop(0)
            negative, made = False, _joint(joint, symbols, writing)
        if pieces:
            pieces.append([MINUS if negative else PLUS, made])
        else:
            pieces.append([SIGN, made] if negative else [made])
    return pieces


def _term(term: MatrixExpr | Expr, symbols: Symbols, writing: Writing) -> tuple[bool, Box]:
    """Whether a term is subtracted, and what stands after its sign."""
    if not (isinstance(term, MatrixExpr) and is_numbered(term) and term.args[0].could_extract_minus_sign()):
        return False, layout(term, symbols, writing)
    factor, body = -term.args[0], term.args[1]
    made = layout(body, symbols, writing)
    fenced = Fence(made) if isinstance(body, MatAdd) else made
    return True, fenced if factor == 1 else Row((number_box(factor), fenced))


def _joint(joint: Joint, symbols: Symbols, writing: Writing) -> Row:
    """A matrix times vectors on top of each other."""
    vectors = joined([layout(vector, symbols, writing) for vector in joint.vectors], COMMA)
    return Row((joint.matrix, CDOT, Fence(vectors, "[")))


def statement(
    left: MatrixExpr | Expr, right: MatrixExpr | Expr, symbols: Symbols, writing: Writing = OWN
) -> Row:
    """``left = right`` on one line."""
    return Row((layout(left, symbols, writing), EQUALS, layout(right, symbols, writing)))


def lines(
    left: MatrixExpr | Expr, right: MatrixExpr | Expr, symbols: Symbols, writing: Writing = OWN
) -> tuple[Box, list[Box]]:
    """The left side, and the right side broken before its + and − signs where one line would be too long."""
    left_box, right_box = layout(left, symbols, writing), layout(right, symbols, writing)
    if width(left_box) + width(EQUALS) + width(right_box) <= LINE_WIDTH_EM:
        return left_box, [right_box]
    return left_box, _broken(right, symbols, writing)


def _broken(right: MatrixExpr | Expr, symbols: Symbols, writing: Writing) -> list[Box]:
    if not isinstance(right, MatAdd | Add):
        return [layout(right, symbols, writing)]
    rows: list[list[Box]] = []
    for piece in _sum(right, symbols, writing):
        if rows and sum(map(width, rows[-1])) + sum(map(width, piece)) <= LINE_WIDTH_EM - 4:
            rows[-1] += piece
        else:
            rows.append(list(piece))
    return [Row(tuple(row)) for row in rows]
