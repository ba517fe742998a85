"""Every notation says what the site's own says: same expression, other letters, and the letters are the right ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
import yaml
from sympy import MatrixSymbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.cells import cells
from derivations.derive.catalogue import formula, of_cell
from derivations.derive.formula import Formula
from derivations.derive.table import table
from derivations.language import Cell, Source, Symbol
from derivations.language.expressions import matmul
from derivations.language.structure import TRANSPOSE
from derivations.record import export
from derivations.write.dialect import Notation, NotationError, Use, check, indexed, letters
from derivations.write.layout import CDOT, PLUS, layout, lines, statement
from derivations.write.mathml import mathml
from derivations.write.notation import OWN, Writing, box, time_index
from derivations.write.notations import notations
from derivations.write.tex import tex
from derivations.write.text import text
from derivations.write.typeset import (
    At,
    Bar,
    BigSum,
    Box,
    Fence,
    Frac,
    Function,
    Letter,
    Number,
    Row,
    Sub,
    Sup,
    Tilde,
)
from tests.engine import tex_reader
from tests.engine.printed import PRINTED
from tests.engine.test_render import balanced, check_structure

ROOT = Path(__file__).resolve().parents[2]
ALL = [(one.name, use.cell) for one in notations().values() for use in one.uses]


@pytest.fixture(params=ALL, ids=" ".join)
def written(request: pytest.FixtureRequest) -> tuple[Notation, Cell]:
    name, cell = request.param
    return notations()[name], cells()[cell]


def printable(cell: Cell) -> Iterator[tuple[MatrixExpr | None, MatrixExpr, Formula]]:
    """Every statement and step of a cell: left (None where a step is an expression alone), right, formula."""
    for f in of_cell(cell.name):
        if f.pass_ == "count":
            continue
        yield f.left.node, f.right, f
        for step in f.steps:
            yield None if step.kind == "local" else step.left, step.right, f


# Different symbols look different.


def test_no_two_symbols_of_a_cell_look_alike(written: tuple[Notation, Cell]) -> None:
    notation, cell = written
    assert twins(notation.writing(cell), cell) == []


def twins(writing: Writing, cell: Cell) -> list[str]:
    """Names of symbols that are written as another one is, as boxes, in TeX or in text."""
    symbols = table(cell).values()
    found = []
    for write in (lambda one: one, tex, text):
        seen: dict[Any, str] = {}
        for s in symbols:
            other = seen.setdefault(write(writing.box(s)), s.name)
            if other != s.name:
                found.append(f"{other} and {s.name}")
    return found


def test_two_symbols_that_look_alike_are_found() -> None:
    """ONNX with the cell state in lower case, like its candidate."""
    onnx, lstm = notations()["onnx"], cells()["lstm"]
    slip = with_letters(onnx, "lstm", {"cell-state": Letter("c", "c")})
    assert "g and c" in twins(slip.writing(lstm), lstm)


# It is the same expression.


def test_every_formula_goes_back_to_the_sites_own(written: tuple[Notation, Cell]) -> None:
    notation, cell = written
    writing, back = notation.writing(cell), Back(notation, cell)
    for left, right, f in printable(cell):
        if left is None:
            assert back(layout(right, f.symbols, writing)) == layout(right, f.symbols), f.id
        else:
            assert back(statement(left, right, f.symbols, writing)) == statement(left, right, f.symbols), f.id


def test_a_broken_line_loses_nothing(written: tuple[Notation, Cell]) -> None:
    notation, cell = written
    writing = notation.writing(cell)
    for left, right, f in printable(cell):
        if left is not None:
            shown, rows = lines(left, right, f.symbols, writing)
            whole = tex(statement(left, right, f.symbols, writing))
            assert f"{tex(shown)} = {' '.join(map(tex, rows))}" == whole


def test_a_symbol_keeps_its_steps(written: tuple[Notation, Cell]) -> None:
    notation, cell = written
    assert shifted(notation.writing(cell), cell) == []


def shifted(writing: Writing, cell: Cell) -> list[str]:
    """Symbols that stand at other steps than in the site's own notation: going back would not find t − 1 for t."""
    return [s.name for s in table(cell).values() if Counter(steps(writing.box(s))) != Counter(steps(box(s)))]


