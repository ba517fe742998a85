"""Every primitive that an equation may use, one row each: all that the derivation and the writers know of it.

A row says what shape comes out, what it passes back to its operands, how it is set (one layout serves TeX, MathML and
text), how it is written in NumPy, PyTorch, JAX and SymPy, what people put in its place by mistake, and on which
assumption its value and its derivative rest. The proofs do not read this table: they have one of their own.

To add a primitive is to add a row in ``structure`` or ``functions``, one in ``derivations.prove.primitives``, and its
words in the docs.
"""

from __future__ import annotations

from sympy import MatAdd, MatMul, OneMatrix, Transpose
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language import functions, structure
from derivations.language.expressions import Apply, Elementwise, is_numbered, show
from derivations.language.row import Primitive, Share

PRIMITIVES: dict[str, Primitive] = {one.name: one for one in (*structure.ROWS, *functions.ROWS)}


def kind(node: MatrixExpr) -> str:
    """The name of the primitive at the head of an expression.

    Raises:
        TypeError: there is none.
    """
    match node:
        case Elementwise() | Apply():
            return str(node.function)
        case MatMul():
            return "number" if is_numbered(node) else "product"
        case MatAdd():
            return "sum"
        case HadamardProduct():
            return "hadamard"
        case HadamardPower():
            return "square"
        case Transpose():
            return "transpose"
        case OneMatrix():
            return "ones"
        case _:
            raise TypeError(f"no primitive for {type(node).__name__}: {node}")


def row(node: MatrixExpr) -> Primitive:
    """The row of the primitive at the head of an expression.

    Raises:
        TypeError: there is none.
    """
    name = kind(node)
    if name not in PRIMITIVES:
        raise TypeError(f"no primitive {name}: {show(node)}; there are {', '.join(PRIMITIVES)}")
    return PRIMITIVES[name]


def apply(name: str, *operands: MatrixExpr) -> MatrixExpr:
    """The primitive of that name on these operands.

    Raises:
        ShapeError: the operands do not fit.
    """
    one = PRIMITIVES[name]
    if one.unary:
        return Elementwise(name, *operands)
    return Apply(name, one.shape(*operands), *operands)


def pull_back(node: MatrixExpr, d: MatrixExpr) -> list[Share]:
    """The share that each operand of ``node`` has in the cotangent d of its value.

    Raises:
        TypeError: the node is no primitive.
    """
    return row(node).pull_back(node, d)


def slope_of(name: str) -> str | None:
    """The function whose derivative this is the name of, ``tanh`` for ``tanh'``; None for any other name."""
    function_name = name.removesuffix("'")
    return function_name if function_name != name and function_name in PRIMITIVES else None
