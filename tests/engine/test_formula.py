"""A formula's hash is about what it says; the catalogue gives each formula one permanent name."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sympy import MatrixSymbol
from sympy import Symbol as Scalar

from derivations.cells import cells
from derivations.derive import catalogue
from derivations.derive.catalogue import UnknownFormulaError, formula, formulas, of_cell
from derivations.derive.formula import canonical
from derivations.language import Cell
from derivations.language.expressions import add, hadamard, negate

ID = re.compile(
    r"(?P<cell>[a-z][a-z0-9-]*)\.(?P<pass>forward|backward|count)\.(?P<quantity>[A-Za-z][A-Za-z0-9_]*)"
)
HASHES = "from derivations.derive.catalogue import formulas\nfor f in formulas().values():\n    print(f.id, f.hash)"

C = formula("lstm.backward.c")


def test_the_hash_is_a_digest() -> None:
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", f.hash) for f in formulas().values())
    assert len({f.hash for f in formulas().values()}) == len(formulas())


def test_the_hash_is_the_same_in_every_process(repository: Path) -> None:
    printed = []
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", HASHES],
            cwd=repository,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        printed.append(done.stdout)
    assert printed[0] == printed[1]
    assert printed[0].splitlines() == [f"{f.id} {f.hash}" for f in formulas().values()]


def test_the_hash_follows_the_statement() -> None:
    o, dh = C.symbols["o"].node, C.symbols["dh"].node
    changed = [
        replace(C, right=C.right.args[0]),
        replace(C, right=negate(C.right)),
        replace(C, right=add(*reversed(C.right.args))),  # the author's order is part of what is said
        replace(C, right=hadamard(o, dh)),
        replace(C, right=hadamard(dh, o)),
        replace(C, left=C.symbols["dh"]),
        replace(C, quantity="c2"),
        replace(C, cell="lstm-linear"),
        replace(C, pass_="forward"),
    ]
    assert len({f.hash for f in (C, *changed)}) == len(changed) + 1


def test_the_hash_follows_shapes_and_assumptions() -> None:
    wide = replace(C.symbols["o"], node=MatrixSymbol("o", Scalar("D", integer=True, positive=True), 1))
    changed = [
        replace(C, symbols={**C.symbols, "o": wide}),
        replace(C, assumptions=C.assumptions[:-1]),
        replace(C, assumptions=(*C.assumptions, "initial-state")),
    ]
    assert len({f.hash for f in (C, *changed)}) == len(changed) + 1


def test_the_hash_does_not_follow_notation_or_the_way_there() -> None:
    other = replace(C.symbols["o"], letter="ω", index="out", meaning="another-gate")
    assert replace(C, symbols={**C.symbols, "o": other}).hash == C.hash
    assert replace(C, left=replace(C.left, letter="s")).hash == C.hash
    assert replace(C, steps=()).hash == C.hash


def test_the_canonical_form_tells_expressions_apart(cell: Cell) -> None:
    rights = {f.right for f in of_cell(cell.name)}
    assert len({canonical(right) for right in rights}) == len(rights)


def test_the_ids_are_unique_readable_and_ascii() -> None:
    seen = [f.id for name in cells() for f in of_cell(name)]
    assert len(set(seen)) == len(seen) == len(formulas())
    for formula_id, f in formulas().items():
        found = ID.fullmatch(formula_id)
        assert found, formula_id
        assert found.groups() == (f.cell, f.pass_, f.quantity)
        assert f.cell in cells()
        assert formula(formula_id) is f


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("lstm.backwards.c", "lstm.backward.c"),
        ("lstm.bakward.U_f", "lstm.backward.U_f"),
        ("gru_after.backward.b_nh", "gru-after.backward.b_nh"),
    ],
)
def test_an_unknown_formula_names_the_nearest(given: str, named: str) -> None:
    with pytest.raises(UnknownFormulaError) as refusal:
        formula(given)
    message = str(refusal.value)
    assert message.startswith(f"no formula {given!r}; the nearest are ")
    assert named in message.split("; the nearest are ")[1].split(", ")


def test_an_unknown_cell_names_the_nearest() -> None:
    with pytest.raises(UnknownFormulaError, match="no cell 'lstm-liner'; the nearest are lstm-linear"):
        of_cell("lstm-liner")


def test_two_formulas_of_one_id_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    twice = (C, C)
    monkeypatch.setattr(catalogue, "of_cell", lambda name: twice)
    with pytest.raises(ValueError, match=r"two formulas have the ID lstm\.backward\.c"):
        catalogue.formulas.__wrapped__()