STEPS = [time_index(when) for when in ("t-1", "t+1", "t", "0", "1")]


def steps(one: Box) -> Iterator[Box]:
    if one in STEPS:
        yield one
        return
    for part in parts(one):
        yield from steps(part)


def parts(one: Box) -> tuple[Box, ...]:
    match one:
        case Row(parts=found):
            return found
        case Sub(base=a, below=b) | Sup(base=a, above=b) | At(base=a, index=b) | Frac(above=a, below=b):
            return a, b
        case Bar(base=a) | Tilde(base=a) | Fence(inner=a) | Function(argument=a):
            return (a,)
        case _:
            return ()


def test_a_shifted_step_is_found() -> None:
    """The old state written as the new one, and the new one as the old one: every formula would still go back."""
    swapped = {time_index("t"): time_index("t-1"), time_index("t-1"): time_index("t")}
    pytorch, lstm = notations()["pytorch"], cells()["lstm"]
    slip = replace(pytorch, at_step=lambda base, step: Sub(base, swapped.get(step, step)))
    assert twins(slip.writing(lstm), lstm) == []
    assert "h_prev" in shifted(slip.writing(lstm), lstm)


class Back:
    """Replaces what a notation writes by what the site does, and undoes what it folds."""

    def __init__(self, notation: Notation, cell: Cell) -> None:
        writing, symbols = notation.writing(cell), table(cell)
        self.symbols: dict[Box, Box] = {}
        self.transposed: dict[Box, Box] = {}
        self.matrices: dict[Box, tuple[Box, Box]] = {}
        for s in symbols.values():
            made = writing.box(s)
            self.symbols[made] = box(s)
            if isinstance(made, Sup) and made.above == TRANSPOSE:
                self.transposed[made.base] = Sup(box(s), TRANSPOSE)
        for W in cell.parameters:
            for U in cell.parameters:
                one = writing.joint(times(W), times(U), symbols)
                if one:
                    self.matrices[one.matrix] = (box(W), box(U))

    def __call__(self, one: Box) -> Box:
        if one in self.symbols:
            return self.symbols[one]
        if one in self.transposed:
            return self.transposed[one]
        match one:
            case Sup(base=Fence(inner=inner), above=above) if inner in self.symbols:
                return Sup(self.symbols[inner], above)
            case Row(parts=found):
                return Row(tuple(part for piece in found for part in self._unfolded(piece)))
            case Sub(base=base, below=below):
                return Sub(self(base), self(below))
            case Sup(base=base, above=above):
                return Sup(self(base), self(above))
            case Frac(above=above, below=below):
                return Frac(self(above), self(below))
            case At(base=base, index=index):
                return At(self(base), index)
            case Bar(base=base):
                return Bar(self(base))
            case Fence(inner=inner):
                return Fence(self(inner), one.opening)
            case Function(name=name, argument=argument, power=power):
                return Function(name, self(argument), power)
            case _:
                return one

    def _unfolded(self, piece: Box) -> tuple[Box, ...]:
        """W · [h, x] as W x + U h."""
        match piece:
            case Row(parts=(matrix, between, Fence(inner=Row(parts=(h, _, x)), opening="["))):
                assert between == CDOT
                W, U = self.matrices[matrix]
                return Row((W, factor(self(x)))), PLUS, Row((U, factor(self(h))))
            case _:
                return (self(piece),)


def factor(vector: Box) -> Box:
    """A vector as it stands in a product."""
    return Fence(vector) if isinstance(vector, Row) else vector


def times(parameter: Symbol) -> MatrixExpr:
    """The parameter times any vector that it can multiply."""
    return matmul(parameter.node, MatrixSymbol("any", parameter.shape[1], 1))


