"""The real site: links, addresses, descriptions, and formulas that come from the catalogue alone."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from derivations.record.address import SITE
from docs.hooks import blocks, links


@pytest.fixture(scope="module")
def catalogue(repository: Path, built_site: Path) -> dict[str, dict[str, object]]:
    """Every formula by its ID, as the site was built from it."""
    assert built_site.is_dir()
    data = json.loads((repository / "build" / "catalogue.json").read_text(encoding="utf-8"))
    return {formula["id"]: formula for formula in data["formulas"]}


@pytest.fixture(scope="module")
def pages(built_site: Path) -> dict[str, str]:
    """Every page's HTML by its address."""
    return {
        path.relative_to(built_site).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(built_site.rglob("*.html"))
    }


def test_links_anchors_and_hosts(built_site: Path) -> None:
    assert links.check(built_site) == []


def test_every_formula_has_its_page_in_both_languages(
    catalogue: dict[str, dict[str, object]], pages: dict[str, str], built_site: Path
) -> None:
    for formula_id, formula in catalogue.items():
        for folder in ("", "zh/"):
            assert formula_id in pages[f"{folder}f/{formula_id}/index.html"]
        served = json.loads((built_site / "f" / formula_id / "formula.json").read_text(encoding="utf-8"))
        assert served == formula
    made = {name.split("/")[-2] for name in pages if re.match(r"(zh/)?f/", name)}
    assert made == set(catalogue)


def test_both_languages_have_the_same_pages(pages: dict[str, str]) -> None:
    chinese = {name.removeprefix("zh/") for name in pages if name.startswith("zh/")}
    assert chinese == {name for name in pages if not name.startswith("zh/") and not _in_english_alone(name)}


def _in_english_alone(name: str) -> bool:
    """The pages of the API reference: they are the docstrings. Their overview is in both languages."""
    return name.startswith("api/") and name != "api/index.html"


def test_every_displayed_formula_comes_from_the_catalogue(
    catalogue: dict[str, dict[str, object]], pages: dict[str, str]
) -> None:
    """The TeX that KaTeX set (it keeps it beside the MathML) is the catalogue's, to the letter."""
    block = re.compile(r'<div class="math" data-id="([^"]+)"[^>]*>(.*?)</annotation>', re.DOTALL)
    for name, text in pages.items():
        found = block.findall(text)
        assert len(found) == text.count('<div class="math"'), name
        assert text.count('class="katex-display"') == len(found), name
        for data_id, inner in found:
            formula_id, _, step = data_id.partition("#step-")
            if formula_id not in catalogue:
                assert name.removeprefix("zh/").startswith("notebooks/"), f"{name}: {data_id}"
                continue
            formula = catalogue[formula_id]
            if step:
                steps = formula["steps"]
                assert isinstance(steps, list)
                formula = steps[int(step) - 1]
            assert (
                html.unescape(inner.rpartition('encoding="application/x-tex">')[2]) == formula["display"]
            ), data_id


def test_no_token_is_left(pages: dict[str, str]) -> None:
    names = "|".join(blocks.BLOCKS | blocks.INLINE)
    token = re.compile(rf"<!--(math|hidden) |data-marker=|\{{\{{({names})\b")
    left = [name for name, text in pages.items() if token.search(text)]
    assert left == []


def test_every_page_has_a_description_of_its_own(pages: dict[str, str]) -> None:
    seen: dict[str, str] = {}
    for name, text in pages.items():
        found = re.findall(r'<meta name="description" content="([^"]+)">', text)
        assert len(found) == 1, name
        if not name.endswith("404.html"):
            assert found[0] not in seen, f"{name} and {seen.get(found[0])}: {found[0]}"
            seen[found[0]] = name


def test_the_sitemap_names_each_page_in_both_languages(pages: dict[str, str], built_site: Path) -> None:
    text = (built_site / "sitemap.xml").read_text(encoding="utf-8")
    listed = set(re.findall(r"<loc>([^<]+)</loc>", text))
    expected = {SITE + name.removesuffix("index.html") for name in pages if not name.endswith("404.html")}
    assert listed == expected
    both = [address for address in listed if not _in_english_alone(address.removeprefix(SITE) + "index.html")]
    assert text.count('hreflang="zh"') == text.count('hreflang="en"') == len(both)


def test_the_address_is_the_one_setting(pages: dict[str, str]) -> None:
    for name, text in pages.items():
        if not name.endswith("404.html"):
            canonical = re.findall(r'<link rel="canonical" href="([^"]+)">', text)
            assert canonical == [SITE + name.removesuffix("index.html")], name


def test_the_search_index_holds_no_glyphs_of_formulas(built_site: Path) -> None:
    for language in ("", "zh/"):
        path = built_site / language / "search" / "search_index.json"
        docs = json.loads(path.read_text(encoding="utf-8"))["docs"]
        noisy = [doc["location"] for doc in docs if re.search(r"\\frac|\\partial|katex", doc["text"])]
        assert noisy == []
        # Chinese takes three bytes a character; glyphs would nearly double either.
        assert path.stat().st_size < (1_000 if language else 650) * len(docs)


def test_no_machine_shows(built_site: Path, repository: Path) -> None:
    suffixes = {".html", ".json", ".xml", ".css", ".js", ".ipynb"}
    for path in built_site.rglob("*"):
        if path.suffix in suffixes and "javascripts" not in path.parts:
            assert str(repository) not in path.read_text(encoding="utf-8"), path.name
