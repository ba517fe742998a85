"""The evidence of a formula beside it and on its page: what passed, what failed, what did not run."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from docs.hooks import bibliography, blocks, evidence, pages, words
from docs.hooks.catalogue import Catalogue
from docs.hooks.math import Batch
from docs.hooks.prose import Marker
from docs.hooks.view import Site, View
from tests.site.fixture import BIBLIOGRAPHY, catalogue

ID = "rnn.backward.x"


@pytest.fixture
def data() -> dict[str, Any]:
    """A catalogue, to be changed."""
    return catalogue()


def _view(tmp_path: Path, data: dict[str, Any], language: str = "en") -> View:
    bib = tmp_path / "references.bib"
    bib.write_text(BIBLIOGRAPHY, encoding="utf-8")
    docs = Path(blocks.__file__).parents[1]
    known = words.load(docs, language)
    return View(Site(Catalogue(data), known, bibliography.load(bib), Batch(tmp_path / "cache")), "cells/rnn/")


def _checks(data: dict[str, Any], formula_id: str = ID) -> dict[str, Any]:
    """The checks of a formula by method, those by other programs by their name."""
    formula = next(one for one in data["formulas"] if one["id"] == formula_id)
    return {item.get("name", item["method"]): item for item in formula["evidence"]}


def _text(html: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)))


def _short(tmp_path: Path, data: dict[str, Any], formula_id: str = ID, language: str = "en") -> str:
    marker = Marker("formula", (formula_id,), None, 1, True)
    return _text(str(blocks.expand(_view(tmp_path, data, language), marker)))


def _full(tmp_path: Path, data: dict[str, Any], language: str = "en") -> str:
    view = _view(tmp_path, data, language)
    return view.site.fill(pages.html(view, view.catalogue.formula(ID)))


def test_in_short_both_languages(tmp_path: Path, data: dict[str, Any]) -> None:
    english, chinese = _short(tmp_path, data), _short(tmp_path, data, language="zh")
    assert "proved for all sizes · unrolled, T = 1–3" in english
    assert "checked by 2 programs (NumPy, JAX) · 8 of 8 mutants caught" in english
    assert "已证明 任意维数 · 展开 T = 1–3" in chinese
    assert "已检验 对照 2 个程序（NumPy、JAX） · 变异测试 8/8" in chinese


def test_programs_that_were_not_at_hand_are_left_to_the_page(tmp_path: Path, data: dict[str, Any]) -> None:
    assert "PyTorch" not in _short(tmp_path, data)
    page = _text(_full(tmp_path, data))
    assert "not run here PyTorch" in page
    assert "checked JAX" in page


def test_one_program_alone_is_named(tmp_path: Path, data: dict[str, Any]) -> None:
    _checks(data)["jax"] |= {"outcome": "not-run", "coverage": {}}
    assert "checked by NumPy ·" in _short(tmp_path, data)


def test_a_forward_equation_claims_no_proof(tmp_path: Path, data: dict[str, Any]) -> None:
    text = _short(tmp_path, data, "rnn.forward.h")
    assert "proved" not in text
    assert "checked by 2 programs" in text


@pytest.mark.parametrize(
    ("name", "told", "withdrawn"),
    [
        ("all-sizes", "not run here Proof for all sizes", "for all sizes ·"),
        ("unrolled", "not run here Unrolled proof", "unrolled, T"),
        ("agreement", "not run here NumPy", "NumPy, JAX"),
        ("mutants", "not run here Mutants", "mutants caught"),
    ],
)
def test_what_did_not_run_says_so(
    tmp_path: Path, data: dict[str, Any], name: str, told: str, withdrawn: str
) -> None:
    assert withdrawn in _short(tmp_path, data)
    _checks(data)[name] |= {"outcome": "not-run", "coverage": {}}
    text = _short(tmp_path, data)
    assert told in text
    assert withdrawn not in text


def test_a_mutant_that_got_past_shows_beside_the_formula(tmp_path: Path, data: dict[str, Any]) -> None:
    item = _checks(data)["mutants"]
    item["outcome"] = "refuted"
    item["coverage"] |= {"caught": 7, "survived": 1}
    assert "refuted 7 of 8 mutants caught" in _short(tmp_path, data)
    assert "A mutant got past every check." in _full(tmp_path, data)


def test_a_program_that_disagrees_shows_first(tmp_path: Path, data: dict[str, Any]) -> None:
    _checks(data)["jax"]["outcome"] = "refuted"
    text = _short(tmp_path, data)
    assert text.index("refuted by JAX") < text.index("proved for all sizes")
    assert "checked by NumPy" in text


def test_the_page_has_every_check_its_meaning_and_what_runs_it_again(
    tmp_path: Path, data: dict[str, Any]
) -> None:
    html = _full(tmp_path, data)
    assert html.count('<li class="proof">') == len(evidence.COMMANDS) == 5
    for method, command in evidence.COMMANDS.items():
        assert f"<code>{command.format(cell='rnn')}</code>" in html
        assert f'href="../../method/#{evidence.anchor(method)}"' in html
    assert "Every mutant that says something else was caught." in html


def test_whether_the_step_was_composed_is_told_in_words(tmp_path: Path, data: dict[str, Any]) -> None:
    _checks(data)["all-sizes"]["coverage"]["composed"] = True
    assert "The whole step composed as wellyes" in _text(_full(tmp_path, data))
    assert "是否另把整步复合起来证明是" in _text(_full(tmp_path, data, "zh"))


def test_sizes_of_any_name_are_told(tmp_path: Path, data: dict[str, Any]) -> None:
    _checks(data)["unrolled"]["coverage"] |= {"K": 5, "P": 4}
    assert "Size K5Size P4" in _text(_full(tmp_path, data))


def test_sizes_drawn_at_random_are_told_as_a_range(tmp_path: Path, data: dict[str, Any]) -> None:
    _checks(data)["agreement"]["coverage"] |= {"D": [1, 4], "batch": [2, 3]}
    text = _text(_full(tmp_path, data))
    assert "Size D1–4" in text
    assert "Batch sizes2–3" in text
    assert "Sequence lengths1, 2, 3" in text


def test_a_zero_that_goes_without_saying_is_left_out(tmp_path: Path, data: dict[str, Any]) -> None:
    text = _text(_full(tmp_path, data))
    assert "Equal to the formula1" in text
    assert "Not judged" not in text
    assert "Not caught0" in text
