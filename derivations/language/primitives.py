"""Every primitive that an equation may use, one row each: all that the derivation and the writers know of it.

A row says what shape comes out, what it passes back to its operands, how it is set (one layout serves TeX, MathML and
text), how it is written in NumPy, PyTorch, JAX and SymPy, what people put in its place by mistake, and on which
assumption its value and its derivative rest. The proofs do not read this table: they have one of their own.

To add a primitive is to add a row here, a row in ``derivations.prove.primitives`` and its words in the docs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import sympy
from sympy import Expr, Lambda, MatAdd, MatMul, OneMatrix, Rational, Transpose
from sympy import Symbol as Scalar
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language.expressions import (
    ONE,
    Apply,
    Elementwise,
    Shape,
    ShapeError,
    add,
    hadamard,
    is_numbered,
    matmul,
    negate,
    ones_like,
    outer,
    same_shape,
    show,
    show_shape,
    square,
    times,
    transpose,
)
from derivations.write.typeset import Box, Function, Letter, Number, Operator, Row, Sup, joined, raised

# (operand, its share of the cotangent, name of the rule)
Share = tuple[MatrixExpr, MatrixExpr, str]
PullBack = Callable[[MatrixExpr, MatrixExpr], list[Share]]
SUM, PRODUCT, MATRIX, TIGHT = 1, 2, 3, 9  # how loosely a primitive binds where it is written

ODOT, OSLASH, COMMA = Operator("⊙", r"\odot"), Operator("⊘", r"\oslash"), Operator(",", ",")
INDICATOR, ONES = Letter("𝟙", r"\mathbb{1}"), Letter("𝟏", r"\mathbf{1}")
TRANSPOSE = Letter("⊤", r"\top")


class Set(Protocol):
    """Lays out an operand; in parentheses where it binds as loosely as one of these levels, or is a negative."""

    def __call__(self, part: MatrixExpr, *fenced: int) -> Box: ...


class Source(Protocol):
    """Writes an operand as code, in parentheses likewise."""

    def __call__(self, part: MatrixExpr, *fenced: int) -> str: ...


@dataclass(frozen=True)
class Primitive:
    """One row.

    Attributes:
        name: its key; also the glossary key under which the docs have its words, after ``primitive-``.
        shape: the shape of the value, from the operands.
        pull_back: what each operand is sent back, from the node and the cotangent of its value.
        layout: how the node is set.
        numpy, torch, jax: code with ``{0}``, ``{1}`` for the operands; empty where the code writer has its own way.
        sympy: the same in SymPy's own classes, from operands that are so already.
        level: how loosely it binds.
        slope: for a function of one argument, its derivative from the value y and the argument a.
        mistakes: names of primitives that are taken for it.
        defined, smooth: keys of the assumptions under which it has a value, and a derivative.
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
    if one.slope is not None or name in INDICATORS:
        return Elementwise(name, *operands)
    return Apply(name, one.shape(*operands), *operands)


# What rows are made of.


def _scalar(what: str, node: MatrixExpr) -> None:
    if tuple(node.shape) != (ONE, ONE):
        raise ShapeError(f"{what}: expected a scalar, got {show(node)}, which is {show_shape(node)}")


def _like(*operands: MatrixExpr) -> Shape:
    return same_shape("elementwise", operands)


def _rows_shape(v: MatrixExpr, S: MatrixExpr) -> Shape:
    if tuple(v.shape) != (S.shape[0], ONE):
        raise ShapeError(f"diag({show(v)}) {show(S)}: expected {S.shape[0]}×1 in diag, got {show_shape(v)}")
    return tuple(S.shape)


def _scale_shape(s: MatrixExpr, A: MatrixExpr) -> Shape:
    _scalar(f"scale({show(s)}, {show(A)})", s)
    return tuple(A.shape)


def _named(name: Letter, count: int = 1) -> Callable[[MatrixExpr, Set], Box]:
    """``name(a)`` or ``name(a, b)``."""

    def lay(node: MatrixExpr, inner: Set) -> Box:
        operands = node.operands if isinstance(node, Apply) else (node.argument,)
        return Function(name, joined([inner(a) for a in operands], COMMA))

    return lay


def _plain(A: MatrixExpr, value: Callable[[Expr], Expr]) -> Expr:
    z = Scalar("z")
    return ElementwiseApplyFunction(Lambda(z, value(z)), A)


