"""The site has words for all that the derivations say, in both languages: a new cell or primitive lacks none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from derivations.cells import cells
from derivations.derive.catalogue import of_cell
from derivations.derive.rewrite import REWRITES
from derivations.language.primitives import PRIMITIVES
from derivations.language.symbols import Symbol
from derivations.mutants.kinds import KINDS
from docs.hooks import words
from docs.hooks.words import Words

DOCS = Path(words.__file__).parents[1]


@pytest.fixture(params=["en", "zh"])
def known(request: pytest.FixtureRequest) -> Words:
    """The words of one language."""
    return words.load(DOCS, request.param)


def meanings(symbol: Symbol) -> Iterator[str]:
    """The glossary keys that a symbol names."""
    yield symbol.meaning
    if symbol.of:
        yield symbol.of
    if symbol.cotangent_of is not None:
        yield from meanings(symbol.cotangent_of)


def lacking(known: Words, cell: str) -> set[str]:
    """What a cell says that has no words."""
    formulas = of_cell(cell)
    symbols = [s for f in formulas for s in f.used]
    terms = {key for s in symbols for key in meanings(s)} | {d.meaning for d in cells()[cell].dimensions}
    keys = {f"rules.{rule}" for f in formulas for step in f.steps for rule in step.rules}
    keys |= {f"assumptions.{key}" for f in formulas for key in f.assumptions}
    keys |= {f"roles.{s.role}" for s in symbols if s.role != "data"} | {f"cells.{cell}"}
    return {key for key in terms if key not in known.glossary} | {key for key in keys if not known.knows(key)}


@pytest.mark.parametrize("cell", cells())
def test_every_cell_is_said(known: Words, cell: str) -> None:
    assert lacking(known, cell) == set()


def test_every_primitive_is_said(known: Words) -> None:
    keys = {f"primitives.{name}" for name in PRIMITIVES}
    keys |= {f"assumptions.{key}" for one in PRIMITIVES.values() for key in (*one.defined, *one.smooth)}
    keys |= {f"rules.apply-{name}" for name, one in PRIMITIVES.items() if one.slope is not None}
    keys |= {f"rules.{name}" for name in REWRITES}
    assert {key for key in keys if not known.knows(key)} == set()
    assert set(known.table["primitives"]) == set(PRIMITIVES)


def test_every_kind_of_mutant_is_said(known: Words) -> None:
    for section in ("mutant-kinds", "mutant-examples"):
        assert {name for name in KINDS if not known.knows(f"{section}.{name}")} == set()


def test_a_word_that_is_missing_is_found(known: Words) -> None:
    del known.table["rules"]["accumulate"]
    del known.glossary["forget-gate"]
    assert {"rules.accumulate", "forget-gate"} <= lacking(known, "lstm")
    assert lacking(known, "rnn") == {"rules.accumulate"}


def test_a_list_in_chinese_has_a_space_beside_latin_letters() -> None:
    chinese, english = words.load(DOCS, "zh"), words.load(DOCS, "en")
    assert chinese.join(["甲", "乙"]) == "甲和乙"
    assert chinese.join(["<a>Cho 等（2014）</a>", "<a>Olah</a>"]) == "<a>Cho 等（2014）</a>和 <a>Olah</a>"
    assert chinese.join(["A", "B", "乙"]) == "A、B 和乙"
    assert english.join(["A", "B"]) == "A and B"
