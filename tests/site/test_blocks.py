"""What the markers become, and what they refuse."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from docs.hooks import api_modules, bibliography, blocks, conventions, words
from docs.hooks.bibliography import BibliographyError
from docs.hooks.blocks import MarkerError
from docs.hooks.catalogue import Catalogue, CatalogueError
from docs.hooks.math import Batch
from docs.hooks.paths import ROOT
from docs.hooks.prose import Marker
from docs.hooks.view import Site, View
from docs.hooks.words import WordsError
from tests.site.fixture import BIBLIOGRAPHY, FACTS, RECORD, catalogue


def _with_variant() -> dict[str, Any]:
    """The catalogue with a variant of its cell, which differs in what the cells of the project do not at once."""
    data = catalogue()
    (cell,) = data["cells"]
    own = {
        "changed": [
            {"parent": "rnn.forward.h", "own": "rnn.forward.h_bar"},
            {"parent": "rnn.forward.h", "own": None},
            {"parent": None, "own": "rnn.forward.h"},
        ],
        "gone": ["U", "W"],
        "new": ["b"],
    }
    data["cells"].append({**cell, "name": "rnn-softmax", "parent": "rnn", "difference": own})
    return data


def _view(tmp_path: Path, language: str = "en", data: dict[str, Any] | None = None) -> View:
    bib = tmp_path / "references.bib"
    bib.write_text(BIBLIOGRAPHY, encoding="utf-8")
    docs = Path(blocks.__file__).parents[1]
    site = Site(
        Catalogue(data or _with_variant()),
        words.load(docs, language),
        bibliography.load(bib),
        Batch(tmp_path / "cache"),
        conventions=conventions.read(FACTS, RECORD),
        modules=api_modules.find(ROOT),
    )
    return View(site, "cells/rnn/")


def _expand(view: View, text: str) -> str:
    body, bar, shown = text.partition("|")
    name, *args = body.split()
    marker = Marker(name, tuple(args), shown if bar else None, 1, name in blocks.BLOCKS)
    return str(blocks.expand(view, marker))


EVERY = [
    "formula rnn.forward.h rnn.backward.h",
    "forward rnn",
    "backward rnn",
    "steps rnn.backward.x",
    "shapes rnn",
    "parameters rnn",
    "code rnn",
    "source rnn",
    "cells",
    "formulas",
    "summary",
    "bibliography",
    "glossary",
    "symbols",
    "operations",
    "derivations rnn",
    "notebook rnn",
    "difference rnn-softmax",
    "notations",
    "mutants",
    "witnesses",
    "strength",
    "trusted",
    "api",
    "conventions",
    "convention lone",
    "benchmarks targets",
    "diagram rnn",
    "inline rnn.forward.h",
    "symbol rnn h_prev",
    "term forget-gate",
    "cite elman1990",
    "id rnn.forward.h",
    "math hadamard",
]


def test_the_list_of_markers_above_is_whole() -> None:
    assert {text.split()[0] for text in EVERY} == set(blocks.BLOCKS) | set(blocks.INLINE)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("text", EVERY)
def test_every_marker_says_something_in_both_languages(tmp_path: Path, text: str, language: str) -> None:
    html = _expand(_view(tmp_path, language), text)
    assert html.count("<div") == html.count("</div>")
    assert len(re.sub(r"<[^>]+>|\s", "", html)) > 0 or "<!--math" in html


def test_every_displayed_formula_carries_its_id_and_evidence(tmp_path: Path) -> None:
    html = _expand(_view(tmp_path), "formula rnn.backward.x")
    assert 'class="math" data-id="rnn.backward.x"' in html
    assert 'href="../../f/rnn.backward.x/"' in html
    assert '<ul class="evidence" role="list" aria-label="Evidence for rnn.backward.x">' in html
    said = re.findall(r'<a href="../../method/#([a-z-]+)">(.*?)</a>', html)
    assert [anchor for anchor, _ in said] == ["all-sizes", "unrolled", "witnesses", "mutants"]


def test_the_backward_pass_keeps_its_order_and_each_heading_comes_once(tmp_path: Path) -> None:
    html = _expand(_view(tmp_path), "backward rnn")
    ids = re.findall(r'<figure class="formula" data-id="([^"]+)"', html)
    assert ids == catalogue()["cells"][0]["backward"]
    headings = re.findall(r'<p class="group">([^<]+)</p>', html)
    assert len(headings) == len(set(headings)) > 3


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("formula rnn.backwards.h", CatalogueError, "nearest: rnn.backward.h"),
        ("forward rn", CatalogueError, "nearest: rnn"),
        ("inline rnn.forward.hh", CatalogueError, "rnn.forward.h"),
        ("id nothing", CatalogueError, "unknown formula 'nothing'"),
        ("symbol rnn h_pre", CatalogueError, "h_prev"),
        ("steps rnn.forward.h", CatalogueError, "no steps"),
        ("math hadamar", CatalogueError, "hadamard"),
        ("term forgetgate", WordsError, "forget-gate"),
        ("cite elman", BibliographyError, "elman1990"),
        ("forumla rnn.forward.h", MarkerError, "unknown marker 'forumla'"),
        ("forward rnn lstm", MarkerError, "expected 1 argument, got 2"),
        ("symbol rnn", MarkerError, "expected 2 arguments, got 1"),
        ("formula", MarkerError, "expected one or more arguments, got 0"),
        ("inline rnn.forward.h|words", MarkerError, "takes no words"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=re.escape(says)):
        _expand(_view(tmp_path), text)


def test_a_block_within_a_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MarkerError, match="alone"):
        blocks.expand(_view(tmp_path), Marker("cells", (), None, 1, False))


def test_a_formula_without_passing_evidence_is_refused(tmp_path: Path) -> None:
    data = catalogue()
    next(one for one in data["formulas"] if one["id"] == "rnn.forward.h")["passing"] = False
    with pytest.raises(CatalogueError, match=r"rnn\.forward\.h: has no passing evidence"):
        _expand(_view(tmp_path, data=data), "formula rnn.forward.h")


def test_the_summary_counts_from_the_catalogue(tmp_path: Path) -> None:
    data = catalogue()
    before = _expand(_view(tmp_path, data=data), "summary")
    derived = [formula for formula in data["formulas"] if formula["pass"] != "forward"]
    derived[0]["evidence"][0]["outcome"] = "refuted"
    after = _expand(_view(tmp_path, data=data), "summary")
    assert f"{len(derived)} are proved for all sizes: {len(derived) - 1} of the derived" in before
    assert f"{len(derived) - 1} are proved for all sizes" in after
    assert "No check that has run failed" in before
    assert "No check that has run failed" not in after


def test_the_summary_tells_lengths_that_only_some_proofs_cover_by_themselves(tmp_path: Path) -> None:
    data = catalogue()
    derived = [formula for formula in data["formulas"] if formula["pass"] != "forward"]
    for formula in derived[:2]:
        next(item for item in formula["evidence"] if item["method"] == "unrolled")["coverage"]["T"] = [1, 2]
    html = _expand(_view(tmp_path, data=data), "summary")
    assert f"{len(derived)} are proved once more, exactly, over unrolled sequences of 1, 2 steps" in html
    assert f"{len(derived) - 2} of these are proved over 3 steps, too." in html


def test_a_variant_tells_each_way_in_which_it_differs(tmp_path: Path) -> None:
    html = _expand(_view(tmp_path), "difference rnn-softmax")
    assert 'What differs from <a href="./">Elman network</a>' in html
    assert html.count("<li>") == 5
    for said in (
        "in place of",
        "falls away",
        "comes in addition",
        "Parameters that fall away",
        "New parameters",
    ):
        assert html.count(said) == 1


def test_a_cell_that_is_no_variant_has_no_difference(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="rnn: is no variant"):
        _expand(_view(tmp_path), "difference rnn")


def test_the_derivations_of_a_cell_are_those_that_carry_the_recursion(tmp_path: Path) -> None:
    html = _expand(_view(tmp_path), "derivations rnn")
    assert re.findall(r"#derivation\"><code>([^<]+)</code>", html) == [
        "rnn.backward.h",
        "rnn.backward.h_prev",
    ]


def test_operations_tell_where_they_have_a_derivative(tmp_path: Path) -> None:
    html = _expand(_view(tmp_path), "operations")
    (relu,) = re.findall(r'<tr id="operation-relu">(.*?)</tr>', html)
    assert "Rectified linear unit" in relu
    assert "they have no derivative" in relu


def test_words_shown_for_a_term(tmp_path: Path) -> None:
    html = _expand(_view(tmp_path), "term forget-gate|the gate")
    assert html == '<a class="term" href="../../glossary/#forget-gate">the gate</a>'


def test_every_source_of_a_cell_is_a_link(tmp_path: Path) -> None:
    data = catalogue()
    data["cells"][0]["also"] = [{"key": "elman1990", "where": f"§{n}"} for n in range(3)]
    html = _expand(_view(tmp_path, data=data), "source rnn")
    assert "&lt;" not in html
    assert html.count('<a class="cite"') == 4


def test_text_from_the_catalogue_is_escaped(tmp_path: Path) -> None:
    data = catalogue()
    data["cells"][0]["source"]["where"] = "<script>alert(1)</script>"
    assert "<script>" not in _expand(_view(tmp_path, data=data), "source rnn")
