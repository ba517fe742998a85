"""The rows of the functions of each entry, and of the indicators that their derivatives are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import sympy
from sympy import Expr, Rational
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language.expressions import Elementwise, hadamard, negate, square, times
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
from derivations.language.structure import APART, OSLASH
from derivations.write.typeset import Box, Fence, Letter, Number, Operator, Row

HALF = Rational(1, 2)


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
    """The row of a function of one argument, entry by entry; stated through its value if it can be."""

    def pull_back(node: MatrixExpr, d: MatrixExpr) -> list[Share]:
        return [(node.argument, hadamard(Elementwise(f"{name}'", node.argument), d), f"apply-{name}")]

    return Primitive(
        name,
        like,
        pull_back,
        named(letter),
        numpy=code[0],
        torch=code[1],
        jax=code[2],
        sympy=lambda A: plain(A, value),
        slope=slope,
        letter=letter,
        mistakes=mistakes,
        defined=defined,
        smooth=(*defined, *smooth),
        unary=True,
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
        like,
        lambda node, d: [],
        lay,
        numpy,
        torch,
        jax,
        lambda A: plain(A, value),
        mistakes=(mistaken,),
        unary=True,
    )


def _condition(relation: str, tex: str, right: Box) -> Callable[[MatrixExpr, Set], Box]:
    """Iverson's bracket: 1 where what stands in it holds, else 0."""

    def lay(node: MatrixExpr, inner: Set) -> Box:
        return Fence(Row((inner(node.argument), Operator(relation, tex), right)), "[")

    return lay


ROWS: tuple[Primitive, ...] = (
    # Functions, entry by entry.
    function(
        "sigmoid",
        Letter("σ", r"\sigma"),
        lambda y, a: hadamard(y, rest(y)),
        ("sigmoid({0})", "torch.sigmoid({0})", "jax.nn.sigmoid({0})"),
        lambda z: 1 / (1 + sympy.exp(-z)),
        mistakes=("tanh",),
    ),
    function(
        "tanh",
        Letter("tanh", r"\tanh"),
        lambda y, a: rest(square(y)),
        ("np.tanh({0})", "torch.tanh({0})", "jnp.tanh({0})"),
        sympy.tanh,
        mistakes=("sigmoid",),
    ),
    function(
        "relu",
        name_of("ReLU"),
        lambda y, a: Elementwise("positive", a),
        ("np.maximum({0}, 0)", "torch.relu({0})", "jax.nn.relu({0})"),
        lambda z: sympy.Max(z, 0),
        mistakes=("tanh", "softplus"),
        smooth=("nonzero-argument",),
    ),
    function(
        "exp",
        name_of("exp", r"\exp"),
        lambda y, a: y,
        ("np.exp({0})", "torch.exp({0})", "jnp.exp({0})"),
        sympy.exp,
        mistakes=("log", "sigmoid"),
    ),
    function(
        "log",
        name_of("log", r"\log"),
        lambda y, a: Elementwise("reciprocal", a),
        ("np.log({0})", "torch.log({0})", "jnp.log({0})"),
        sympy.log,
        mistakes=("exp",),
        defined=("positive-argument",),
    ),
    function(
        "softplus",
        name_of("softplus"),
        lambda y, a: Elementwise("sigmoid", a),
        ("np.logaddexp(0, {0})", "torch.nn.functional.softplus({0})", "jax.nn.softplus({0})"),
        lambda z: sympy.log(1 + sympy.exp(z)),
        mistakes=("relu", "exp"),
    ),
    function(
        "sqrt",
        name_of("sqrt", r"\operatorname{sqrt}"),
        lambda y, a: times(HALF, Elementwise("reciprocal", y)),
        ("np.sqrt({0})", "torch.sqrt({0})", "jnp.sqrt({0})"),
        sympy.sqrt,
        defined=("positive-argument",),
    ),
    replace(
        function(
            "reciprocal",
            name_of("1/", "1/"),
            lambda y, a: negate(square(y)),
            everywhere("1 / {0}"),
            lambda z: 1 / z,
            defined=APART,
        ),
        layout=lambda node, inner: Row((Number(1), OSLASH, inner(node.argument, SUM, PRODUCT, MATRIX))),
        level=PRODUCT,
    ),
    function(
        "abs",
        name_of("abs"),
        lambda y, a: Elementwise("sign", a),
        ("np.abs({0})", "torch.abs({0})", "jnp.abs({0})"),
        sympy.Abs,
        mistakes=("relu",),
        smooth=("nonzero-argument",),
    ),
    function(
        "hard-sigmoid",
        name_of("hardσ", r"\operatorname{hard}\sigma"),
        lambda y, a: times(Rational(1, 6), Elementwise("inside", a)),
        (
            "np.clip({0} / 6 + 0.5, 0, 1)",
            "torch.nn.functional.hardsigmoid({0})",
            "jax.nn.hard_sigmoid({0})",
        ),
        lambda z: sympy.Min(sympy.Max(z / 6 + HALF, 0), 1),
        mistakes=("sigmoid",),
        smooth=("off-the-corners",),
    ),
    # What slopes of these are made of.
    indicator("positive", _condition(">", ">", Number(0)), "({0} > 0)", sympy.Heaviside, "relu"),
    indicator("sign", named(name_of("sign")), "np.sign({0})", sympy.sign, "abs"),
    indicator(
        "inside",
        lambda node, inner: Fence(
            Row((Number(-3), Operator("<", "<"), inner(node.argument), Operator("<", "<"), Number(3))), "["
        ),
        "(np.abs({0}) < 3)",
        lambda z: sympy.Heaviside(3 - sympy.Abs(z)),
        "hard-sigmoid",
    ),
)