@pytest.mark.parametrize("of", ["lstm.forward.i", "lstm.backward.h_prev", "lstm.backward.W_g"])
def test_a_lost_factor_does_not_go_back(of: str) -> None:
    """What `Back` is for: a layout that dropped something would not give the site's own."""
    f, keras = formula(of), notations()["keras"]
    lstm = cells()["lstm"]
    right = layout(f.right, f.symbols, keras.writing(lstm))
    back = Back(keras, lstm)
    assert back(right) == layout(f.right, f.symbols)
    assert isinstance(right, Row | Function)
    if isinstance(right, Row):
        assert back(Row(right.parts[:-1])) != layout(f.right, f.symbols)
    else:
        assert back(right.argument) != layout(f.right, f.symbols)


# The letters are those of the source.


def forward(notation: Notation, cell: str) -> dict[tex_reader.Tree, str]:
    """The author's equations in the notation, read back, with the IDs of their formulas."""
    writing, authors = notation.writing(cells()[cell]), {e.left.name for e in cells()[cell].equations}
    return {
        tex_reader.equation(tex(statement(f.left.node, f.right, f.symbols, writing))): f.id
        for f in of_cell(cell)
        if f.pass_ == "forward" and f.quantity in authors
    }


@pytest.mark.parametrize(("name", "of"), sorted(PRINTED), ids=lambda one: one)
def test_the_forward_equations_are_those_that_the_source_prints(name: str, of: str) -> None:
    printed = {tex_reader.equation(one) for one in PRINTED[name, of]()}
    assert printed == set(forward(notations()[name], of))


def test_every_cell_of_every_notation_has_its_source() -> None:
    assert set(PRINTED) == set(ALL)


@pytest.mark.parametrize(("name", "of"), sorted(PRINTED), ids=lambda one: one)
def test_any_two_letters_swapped_are_found(name: str, of: str) -> None:
    """In every notation, for every two of its meanings: i for f, c for h, x for z."""
    printed = {tex_reader.equation(one) for one in PRINTED[name, of]()}
    for slip in swapped(notations()[name], of):
        assert set(forward(slip, of)) != printed


def swapped(notation: Notation, cell: str) -> Iterator[Notation]:
    use = notation.use(cell)
    assert use is not None
    keys = list(use.letters)
    for number, one in enumerate(keys):
        for other in keys[number + 1 :]:
            yield with_letters(
                notation, cell, {one: use.letters[other], other: use.letters[one]}, swap=(one, other)
            )


def with_letters(
    notation: Notation, cell: str, changes: Mapping[str, Box], swap: tuple[str, str] | None = None
) -> Notation:
    """The notation with other letters in one cell; the indices of two gates that are swapped go along."""
    uses = []
    for use in notation.uses:
        if use.cell == cell:
            indices = dict(use.indices)
            if swap:
                own = {key: use.indices.get(key, use.letters[key]) for key in swap}
                gates = {s.of for s in cells()[cell].parameters}
                indices |= {a: own[b] for a, b in (swap, swap[::-1]) if a in gates and b in gates}
            use = replace(use, letters={**use.letters, **changes}, indices=indices)
        uses.append(use)
    return replace(notation, uses=tuple(uses))


