"""The rows of the primitives that are more than a function of each entry: sums, products, quotients and the like."""

from __future__ import annotations

import sympy
from sympy import Expr, MatAdd, MatMul, MatrixSymbol, OneMatrix
from sympy.matrices.expressions.hadamard import HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language.expressions import (
    ONE,
    Apply,
    Elementwise,
    Shape,
    ShapeError,
    add,
    hadamard,
    matmul,
    negate,
    outer,
    show,
    show_shape,
    times,
    transpose,
)
from derivations.language.row import (
    MATRIX,
    PRODUCT,
    SUM,
    Primitive,
    Set,
    Share,
    everywhere,
    like,
    name_of,
    named,
    plain,
    rest,
)
from derivations.write.typeset import Box, Fence, Function, Letter, Number, Operator, Row, Sup, joined, raised

ODOT, OSLASH = Operator("⊙", r"\odot"), Operator("⊘", r"\oslash")
ONES = Letter("𝟏", r"\mathbf{1}")
TRANSPOSE = Letter("⊤", r"\top")
SCALAR = (ONE, ONE)
APART = ("nonzero-denominator",)


def spread(s: MatrixExpr, shape: Shape) -> MatrixExpr:
    """A scalar at every place of a shape.

    Raises:
        ShapeError: it is no scalar.
    """
    _scalar(f"spread({show(s)})", s)
    return s if shape == SCALAR else Apply("spread", shape, s)


def scale(s: MatrixExpr, A: MatrixExpr) -> MatrixExpr:
    """A scalar times an array.

    Raises:
        ShapeError: it is no scalar.
    """
    return Apply("scale", _scale_shape(s, A), s, A)


def total(A: MatrixExpr) -> MatrixExpr:
    """The sum of all entries."""
    return Apply("total", SCALAR, A)


def quotient(a: MatrixExpr, b: MatrixExpr) -> MatrixExpr:
    """a over b, entry by entry.

    Raises:
        ShapeError: the shapes differ.
    """
    return Apply("quotient", like(a, b), a, b)


def _scalar(what: str, node: MatrixExpr) -> None:
    if tuple(node.shape) != (ONE, ONE):
        raise ShapeError(f"{what}: expected a scalar, got {show(node)}, which is {show_shape(node)}")


def _rows_shape(v: MatrixExpr, S: MatrixExpr) -> Shape:
    if tuple(v.shape) != (S.shape[0], ONE):
        raise ShapeError(f"diag({show(v)}) {show(S)}: expected {S.shape[0]}×1 in diag, got {show_shape(v)}")
    return tuple(S.shape)


def _scale_shape(s: MatrixExpr, A: MatrixExpr) -> Shape:
    _scalar(f"scale({show(s)}, {show(A)})", s)
    return tuple(A.shape)


def _sum(node: MatrixExpr, d: MatrixExpr) -> list[Share]:
    return [(a, d, "add") for a in node.args]


def _number(node: MatrixExpr, d: MatrixExpr) -> list[Share]:
    factor, body = node.args
    return [(body, times(factor, d), "negate" if factor == -1 else "number")]


def _product(node: MatrixExpr, d: MatrixExpr) -> list[Share]:
    a, b = node.args
    return [(a, outer(d, b), "matmul-left"), (b, matmul(transpose(a), d), "matmul-right")]


def _hadamard(node: MatrixExpr, d: MatrixExpr) -> list[Share]:
    return [
        (a, hadamard(*(b for m, b in enumerate(node.args) if m != k), d), "hadamard")
        for k, a in enumerate(node.args)
    ]


def _quotient(node: MatrixExpr, d: MatrixExpr) -> list[Share]:
    above, below = node.operands
    return [
        (above, quotient(d, below), "quotient-above"),
        (below, negate(quotient(hadamard(node, d), below)), "quotient-below"),
    ]


def _scale(node: MatrixExpr, d: MatrixExpr) -> list[Share]:
    s, A = node.operands
    if tuple(A.shape) == (ONE, ONE):
        inner = hadamard(A, d)
    else:
        inner = matmul(transpose(A), d) if A.shape[1] == ONE else total(hadamard(A, d))
    return [(s, inner, "scale-number"), (A, scale(s, d), "scale-array")]


