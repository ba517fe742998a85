"""The page shows what the facts state and how each is known, in both languages, and has a section for every effect."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from derivations.cells import cells
from derivations.record import export
from docs.hooks import bibliography, blocks, words
from docs.hooks.catalogue import Catalogue
from docs.hooks.conventions import Conventions, read
from docs.hooks.conventions_tables import section
from docs.hooks.math import Batch
from docs.hooks.paths import LANGUAGES
from docs.hooks.prose import Marker, markers
from docs.hooks.view import Site, View
from tests.conventions.test_record import parsed
from tests.judges.conventions.judge import DOCS
from tests.site.fixture import catalogue


def view(tmp_path: Path, facts: Conventions, language: str = "en") -> View:
    data = catalogue() | {"cells": [export.cell_record(cell) for cell in cells().values()]}
    site = Site(
        Catalogue(data),
        words.load(DOCS, language),
        bibliography.load(DOCS.parent / "references.bib"),
        Batch(tmp_path / "c"),
        conventions=facts,
    )
    return View(site, "conventions/")


def html(view: View, marker: str) -> str:
    name, *args = marker.split()
    return str(blocks.expand(view, Marker(name, tuple(args), None, 1, True)))


def rows(text: str) -> dict[str, list[str]]:
    """The cells of a table's rows as plain text, by the row's head."""
    found = {}
    for row in re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL):
        parts = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        plain = [
            " ".join(unescape(re.sub(r"<[^>]+>", " ", part)).split()).replace(" ,", ",") for part in parts
        ]
        found[plain[0]] = plain[1:]
    return found


def prose(language: str) -> str:
    return (DOCS / language / "conventions.md").read_text(encoding="utf-8")


def anchors(language: str) -> list[str]:
    return re.findall(r"^## .*\{#([a-z-]+)\}$", prose(language), re.MULTILINE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_a_section_for_all_that_sends_to_one(language: str, facts: Conventions) -> None:
    have = anchors(language)
    assert len(have) == len(set(have))
    effects = {section(option.effect) for one in facts.frameworks.values() for option in one.options}
    assert list(facts.frameworks) == [name for name in have if name in facts.frameworks]
    # All that is sent to, and no section that nothing sends to; test_layouts.py asks for those of refusals.
    assert set(have) == effects | {"reset", "z"} | facts.frameworks.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_framework_is_shown(language: str, facts: Conventions) -> None:
    shown = [m.args[0] for m in markers(prose(language)) if m.name == "convention"]
    assert shown == list(facts.frameworks)


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_has_words(tmp_path: Path, language: str, facts: Conventions) -> None:
    seen = view(tmp_path, facts, language)
    assert html(seen, "conventions").count("<tr>") == 1 + len(facts.frameworks)
    for name in facts.frameworks:
        found = html(seen, f"convention {name}")
        assert found.count("<div") == found.count("</div>")
        for option in facts.get(name).options:
            assert unescape(found).count(f"<code>{option.written}</code>") >= 1


def test_the_overview_says_what_the_facts_state(tmp_path: Path, facts: Conventions) -> None:
    found = rows(html(view(tmp_path, facts), "conventions"))
    before_after = "before the product {} after the product {}"
    assert found["PyTorch tested PyTorch 2.13.0"] == [
        "i f g o", "r z n", "after the product", "the old state", "2", "(4H, D)",
    ]  # fmt: skip
    assert found["ONNX tested ONNX Runtime 1.31.0"] == [
        "i o f g", "z r n", before_after.format("linear_before_reset=0", "linear_before_reset=1"),
        "the old state", "2", "(1, 4H, D)",
    ]  # fmt: skip
    assert found["cuDNN cited"][:2] == ["i f g o", "r z n"]
    assert found["Flax tested Flax 0.12.8"][0] == (
        "one array a gate linen.LSTMCell i f g o nnx.OptimizedLSTMCell"
    )


def test_a_framework_is_shown_with_what_is_known(tmp_path: Path, facts: Conventions) -> None:
    found = rows(html(view(tmp_path, facts), "convention keras"))
    tested = "tested: "
    assert found["Gate order"] == [
        tested + text
        for text in ("no gates", "i f g o called i f c o", "z r n called z r h", "z r n called z r h")
    ]
    assert found["Products"] == [tested + "x W, h U"] * 4
    assert found["Reset gate"] == ["–", "–", tested + "after the product", tested + "before the product"]
    assert found["Biases a gate"][2] == tested + "2 beside W x and beside U h"
    assert found["Computes"][3].startswith(tested + "GRU of Cho et al. gru-cho.forward.r gru-cho.forward.z")
    onednn = rows(html(view(tmp_path, facts), "convention onednn"))
    assert onednn["Biases a gate"][3] == "cited: 1; 2 in n beside W x and beside U h"
    assert onednn["Reset gate"][2] == "cited: before the product"


def test_what_is_no_longer_tested_is_not_called_so(tmp_path: Path) -> None:
    raw, record = parsed()
    raw["pytorch"]["layers"]["lstm"]["gates"] = ["i", "o", "f", "g"]
    found = rows(html(view(tmp_path, read(raw, record)), "convention pytorch"))
    assert found["Gate order"] == ["tested: no gates", "cited: i o f g called i f g o", "tested: r z n"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_ids_are_those_of_the_cell(tmp_path: Path, language: str, facts: Conventions) -> None:
    found: Any = html(view(tmp_path, facts, language), "convention pytorch")
    for cell in ("rnn", "lstm", "gru-after"):
        for equation in cells()[cell].equations:
            assert f'href="../f/{cell}.forward.{equation.left.name}/"' in found