def conventions() -> dict[str, Any]:
    """Facts about frameworks, which `tests/judges/conventions` has found by trying them."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "docs" / "conventions.yml").read_text(encoding="utf-8"))
    return found


FRAMEWORKS = sorted(conventions())


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_framework_has_the_cells_that_its_layers_compute(name: str) -> None:
    """So that z has the meaning that the framework gives it: a cell says which."""
    layers = conventions()[name]["layers"].values()
    assert {layer["cell"] for layer in layers} == {use.cell for use in notations()[name].uses}


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_frameworks_gates_have_its_letters(name: str) -> None:
    assert wrong_letters(notations()[name], conventions()[name]["layers"]) == []


def wrong_letters(notation: Notation, layers: Mapping[str, Any]) -> list[str]:
    """Gates that neither their own letter nor the index of their weights gives the letter that the facts have."""
    found = []
    for key, layer in layers.items():
        cell = cells()[layer["cell"]]
        use = notation.use(cell.name)
        assert use is not None
        weights = {s.index: s.of or "" for s in cell.parameters if s.meaning == "input-weight"}
        output = cell.output.meaning
        for gate, letter in zip(layer["gates"], layer["letters"], strict=True):
            meaning = weights[gate]
            index = use.indices.get(meaning, use.letters.get(meaning))
            shown = {text(one) for one in (use.letters[meaning or output], index) if one}
            if letter.replace("'", "′") not in shown:
                found.append(f"{key}: {gate or 'h'}: expected {letter}, got {', '.join(sorted(shown))}")
    return found


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_frameworks_gates_swapped_are_found(name: str) -> None:
    layers = conventions()[name]["layers"]
    for key, layer in layers.items():
        gates = {s.of for s in cells()[layer["cell"]].parameters if s.of}
        for slip in swapped(notations()[name], layer["cell"]):
            before, after = notations()[name].use(layer["cell"]), slip.use(layer["cell"])
            assert before is not None
            assert after is not None
            if sum(before.letters[gate] != after.letters[gate] for gate in gates) == 2:
                assert wrong_letters(slip, {key: layer})


def test_keras_multiplies_by_the_transpose_of_what_it_holds() -> None:
    """Its kernel is D × H, as the facts say; PyTorch's is H × D, like the site's."""
    axes = {
        name: {
            tuple(tensor["axes"])
            for layer in conventions()[name]["layers"].values()
            for tensor in layer["tensors"].values()
            if tensor["of"] == "W"
        }
        for name in ("keras", "pytorch")
    }
    assert axes == {"keras": {("inputs", "gates")}, "pytorch": {("gates", "inputs")}}
    W = cells()["lstm"].symbol("W_f")
    assert text(notations()["keras"].writing(cells()["lstm"]).box(W)) == "K_fᵀ"
    f = formula("lstm.backward.x")
    assert "K_f ∂L" in text(layout(f.right, f.symbols, notations()["keras"].writing(cells()["lstm"])))


@pytest.mark.parametrize(("name", "two"), [("pytorch", "b_hi"), ("onnx", "Rb_i"), ("cudnn", "b_Ri")])
def test_of_two_biases_the_sum_stands_in_a_formula_and_the_first_in_a_gradient(name: str, two: str) -> None:
    lstm, notation = cells()["lstm"], notations()[name]
    f, b = formula("lstm.forward.i"), formula("lstm.backward.b_i")
    assert f"+ {two})" in text(statement(f.left.node, f.right, f.symbols, notation.writing(lstm)))
    assert two not in text(statement(b.left.node, b.right, b.symbols, notation.writing(lstm)))


# Every format can write it.


def test_tex_and_mathml_are_well_formed(written: tuple[Notation, Cell]) -> None:
    notation, cell = written
    writing = notation.writing(cell)
    for left, right, f in printable(cell):
        if left is None:
            continue
        made = statement(left, right, f.symbols, writing)
        check_structure(fromstring(mathml(made)))
        shown = tex(made)
        for opening, closing in ("{}", "()", "[]"):
            assert balanced(shown, opening, closing)
        assert shown.count(r"\left") == shown.count(r"\right")
        assert text(made)


def test_no_two_formulas_of_a_cell_look_alike(written: tuple[Notation, Cell]) -> None:
    notation, cell = written
    shown = [
        tex(statement(f.left.node, f.right, f.symbols, notation.writing(cell))) for f in of_cell(cell.name)
    ]
    assert len(set(shown)) == len(shown)


def test_a_raised_symbol_is_fenced() -> None:
    f, lstm = formula("lstm.backward.W_g_t"), cells()["lstm"]
    assert r"(x^{t})^{\top}" in tex(layout(f.right, f.symbols, notations()["greff"].writing(lstm)))
    slope = formula("lstm.backward.g_bar")
    assert r"(c^{\prime}_{t})^{2}" in tex(
        layout(slope.right, slope.symbols, notations()["cudnn"].writing(lstm))
    )


# What is exported.


def test_what_is_exported_is_what_differs(written: tuple[Notation, Cell]) -> None:
    notation, cell = written
    writing, found = notation.writing(cell), export.variants(notation, cell)
    assert set(found) == {"inline", "display"}
    assert all(own != other for mode in found.values() for own, other in mode.items())
    for f in of_cell(cell.name):
        own = export.formula_record(f, None)
        right = statement(f.left.node, f.right, f.symbols, writing)
        if f.pass_ != "count":
            assert found["inline"].get(own["latex"], own["latex"]) == tex(right)
            for s, record in zip(f.used, own["symbols"], strict=True):
                assert found["inline"].get(record["latex"], record["latex"]) == tex(writing.box(s))


def test_a_count_has_no_variant() -> None:
    count = formula("lstm.count.parameters")
    record = export.formula_record(count, None)
    for notation in notations().values():
        if notation.use("lstm"):
            assert record["latex"] not in export.variants(notation, cells()["lstm"])["inline"]


def test_a_symbol_with_two_looks_is_refused() -> None:
    class Fickle(Writing):
        calls = 0

        def at_step(self, base: Box, step: Box) -> Box:
            self.calls += 1
            return Sub(base, Number(self.calls))

    class Slip(Notation):
        def writing(self, cell: Cell) -> Writing:
            return Fickle()

    lstm = notations()["pytorch"]
    slip = Slip(lstm.name, lstm.kind, lstm.uses, lstm.parameters)
    with pytest.raises(NotationError, match=r"pytorch, lstm: .* is both"):
        export.variants(slip, cells()["lstm"])


def test_the_sites_own_stays_as_it_is() -> None:
    f = formula("lstm.backward.h_prev")
    assert statement(f.left.node, f.right, f.symbols) == statement(f.left.node, f.right, f.symbols, OWN)
    assert BigSum(Letter("t", "t"), Number(1), Letter("T", "T")) in parts(
        layout(formula("lstm.backward.U_f").right, table(cells()["lstm"]))
    )


# A notation that is not whole is refused.

RNN = Use("rnn", Source("elman1990", ""), letters(input="x", hidden_state="h"), indices={"": None})
WHOLE = Notation(
    "small",
    "paper",
    (RNN,),
    {"input-weight": indexed("W"), "recurrent-weight": indexed("U"), "bias": indexed("b")},
)


def test_a_whole_notation_is_accepted() -> None:
    check(WHOLE, RNN, cells()["rnn"])


@pytest.mark.parametrize(
    ("use", "notation", "says"),
    [
        (
            replace(RNN, letters=letters(input="x")),
            WHOLE,
            r"letters: expected 'hidden-state', 'input', got 'input'",
        ),
        (
            replace(RNN, letters=letters(input="x", hidden_state="h", forget_gate="f")),
            WHOLE,
            "got 'forget-gate', 'hidden-state', 'input'",
        ),
        (replace(RNN, indices={}), WHOLE, "indices: nothing for ''"),
        (replace(RNN, indices={"": None, "forget-gate": None}), WHOLE, "indices: no gate 'forget-gate'"),
        (
            RNN,
            replace(WHOLE, parameters={"bias": indexed("b")}),
            "nothing for 'input-weight', 'recurrent-weight'",
        ),
    ],
)
def test_what_is_missing_is_named(use: Use, notation: Notation, says: str) -> None:
    with pytest.raises(NotationError, match=rf"small, rnn: .*{says}"):
        check(notation, use, cells()["rnn"])


def test_a_cell_that_a_notation_has_not_is_refused() -> None:
    with pytest.raises(
        NotationError, match="pytorch: expected one of the cells rnn, lstm, gru-after, got gru"
    ):
        notations()["pytorch"].writing(cells()["gru"])