def function(
    name: str,
    letter: Letter,
    slope: Callable[[MatrixExpr, MatrixExpr], MatrixExpr],
    code: tuple[str, str, str],
    value: Callable[[Expr], Expr],
    *,
    mistakes: tuple[str, ...] = (),
    defined: tuple[str, ...] = (),
    smooth: tuple[str, ...] = (),
) -> Primitive:
    """The row of a function of one argument, entry by entry; its derivative is stated through its value if it can be."""

    def pull_back(node: MatrixExpr, d: MatrixExpr) -> list[Share]:
        return [(node.argument, hadamard(Elementwise(f"{name}'", node.argument), d), f"apply-{name}")]

    return Primitive(
        name,
        _like,
        pull_back,
        _named(letter),
        numpy=code[0],
        torch=code[1],
        jax=code[2],
        sympy=lambda A: _plain(A, value),
        slope=slope,
        letter=letter,
        mistakes=mistakes,
        defined=defined,
        smooth=(*defined, *smooth),
    )


def indicator(
    name: str,
    lay: Callable[[MatrixExpr, Set], Box],
    code: str,
    value: Callable[[Expr], Expr],
    mistaken: str,
) -> Primitive:
    """The row of a function that is constant where it has a derivative; derived formulas use it, no cell does."""
    numpy, torch, jax = (code.replace("np.", library) for library in ("np.", "torch.", "jnp."))
    return Primitive(
        name,
        _like,
        lambda node, d: [],
        lay,
        numpy,
        torch,
        jax,
        lambda A: _plain(A, value),
        mistakes=(mistaken,),
    )


def _condition(relation: str, tex: str, right: Box) -> Callable[[MatrixExpr, Set], Box]:
    def lay(node: MatrixExpr, inner: Set) -> Box:
        return Function(INDICATOR, Row((inner(node.argument), Operator(relation, tex), right)))

    return lay


def _operators(*operators: str) -> tuple[str, str, str]:
    """The same operator in all three languages."""
    return (operators[0],) * 3


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
        (above, apply("quotient", d, below), "quotient-above"),
        (below, negate(apply("quotient", hadamard(node, d), below)), "quotient-below"),
    ]


def _scale(node: MatrixExpr, d: MatrixExpr) -> list[Share]:
    s, A = node.operands
    if tuple(A.shape) == (ONE, ONE):
        inner = hadamard(A, d)
    else:
        inner = matmul(transpose(A), d) if A.shape[1] == ONE else apply("total", hadamard(A, d))
    return [(s, inner, "scale-number"), (A, apply("scale", s, d), "scale-array")]


def _rows(node: MatrixExpr, d: MatrixExpr) -> list[Share]:
    v, S = node.operands
    added = matmul(hadamard(S, d), OneMatrix(S.shape[1], 1))
    return [(v, added, "rows-factor"), (S, apply("rows", v, d), "rows-array")]


def _total(node: MatrixExpr, d: MatrixExpr) -> list[Share]:
    (A,) = node.operands
    return [(A, spread(d, tuple(A.shape)), "total")]


def _greater(node: MatrixExpr) -> MatrixExpr:
    return apply("greater", *node.operands)


def _max(node: MatrixExpr, d: MatrixExpr) -> list[Share]:
    a, b = node.operands
    first = _greater(node)
    return [(a, hadamard(first, d), "max-left"), (b, hadamard(_rest(first), d), "max-right")]


def _min(node: MatrixExpr, d: MatrixExpr) -> list[Share]:
    a, b = node.operands
    first = _greater(node)
    return [(a, hadamard(_rest(first), d), "min-left"), (b, hadamard(first, d), "min-right")]


def _softmax(node: MatrixExpr, d: MatrixExpr) -> list[Share]:
    (a,) = node.operands
    mean = spread(matmul(transpose(node), d), tuple(a.shape))
    return [(a, hadamard(node, add(d, negate(mean))), "softmax")]


def _rest(node: MatrixExpr) -> MatrixExpr:
    """1 − a."""
    return add(ones_like(node), negate(node))


def spread(s: MatrixExpr, shape: Shape) -> MatrixExpr:
    """A scalar at every place of a shape.

    Raises:
        ShapeError: it is no scalar.
    """
    _scalar(f"spread({show(s)})", s)
    return s if shape == (ONE, ONE) else Apply("spread", shape, s)


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