def _rows(node: MatrixExpr, d: MatrixExpr) -> list[Share]:
    v, S = node.operands
    added = matmul(hadamard(S, d), OneMatrix(S.shape[1], 1))
    return [(v, added, "rows-factor"), (S, Apply("rows", tuple(S.shape), v, d), "rows-array")]


def _total(node: MatrixExpr, d: MatrixExpr) -> list[Share]:
    (A,) = node.operands
    return [(A, spread(d, tuple(A.shape)), "total")]


def _greater(node: MatrixExpr) -> MatrixExpr:
    return Apply("greater", tuple(node.shape), *node.operands)


def _max(node: MatrixExpr, d: MatrixExpr) -> list[Share]:
    a, b = node.operands
    first = _greater(node)
    return [(a, hadamard(first, d), "max-left"), (b, hadamard(rest(first), d), "max-right")]


def _min(node: MatrixExpr, d: MatrixExpr) -> list[Share]:
    a, b = node.operands
    first = _greater(node)
    return [(a, hadamard(rest(first), d), "min-left"), (b, hadamard(first, d), "min-right")]


def _softmax(node: MatrixExpr, d: MatrixExpr) -> list[Share]:
    (a,) = node.operands
    mean = spread(matmul(transpose(node), d), tuple(a.shape))
    return [(a, hadamard(node, add(d, negate(mean))), "softmax")]


def _set_sum(node: MatrixExpr, inner: Set) -> Box:
    raise TypeError("sums are set by the layout, which breaks long ones")


def _set_number(node: MatrixExpr, inner: Set) -> Box:
    factor, body = node.args
    if factor == -1:
        return Row((Operator("−", "-", sign=True), inner(body, SUM)))
    return Row((number_box(factor), inner(body, SUM)))


def number_box(factor: Expr) -> Box:
    """A fraction, a whole number, a size or one over a size."""
    above, below = sympy.fraction(factor)
    top, bottom = (Number(int(n)) if n.is_Integer else Letter(str(n), str(n)) for n in (above, below))
    return top if below == 1 else Row((top, Operator("/", "/", sign=True), bottom))


def _set_product(node: MatrixExpr, inner: Set) -> Box:
    """Side by side; a column or a row of ones is a bold one."""
    return Row(tuple(ONES if isinstance(a, OneMatrix) else inner(a, SUM, PRODUCT) for a in node.args))


def _set_transpose(node: MatrixExpr, inner: Set) -> Box:
    made = inner(node.arg, SUM, PRODUCT, MATRIX)
    if isinstance(made, Sup) and made.above == TRANSPOSE:  # a notation may name the transpose of our matrix
        return made.base
    return raised(made, TRANSPOSE)


def _set_square(node: MatrixExpr, inner: Set) -> Box:
    power = int(node.args[1])
    made = inner(node.base, SUM, PRODUCT, MATRIX)
    if isinstance(node.base, Elementwise) and isinstance(made, Function):
        return Function(made.name, made.argument, power)
    return raised(made, Number(power))


def _plain_softmax(a: MatrixExpr) -> Expr:
    # No entry is taken of a product: SymPy would write it as a sum over an index that has another name in every run.
    e = plain(a, sympy.exp)
    return HadamardProduct(e, plain(MatMul(OneMatrix(a.shape[0], a.shape[0]), e), lambda z: 1 / z))


def _plain_scaled(s: MatrixExpr, A: MatrixExpr) -> Expr:
    """A scalar times an array: its entry where it is a symbol, else the scalar at every place."""
    if isinstance(s, MatrixSymbol):
        return MatMul(s[0, 0], A)
    return HadamardProduct(plain_spread(s, tuple(A.shape)), A)


def plain_spread(s: MatrixExpr, shape: Shape) -> Expr:
    """A scalar at every place of a shape, in SymPy's own classes."""
    rows, columns = shape
    if isinstance(s, MatrixSymbol):
        return MatMul(s[0, 0], OneMatrix(rows, columns))
    return MatMul(OneMatrix(rows, 1), s, OneMatrix(1, columns))


