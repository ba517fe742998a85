"""Every formula in every format: well formed, in its own symbols only, and meaning what the formula says."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
import sympy as sympy_package
from sympy import Eq, Expr, MatAdd, MatMul, MatrixSymbol, Sum, Transpose
from sympy import Symbol as Scalar
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.derive.catalogue import formula, of_cell
from derivations.derive.formula import Formula
from derivations.derive.formulas import formulas
from derivations.language import Cell, Equation, Symbol, expressions, parameter, tanh
from derivations.language.expressions import TimeSum
from derivations.write import sympy as sympy_writer
from derivations.write.code import numpy
from derivations.write.layout import LINE_WIDTH_EM, layout, lines, statement
from derivations.write.mathml import NAMESPACE, mathml
from derivations.write.tex import aligned, tex
from derivations.write.text import text
from derivations.write.typeset import Box, width
from tests.engine.small import D, H, U, W, a, b, cell, h, x

CHILDREN = {"mfrac": 2, "msub": 2, "msup": 2, "msubsup": 3, "mover": 2, "munderover": 3}
LEAVES = {"mi", "mn", "mo"}
COMMANDS = {
    r"\partial",
    r"\frac",
    r"\bar",
    r"\left",
    r"\right",
    r"\odot",
    r"\sigma",
    r"\tanh",
    r"\Delta",
    r"\top",
}
COMMANDS |= {
    r"\sum",
    r"\oslash",
    r"\operatorname",
    r"\exp",
    r"\log",
    r"\max",
    r"\min",
    r"\mathbf",
    r"\mathbb",
}


def box(f: Formula) -> Box:
    return statement(f.left.node, f.right, symbols(f))


def symbols(f: Formula) -> Mapping[str, Symbol]:
    return {**f.symbols, f.left.name: f.left}


# MathML.


def test_mathml_is_well_formed(cell: Cell) -> None:
    for f in of_cell(cell.name):
        root = fromstring(mathml(box(f)))
        assert root.tag == f"{{{NAMESPACE}}}math"
        check_structure(root)


def check_structure(element: Element) -> None:
    """Every element has the children that MathML asks of it, and parentheses pair up within their row."""
    tag = element.tag.removeprefix(f"{{{NAMESPACE}}}")
    if tag in LEAVES:
        assert element.text
        assert len(element) == 0
        return
    assert tag in {"math", "mrow", *CHILDREN}
    assert len(element) == CHILDREN.get(tag, len(element)) > 0
    parentheses = "".join(child.text or "" for child in element if child.text in ("(", ")"))
    assert re.fullmatch(r"(\(\))*", parentheses)
    for child in element:
        check_structure(child)


def test_mathml_says_the_parts_of_a_statement() -> None:
    f = formula("lstm.backward.c")
    root = fromstring(mathml(box(f)))
    written = "".join(root.itertext())
    assert written.count("∂") == 6  # ∂L/∂c_t, ∂L/∂h_t and the part of ∂L/∂c_t that arrives
    assert written.count("⊙") == 2
    assert [e.text for e in root.iter(f"{{{NAMESPACE}}}mo")].count("=") == 1


# TeX.


def test_tex_is_balanced_and_within_the_subset(cell: Cell) -> None:
    for f in of_cell(cell.name):
        written = tex(box(f))
        assert balanced(written, "{", "}")
        assert written.count(r"\left") == written.count(r"\right")
        assert balanced(written, "(", ")")
        assert set(re.findall(r"\\[a-zA-Z]+", written)) <= COMMANDS
        assert "\n" not in written


def balanced(written: str, opening: str, closing: str) -> bool:
    depth = 0
    for character in written:
        depth += (character == opening) - (character == closing)
        if depth < 0:
            return False
    return depth == 0


def test_a_long_statement_is_broken_and_loses_nothing(cell: Cell) -> None:
    for f in of_cell(cell.name):
        left, rows = lines(f.left.node, f.right, symbols(f))
        whole = tex(box(f))
        assert f"{tex(left)} = {' '.join(tex(row) for row in rows)}" == whole
        shown = aligned(left, rows)
        if len(rows) == 1:
            assert shown == whole
        else:
            assert width(box(f)) > LINE_WIDTH_EM
            assert shown.startswith(r"\begin{aligned} ")
            assert shown.endswith(r" \end{aligned}")
            assert shown.count(r"\\") == len(rows) - 1
            assert shown.count("&") == len(rows)


def test_some_statements_are_long() -> None:
    f = formula("lstm.backward.h_prev")
    assert len(lines(f.left.node, f.right, symbols(f))[1]) > 1


def test_no_two_formulas_of_a_cell_look_alike(cell: Cell) -> None:
    written = [text(box(f)) for f in of_cell(cell.name)]
    assert len(set(written)) == len(written)
    assert len({tex(box(f)) for f in of_cell(cell.name)}) == len(written)


# Layout: parentheses where the meaning needs them.

n = Scalar("n", integer=True, positive=True)
p, q, r = (MatrixSymbol(name, n, 1) for name in "pqr")
M = MatrixSymbol("M", n, n)
NAMES = {
    name: parameter(name, H, None if name != "M" else D, "bias") for name in ("p", "q", "r", "M")
}  # as they are printed; the shapes do not matter to a writer


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (expressions.hadamard(expressions.add(p, q), r), "(p + q) ⊙ r"),
        (expressions.add(expressions.hadamard(p, q), r), "p ⊙ q + r"),
        (expressions.matmul(M, expressions.hadamard(p, q)), "M (p ⊙ q)"),
        (expressions.hadamard(p, expressions.matmul(M, q)), "p ⊙ (M q)"),
        (expressions.matmul(M, expressions.add(p, q)), "M (p + q)"),
        (expressions.add(p, expressions.negate(q)), "p − q"),
        (expressions.add(p, expressions.negate(expressions.add(q, r))), "p − (q + r)"),
        (expressions.add(expressions.negate(p), q), "−p + q"),
        (expressions.negate(expressions.add(p, q)), "−(p + q)"),
        (expressions.hadamard(expressions.negate(p), q), "(−p) ⊙ q"),
        (expressions.matmul(expressions.transpose(M), expressions.negate(p)), "Mᵀ (−p)"),
        (expressions.outer(p, expressions.hadamard(q, r)), "p (q ⊙ r)ᵀ"),
        (expressions.square(expressions.add(p, q)), "(p + q)²"),
        (expressions.square(expressions.Elementwise("tanh", p)), "tanh²(p)"),
        (expressions.Elementwise("sigmoid'", p), "σ′(p)"),
        (TimeSum(expressions.add(p, q)), "Σ[t=1…T] (p + q)"),
    ],
)
def test_parentheses_stand_where_they_must(node: MatrixExpr, expected: str) -> None:
    assert text(layout(node, NAMES)) == expected


def test_an_unknown_symbol_or_node_is_refused() -> None:
    with pytest.raises(KeyError, match="s"):
        layout(MatrixSymbol("s", n, 1), NAMES)
    with pytest.raises(TypeError, match="no primitive for Identity"):
        layout(sympy_package.Identity(n), NAMES)


def test_an_index_with_a_t_in_it_is_no_time_step() -> None:
    W_out = parameter("W_out", H, D, "input-weight")
    assert text(layout(W_out.node, {"W_out": W_out})) == "W_out"


# NumPy.


def test_numpy_source_compiles_and_names_its_symbols_only(cell: Cell) -> None:
    for f in of_cell(cell.name):
        source = numpy(f.right)
        found = {node.id for node in ast.walk(ast.parse(source, mode="eval")) if isinstance(node, ast.Name)}
        sizes = {d.name for d in cell.dimensions} if f.pass_ == "count" else set()
        own = {s.name for s in f.used[1:]}
        assert own <= found <= own | sizes | {"np", "sigmoid", "softmax"}, source


def test_numpy_source_of_an_unknown_node_is_refused() -> None:
    with pytest.raises(TypeError, match="no source for Identity"):
        numpy(sympy_package.Identity(n))


def test_numpy_source_of_a_weight_that_is_used_twice() -> None:
    derived = {f.quantity: f for f in formulas(twice()) if f.pass_ == "backward"}
    assert "np.outer" not in numpy(derived["U"].right)


def twice() -> Cell:
    """A cell in which a step uses U in two places."""
    return cell(Equation(a, tanh(W @ x + b)), Equation(h, tanh(U @ h.previous + U @ a)))


# SymPy.


def read_back(source: str) -> Expr:
    # eval is safe here: the text is what our own writer made of our own formula. Reading it back is its whole purpose.
    names: dict[str, Any] = {}
    exec("from sympy import *", names)
    return eval(source, names)


def test_sympy_source_reads_back_as_the_same_equation(cell: Cell) -> None:
    for f in of_cell(cell.name):
        source = sympy_writer.source(f.left.node, f.right)
        found = read_back(source)
        assert isinstance(found, Eq)
        assert found == sympy_writer.equation(f.left.node, f.right), f.id
        assert "derivations" not in source
        assert "Dummy" not in source  # its number is another in every run


def test_sympy_keeps_the_authors_order() -> None:
    f = formula("lstm.forward.c")
    found = read_back(sympy_writer.source(f.left.node, f.right))
    assert found.rhs.args == sympy_writer.plain(f.right).args
    assert [str(s) for s in found.rhs.args[0].args] == ["f", "c_prev"]
    outer = formula("lstm.backward.U_f_t").right
    assert str(sympy_writer.plain(outer)) == str(outer)


def test_a_sum_over_time_is_written_entry_by_entry() -> None:
    f = formula("gru.backward.U_n")
    found = read_back(sympy_writer.source(f.left.node, f.right))
    assert isinstance(found.rhs, Sum)
    assert str(found.lhs) == "dU_n[j, k]"
    assert str(found.rhs.function) == "dn_bar[t, j]*h_prev[t, k]*r[t, k]"
    assert str(found.rhs.limits) == "((t, 1, T),)"


def test_the_functions_are_what_they_are_called() -> None:
    z = MatrixSymbol("z", n, 1)

    def function(name: str) -> Any:
        return sympy_writer.plain(expressions.Elementwise(name, z)).function

    x = Scalar("x")
    y = function("sigmoid")(x)
    assert y.diff(x).equals(y * (1 - y))
    assert function("tanh")(x) == sympy_package.tanh(x)


def test_sympy_source_of_a_weight_that_is_used_twice() -> None:
    f = next(f for f in formulas(twice()) if f.quantity == "U")
    assert isinstance(sympy_writer.equation(f.left.node, f.right), Eq)


def test_what_is_printed_is_what_was_derived() -> None:
    right = formula("gru.backward.U_n_t").right
    assert isinstance(right, MatMul)
    assert isinstance(right.args[1], Transpose)
    assert isinstance(formula("gru.backward.h_prev").right, MatAdd)