INDICATORS = ("positive", "sign", "inside")


def _letter(text: str, tex: str = "") -> Letter:
    return Letter(text, tex or rf"\operatorname{{{text}}}")


def _half() -> Rational:
    return Rational(1, 2)


def _rows_of_table() -> tuple[Primitive, ...]:
    apart = ("nonzero-denominator",)
    return (
        # Structure: these keep SymPy's own nodes.
        Primitive(
            "ones",
            lambda *_: (),
            lambda node, d: [],
            lambda node, inner: Number(1),
            *_operators("1"),
            sympy=lambda: None,
        ),
        Primitive("sum", _like, _sum, _set_sum, level=SUM, mistakes=()),
        Primitive("number", lambda a: tuple(a.shape), _number, _set_number, level=MATRIX),
        Primitive(
            "hadamard",
            _like,
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
            lambda node, inner: Row(tuple(inner(a, SUM, PRODUCT) for a in node.args)),
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
            _like,
            _quotient,
            lambda node, inner: joined([inner(a, SUM, PRODUCT, MATRIX) for a in node.operands], OSLASH),
            *_operators("{0} / {1}"),
            sympy=lambda a, b: HadamardProduct(a, _plain(b, lambda z: 1 / z)),
            level=PRODUCT,
            mistakes=("hadamard",),
            defined=apart,
            smooth=apart,
        ),
        Primitive(
            "max",
            _like,
            _max,
            _named(_letter("max", r"\max"), 2),
            "np.maximum({0}, {1})",
            "torch.maximum({0}, {1})",
            "jnp.maximum({0}, {1})",
            sympy=lambda a, b: MatAdd(b, _plain(MatAdd(a, MatMul(-1, b)), lambda z: sympy.Max(z, 0))),
            mistakes=("min",),
            smooth=("no-tie",),
        ),
        Primitive(
            "min",
            _like,
            _min,
            _named(_letter("min", r"\min"), 2),
            "np.minimum({0}, {1})",
            "torch.minimum({0}, {1})",
            "jnp.minimum({0}, {1})",
            sympy=lambda a, b: MatAdd(b, _plain(MatAdd(a, MatMul(-1, b)), lambda z: sympy.Min(z, 0))),
            mistakes=("max",),
            smooth=("no-tie",),
        ),
        Primitive(
            "greater",
            _like,
            lambda node, d: [],
            lambda node, inner: Function(
                INDICATOR, joined([inner(a) for a in node.operands], Operator(">", ">"))
            ),
            *_operators("({0} > {1})"),
            sympy=lambda a, b: _plain(MatAdd(a, MatMul(-1, b)), sympy.Heaviside),
        ),
        Primitive(
            "scale",
            _scale_shape,
            _scale,
            lambda node, inner: Row(
                (inner(node.operands[0], SUM, PRODUCT, MATRIX), inner(node.operands[1], SUM, PRODUCT))
            ),
            *_operators("{0} * {1}"),
            sympy=lambda s, A: MatMul(s[0, 0], A),
            level=MATRIX,
        ),
        Primitive(
            "rows",
            _rows_shape,
            _rows,
            lambda node, inner: Row(
                (Function(_letter("diag"), inner(node.operands[0])), inner(node.operands[1], SUM, PRODUCT))
            ),
            *_operators("{0}[:, None] * {1}"),
            sympy=lambda v, S: MatMul(sympy.DiagMatrix(v), S),
            level=MATRIX,
        ),
        Primitive(
            "total",
            lambda A: (ONE, ONE),
            _total,
            _named(_letter("sum")),
            "np.sum({0})",
            "torch.sum({0})",
            "jnp.sum({0})",
            sympy=lambda A: MatMul(OneMatrix(1, A.shape[0]), A, OneMatrix(A.shape[1], 1)),
        ),
        Primitive(
            "spread",
            lambda s: tuple(s.shape),
            lambda node, d: [(node.operands[0], apply("total", d), "spread")],
            lambda node, inner: Row((inner(node.operands[0], SUM, PRODUCT), ONES)),
            *_operators("{0}"),
            sympy=None,
            level=MATRIX,
        ),
        Primitive(
            "softmax",
            lambda a: tuple(a.shape),
            _softmax,
            _named(_letter("softmax")),
            "softmax({0})",
            "torch.softmax({0}, dim=0)",
            "jax.nn.softmax({0})",
            sympy=_plain_softmax,
            letter=_letter("softmax"),
            mistakes=("sigmoid", "exp"),
        ),
        # Functions, entry by entry.
        function(
            "sigmoid",
            Letter("σ", r"\sigma"),
            lambda y, a: hadamard(y, _rest(y)),
            ("sigmoid({0})", "torch.sigmoid({0})", "jax.nn.sigmoid({0})"),
            lambda z: 1 / (1 + sympy.exp(-z)),
            mistakes=("tanh",),
        ),
        function(
            "tanh",
            Letter("tanh", r"\tanh"),
            lambda y, a: _rest(square(y)),
            ("np.tanh({0})", "torch.tanh({0})", "jnp.tanh({0})"),
            sympy.tanh,
            mistakes=("sigmoid",),
        ),
        function(
            "relu",
            _letter("ReLU"),
            lambda y, a: Elementwise("positive", a),
            ("np.maximum({0}, 0)", "torch.relu({0})", "jax.nn.relu({0})"),
            lambda z: sympy.Max(z, 0),
            mistakes=("tanh", "softplus"),
            smooth=("nonzero-argument",),
        ),
        function(
            "exp",
            _letter("exp", r"\exp"),
            lambda y, a: y,
            ("np.exp({0})", "torch.exp({0})", "jnp.exp({0})"),
            sympy.exp,
            mistakes=("log", "sigmoid"),
        ),
        function(
            "log",
            _letter("log", r"\log"),
            lambda y, a: Elementwise("reciprocal", a),
            ("np.log({0})", "torch.log({0})", "jnp.log({0})"),
            sympy.log,
            mistakes=("exp",),
            defined=("positive-argument",),
        ),
        function(
            "softplus",
            _letter("softplus"),
            lambda y, a: Elementwise("sigmoid", a),
            ("np.logaddexp(0, {0})", "torch.nn.functional.softplus({0})", "jax.nn.softplus({0})"),
            lambda z: sympy.log(1 + sympy.exp(z)),
            mistakes=("relu", "exp"),
        ),
        function(
            "sqrt",
            _letter("sqrt", r"\operatorname{sqrt}"),
            lambda y, a: times(_half(), Elementwise("reciprocal", y)),
            ("np.sqrt({0})", "torch.sqrt({0})", "jnp.sqrt({0})"),
            sympy.sqrt,
            defined=("positive-argument",),
        ),
        function(
            "reciprocal",
            _letter("1/", "1/"),
            lambda y, a: negate(square(y)),
            _operators("1 / {0}"),
            lambda z: 1 / z,
            defined=apart,
        ),
        function(
            "abs",
            _letter("abs"),
            lambda y, a: Elementwise("sign", a),
            ("np.abs({0})", "torch.abs({0})", "jnp.abs({0})"),
            sympy.Abs,
            mistakes=("relu",),
            smooth=("nonzero-argument",),
        ),
        function(
            "hard-sigmoid",
            _letter("hardσ", r"\operatorname{hard}\sigma"),
            lambda y, a: times(Rational(1, 6), Elementwise("inside", a)),
            (
                "np.clip({0} / 6 + 0.5, 0, 1)",
                "torch.nn.functional.hardsigmoid({0})",
                "jax.nn.hard_sigmoid({0})",
            ),
            lambda z: sympy.Min(sympy.Max(z / 6 + _half(), 0), 1),
            mistakes=("sigmoid",),
            smooth=("off-the-corners",),
        ),
        # What slopes of these are made of.
        indicator("positive", _condition(">", ">", Number(0)), "({0} > 0)", sympy.Heaviside, "relu"),
        indicator("sign", _named(_letter("sign")), "np.sign({0})", sympy.sign, "abs"),
        indicator(
            "inside",
            lambda node, inner: Function(
                INDICATOR,
                Row((Number(-3), Operator("<", "<"), inner(node.argument), Operator("<", "<"), Number(3))),
            ),
            "(np.abs({0}) < 3)",
            lambda z: sympy.Heaviside(3 - sympy.Abs(z)),
            "hard-sigmoid",
        ),
    )


def _plain_softmax(a: MatrixExpr) -> Expr:
    e = _plain(a, sympy.exp)
    return MatMul(1 / MatMul(OneMatrix(1, a.shape[0]), e)[0, 0], e)


PRIMITIVES: dict[str, Primitive] = {one.name: one for one in _rows_of_table()}


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