ROWS: tuple[Primitive, ...] = (
    # Structure: these keep SymPy's own nodes.
    Primitive(
        "ones",
        lambda *_: (),
        lambda node, d: [],
        lambda node, inner: Number(1),
        *everywhere("1"),
        sympy=lambda: None,
    ),
    Primitive("sum", like, _sum, _set_sum, level=SUM, mistakes=()),
    Primitive("number", lambda a: tuple(a.shape), _number, _set_number, level=MATRIX),
    Primitive(
        "hadamard",
        like,
        _hadamard,
        lambda node, inner: joined([inner(a, SUM, PRODUCT, MATRIX) for a in node.args], ODOT),
        level=PRODUCT,
    ),
    Primitive(
        "square",
        lambda a: tuple(a.shape),
        lambda node, d: [(node.base, hadamard(times(2, node.base), d), "square")],
        _set_square,
    ),
    Primitive(
        "product",
        lambda a, b: (a.shape[0], b.shape[1]),
        _product,
        _set_product,
        level=MATRIX,
    ),
    Primitive(
        "transpose",
        lambda a: tuple(reversed(a.shape)),
        lambda node, d: [(node.arg, transpose(d), "transpose")],
        _set_transpose,
    ),
    # Of two or more operands, or of another shape than theirs.
    Primitive(
        "quotient",
        like,
        _quotient,
        lambda node, inner: joined([inner(a, SUM, PRODUCT, MATRIX) for a in node.operands], OSLASH),
        *everywhere("{0} / {1}"),
        sympy=lambda a, b: HadamardProduct(a, plain(b, lambda z: 1 / z)),
        level=PRODUCT,
        mistakes=("hadamard",),
        defined=APART,
        smooth=APART,
    ),
    Primitive(
        "max",
        like,
        _max,
        named(name_of("max", r"\max")),
        "np.maximum({0}, {1})",
        "torch.maximum({0}, {1})",
        "jnp.maximum({0}, {1})",
        sympy=lambda a, b: MatAdd(b, plain(MatAdd(a, MatMul(-1, b)), lambda z: sympy.Max(z, 0))),
        mistakes=("min",),
        smooth=("no-tie",),
    ),
    Primitive(
        "min",
        like,
        _min,
        named(name_of("min", r"\min")),
        "np.minimum({0}, {1})",
        "torch.minimum({0}, {1})",
        "jnp.minimum({0}, {1})",
        sympy=lambda a, b: MatAdd(b, plain(MatAdd(a, MatMul(-1, b)), lambda z: sympy.Min(z, 0))),
        mistakes=("max",),
        smooth=("no-tie",),
    ),
    Primitive(
        "greater",
        like,
        lambda node, d: [],
        lambda node, inner: Fence(joined([inner(a) for a in node.operands], Operator(">", ">")), "["),
        *everywhere("({0} > {1})"),
        sympy=lambda a, b: plain(MatAdd(a, MatMul(-1, b)), sympy.Heaviside),
    ),
    Primitive(
        "scale",
        _scale_shape,
        _scale,
        lambda node, inner: Row(
            (inner(node.operands[0], SUM, PRODUCT, MATRIX), inner(node.operands[1], SUM, PRODUCT))
        ),
        *everywhere("{0} * {1}"),
        sympy=_plain_scaled,
        level=MATRIX,
    ),
    Primitive(
        "rows",
        _rows_shape,
        _rows,
        lambda node, inner: Row(
            (Function(name_of("diag"), inner(node.operands[0])), inner(node.operands[1], SUM, PRODUCT))
        ),
        *everywhere("{0}[:, None] * {1}"),
        sympy=lambda v, S: MatMul(sympy.DiagMatrix(v), S),
        level=MATRIX,
    ),
    Primitive(
        "total",
        lambda A: (ONE, ONE),
        _total,
        named(name_of("sum")),
        "np.sum({0})",
        "torch.sum({0})",
        "jnp.sum({0})",
        sympy=lambda A: MatMul(OneMatrix(1, A.shape[0]), A, OneMatrix(A.shape[1], 1)),
    ),
    Primitive(
        "spread",
        lambda s: tuple(s.shape),
        lambda node, d: [(node.operands[0], total(d), "spread")],
        lambda node, inner: Row((inner(node.operands[0], SUM, PRODUCT), ONES)),
        *everywhere("{0}"),
        sympy=None,
        level=MATRIX,
    ),
    Primitive(
        "softmax",
        lambda a: tuple(a.shape),
        _softmax,
        named(name_of("softmax")),
        "softmax({0})",
        "torch.softmax({0}, dim=0)",
        "jax.nn.softmax({0})",
        sympy=_plain_softmax,
        letter=name_of("softmax"),
        mistakes=("sigmoid", "exp"),
    ),
)
