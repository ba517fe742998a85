"""From an expression to boxes: where parentheses go, how a product is written, where a long line is broken."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Add, Expr, Integer, MatAdd, MatMul, MatrixSymbol, Mul, OneMatrix, Pow, Transpose
from sympy import Symbol as Scalar
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language import Symbol
from derivations.language.expressions import Elementwise, TimeSum, is_negative
from derivations.write.notation import OWN, TRANSPOSE, Joint, Writing
from derivations.write.typeset import (
    BigSum,
    Box,
    Fence,
    Function,
    Letter,
    Number,
    Operator,
    Row,
    Sub,
    Sup,
    width,
)

PLUS, MINUS, EQUALS = Operator("+", "+"), Operator("−", "-"), Operator("=", "=")
SIGN = Operator("−", "-", sign=True)
ODOT = Operator("⊙", r"\odot")
CDOT, COMMA = Operator("·", r"\cdot"), Operator(",", ",")
NAMES = {"sigmoid": Letter("σ", r"\sigma"), "tanh": Letter("tanh", r"\tanh")}
SLOPES = {"sigmoid'": Letter("σ′", r"\sigma'"), "tanh'": Letter("tanh′", r"\tanh'")}

# A line longer than this is broken before its + and − signs; about what a phone shows.
LINE_WIDTH_EM = 17.0

Symbols = Mapping[str, Symbol]


def layout(node: MatrixExpr | Expr, symbols: Symbols, writing: Writing = OWN) -> Box:
    """The boxes of an expression, its symbols in the given notation.

    Raises:
        KeyError: a symbol of the expression is not in ``symbols``.
        TypeError: a kind of node that cannot be printed.
    """

    def inner(part: MatrixExpr | Expr, *fenced: type) -> Box:
        made = layout(part, symbols, writing)
        return Fence(made) if isinstance(part, fenced) or (fenced and is_negative(part)) else made

    match node:
        case MatrixSymbol():
            return writing.box(symbols[node.name])
        case OneMatrix():
            return Number(1)
        case Transpose():
            made = inner(node.arg, MatAdd, MatMul, HadamardProduct)
            if (
                isinstance(made, Sup) and made.above == TRANSPOSE
            ):  # a notation may name the transpose of our matrix
                return made.base
            return _raised(made, TRANSPOSE)
        case HadamardPower():
            power = int(node.args[1])
            if isinstance(node.base, Elementwise):
                value = node.base
                return Function(NAMES[value.function], layout(value.argument, symbols, writing), power)
            return _raised(inner(node.base, MatAdd, MatMul, HadamardProduct), Number(power))
        case Elementwise():
            name = (NAMES | SLOPES)[node.function]
            return Function(name, layout(node.argument, symbols, writing))
        case TimeSum():
            sign = BigSum(Letter("t", "t"), Number(1), Letter("T", "T"))
            return Row((sign, inner(node.body, MatAdd)))
        case MatAdd() | Add():
            return Row(tuple(part for piece in _sum(node, symbols, writing) for part in piece))
        case MatMul() if is_negative(node):
            return Row((SIGN, inner(node.args[1], MatAdd)))
        case MatMul():
            return Row(tuple(inner(a, MatAdd, HadamardProduct) for a in node.args))
        case HadamardProduct():
            return _join([inner(a, MatAdd, MatMul, HadamardProduct) for a in node.args], ODOT)
        case Mul():
            return Row(tuple(inner(a, Add) for a in node.args))
        case Pow():
            return _raised(inner(node.base, Add, Mul), Number(int(node.exp)))
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


def _raised(base: Box, above: Box) -> Sup:
    """A base with something above; in parentheses where it has a superscript already, as y^t has in some notations."""
    return Sup(Fence(base) if _has_superscript(base) else base, above)


def _has_superscript(box: Box) -> bool:
    match box:
        case Sup():
            return True
        case Sub(base=base):
            return _has_superscript(base)
        case Row(parts=parts):
            return any(map(_has_superscript, parts))
        case _:
            return False


def _sum(node: MatAdd | Add, symbols: Symbols, writing: Writing) -> list[list[Box]]:
    """The terms of a sum, each with the sign that stands before it."""
    pieces: list[list[Box]] = []
    terms = list(node.args)
    while terms:
        term = terms.pop(0)
        negative = is_negative(term)
        if terms and (joint := writing.joint(term, terms[0], symbols)):
            terms.pop(0)
            made: Box = _joint(joint, symbols, writing)
        else:
            body = term.args[1] if negative else term
            made = layout(body, symbols, writing)
            if negative and isinstance(body, MatAdd):
                made = Fence(made)
        if pieces:
            pieces.append([MINUS if negative else PLUS, made])
        else:
            pieces.append([SIGN, made] if negative else [made])
    return pieces


def _joint(joint: Joint, symbols: Symbols, writing: Writing) -> Row:
    """A matrix times vectors on top of each other."""
    vectors = _join([layout(vector, symbols, writing) for vector in joint.vectors], COMMA)
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
