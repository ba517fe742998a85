"""What is known of a primitive, and how a row of the table is written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sympy import Expr, Lambda
from sympy import Symbol as Scalar
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language.expressions import Apply, Shape, add, negate, ones_like, same_shape
from derivations.write.typeset import Box, Function, Letter, Operator, joined

# (operand, its share of the cotangent, name of the rule)
Share = tuple[MatrixExpr, MatrixExpr, str]
PullBack = Callable[[MatrixExpr, MatrixExpr], list[Share]]
SUM, PRODUCT, MATRIX, TIGHT = 1, 2, 3, 9  # how loosely a primitive binds where it is written
COMMA = Operator(",", ",")


class Set(Protocol):
    """Lays out an operand; in parentheses where it binds as loosely as one of these levels, or is a negative."""

    def __call__(self, part: MatrixExpr, *fenced: int) -> Box: ...


@dataclass(frozen=True)
class Primitive:
    """One row.

    Attributes:
        name: its key; also the key of its words in the docs, in the section ``primitives``.
        shape: the shape of the value, from the operands.
        pull_back: what each operand is sent back, from the node and the cotangent of its value.
        layout: how the node is set.
        numpy, torch, jax: code with ``{0}``, ``{1}`` for the operands; empty where the code writer has its own way.
        sympy: the same in SymPy's own classes, from operands that are so already.
        level: how loosely it binds.
        slope: for a function of one argument, its derivative from the value y and the argument a.
        mistakes: names of primitives that are taken for it.
        defined, smooth: keys of the assumptions under which it has a value, and a derivative.
        unary: whether it is a function of each entry of one operand.
    """

    name: str
    shape: Callable[..., Shape]
    pull_back: PullBack
    layout: Callable[[MatrixExpr, Set], Box]
    numpy: str = ""
    torch: str = ""
    jax: str = ""
    sympy: Callable[..., Expr] | None = None
    level: int = TIGHT
    slope: Callable[[MatrixExpr, MatrixExpr], MatrixExpr] | None = None
    letter: Letter | None = None
    mistakes: tuple[str, ...] = ()
    defined: tuple[str, ...] = ()
    smooth: tuple[str, ...] = ()
    unary: bool = False


def like(*operands: MatrixExpr) -> Shape:
    """The shape of what is done entry by entry: that of every operand."""
    return same_shape("elementwise", operands)


def rest(node: MatrixExpr) -> MatrixExpr:
    """1 − a."""
    return add(ones_like(node), negate(node))


def name_of(text: str, tex: str = "") -> Letter:
    """How the name of a function is set."""
    return Letter(text, tex or rf"\operatorname{{{text}}}")


def named(name: Letter) -> Callable[[MatrixExpr, Set], Box]:
    """``name(a)`` or ``name(a, b)``."""

    def lay(node: MatrixExpr, inner: Set) -> Box:
        operands = node.operands if isinstance(node, Apply) else (node.argument,)
        return Function(name, joined([inner(a) for a in operands], COMMA))

    return lay


def plain(A: MatrixExpr, value: Callable[[Expr], Expr]) -> Expr:
    """A function of each entry in SymPy's own classes."""
    z = Scalar("z")
    return ElementwiseApplyFunction(Lambda(z, value(z)), A)


def everywhere(code: str) -> tuple[str, str, str]:
    """The same code in NumPy, PyTorch and JAX."""
    return code, code, code
