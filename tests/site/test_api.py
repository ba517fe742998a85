"""The API reference: docstrings as Markdown, and the pages that a small package's sources give."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import markdown
import pytest
from bs4 import BeautifulSoup

from docs.hooks import api_modules, docstrings
from docs.hooks.build import SiteError, build
from docs.hooks.paths import ROOT
from tests.site import fixture

RECORD = '''"""Records."""

from dataclasses import dataclass
from typing import NamedTuple, TypeVar

T = TypeVar("T")
# What is
# allowed.
KINDS = ("a",)
Other = 1  # Beside `KINDS`.


class Kept(NamedTuple):
    """What is kept.

    Attributes:
        m: its name.
    """

    h: float  # (B, H), 1 - h**2 of `KINDS`
    n: int = 3
    m: str = ""


@dataclass
class Data:
    """Data.

    Attributes:
        b: the second.
    """

    a: int
    b: int = 2
    c: int = 3  # The third.


class Made:
    """Made of things.

    Args:
        size: of `KINDS`.
        name: any.
    """

    def __init__(self, size: int, name: str = "none") -> None:
        self.size = size
'''
EXTENSIONS = ["attr_list", "footnotes", "md_in_html", "def_list", "tables", "pymdownx.superfences"]


def _page(tree: Path, address: str) -> BeautifulSoup:
    return BeautifulSoup((tree / "site" / address / "index.html").read_text(encoding="utf-8"), "html.parser")


def _shown(text: str) -> BeautifulSoup:
    return BeautifulSoup(markdown.markdown(text, extensions=EXTENSIONS), "html.parser")


# -- docstrings ----------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "1 - h**2 and 1 - g**2",
        "W_* (H, D), U_* (H, H) and _x_",
        "a [link](there) and [one][two]",
        "<layer>.<name> & &lt;",
        "{: .name} and {x}",
        r"a \* b \alpha",
        "# not a heading",
        "> not a quotation",
        "2. not a list",
        "+1 and -1",
        "a^b^ ~x~ ==y== !important ![x](y)",
        "[^1]: not a footnote",
        "a ` lone backtick",
        ":   not a definition",
    ],
)
def test_every_character_stands_for_itself(text: str) -> None:
    page = _shown(docstrings.markdown(text))
    assert page.get_text() == text
    assert [tag.name for tag in page.find_all(True)] == ["p"]


def test_the_habits_of_docstrings_become_markup() -> None:
    text = """One step of `there`,
not of `nothing`.

    a = W x          equations stay
      + b

    c = d

- one
  more
- two
"""
    assert docstrings.markdown(text, {"there": "lstmref.there"}.get).split("\n\n") == [
        "One step of [`there`][lstmref.there], not of `nothing`.",
        "```text\na = W x          equations stay\n  + b",
        "c = d\n```",
        "- one more\n- two",
    ]


# -- modules -------------------------------------------------------------------


def test_every_public_module_is_found_in_its_group() -> None:
    found = {one.path: one for one in api_modules.find(ROOT)}
    package = ROOT / api_modules.PACKAGE
    files = [path.relative_to(package).with_suffix("").parts for path in package.rglob("*.py")]
    names = {".".join(part for part in parts if part != "__init__") for parts in files}
    names = {re.sub(r"^(cells|network)\.", "", name) for name in names}
    assert set(found) == {name for name in names if name and not re.search(r"(^|\.)_", name)}
    assert {name for name, one in found.items() if one.group == "cells"} >= {"rnn", "lstm", "gru_after"}
    assert found["discovery"].group == "interface"
    assert set(found["errors"].exports) >= {"ShapeError", "KindError"}
    assert {found[name].group for name in ("check", "convert.blocks")} == {"parts"}
    assert {found[name].group for name in ("convert", "network")} == {"interface"}
    assert all(one.summary for one in found.values())


def test_a_tree_without_the_package_has_none(tmp_path: Path) -> None:
    assert api_modules.find(tmp_path) == ()


# -- pages ---------------------------------------------------------------------


def test_a_page_shows_the_module(tree: Path) -> None:
    """The module raises as soon as it is run: it is read only."""
    page = _page(tree, "api/elman")
    article = page.select_one("article")
    assert article is not None
    assert [one.get_text().strip("¶\n ") for one in article.select("h1, h2")] == [
        "lstmref.elman",
        "ElmanError",
        "step",
    ]
    signature = article.select_one(".doc-signature")
    assert signature is not None
    assert max(len(line) for line in signature.get_text().splitlines()) <= 40
    assert "\n    x: float,\n    h_prev: float = 0.0,\n    *,\n" in signature.get_text()
    text = article.get_text()
    assert "x * h_prev * 1, in W_* and [brackets]." in text
    assert "(1 - h**2 is its slope)" in text
    assert "_private" not in text
    titles = article.select(".doc-section-title, details:not(.mkdocstrings-source) > summary")
    assert [one.get_text() for one in titles] == [
        "Source",
        "Parameters:",
        "Returns:",
        "Raises:",
        "Dtypes",
        "Examples:",
    ]
    said = [" ".join(one.get_text().split()) for one in article.select("li.doc-section-item")]
    assert said == [
        "x (float) – (B, D).",
        "h_prev (float, default: 0.0 ) – (B, H), 1 - h**2 of step, see ElmanError.",
        "float – h.",
        "ElmanError – never.",
    ]
    assert [one.get_text() for one in article.select(".gp, .go")] == [">>> ", "0.0"]
    cite = article.select_one("a.cite")
    assert cite is not None
    assert (cite["href"], cite.get_text()) == ("../../bibliography/#elman1990", "Elman (1990)")
    assert {"#lstmref.elman.step", "#lstmref.elman.ElmanError"} <= {
        str(a["href"]) for a in article.select("a.autorefs")
    }


def test_a_record_lists_its_fields(tmp_path: Path) -> None:
    root = fixture.tree(tmp_path)
    (root / "lstmref" / "record.py").write_text(RECORD, encoding="utf-8")
    build(root / "site", root)
    page = _page(root, "api/record")
    lists = [
        [" ".join(item.get_text().split()) for item in one.select("li")] for one in page.select("article ul")
    ]
    assert lists == [
        [
            "m (str) – its name. Default: ''.",
            "h (float) – (B, H), 1 - h**2 of KINDS",
            "n (int) – Default: 3.",
        ],
        ["b (int) – the second.", "c (int) – The third."],
        ["size (int) – of KINDS.", "name (str, default: 'none' ) – any."],
    ]
    headings = [one.get_text().strip("¶\n ") for one in page.select("article h2, article h3")]
    assert headings == ["KINDS", "Other", "Kept", "Data", "Made"]
    signatures = ["".join(one.get_text().split()) for one in page.select(".doc-class .doc-signature")]
    assert signatures == ["Data(a:int,b:int=2,c:int=3)", "Made(size:int,name:str='none')"]
    text = page.select_one("article").get_text()  # type: ignore[union-attr]
    assert "What is allowed." in " ".join(text.split())
    assert "Beside KINDS." in text


def test_sources_are_shown_but_not_searched(tree: Path) -> None:
    page = _page(tree, "api/elman")
    assert "return 0.0 * x * h_prev" in page.select("details.mkdocstrings-source")[-1].get_text()
    index = json.loads((tree / "site" / "search" / "search_index.json").read_text(encoding="utf-8"))
    texts = {
        doc["location"]: doc["text"] for doc in index["docs"] if doc["location"].startswith("api/elman/")
    }
    assert "<p>Returns:</p>" in texts["api/elman/#lstmref.elman.step"]
    assert not any("return 0.0" in text for text in texts.values())


def test_both_overviews_lead_to_the_english_pages(tree: Path) -> None:
    for folder, up in (("", "../"), ("zh/", "../../")):
        page = _page(tree, f"{folder}api")
        assert page.select_one(f'.api-modules a[href="{up}api/elman/"]') is not None
        exported = page.select_one(".api-names a")
        assert exported is not None
        assert exported["href"] == f"{up}api/elman/#lstmref.elman.ElmanError"
    assert not (tree / "site" / "zh" / "api" / "elman").exists()


def test_a_page_in_one_language_switches_to_the_overview_in_the_other(tree: Path) -> None:
    switch = _page(tree, "api/elman").select_one(".language-switch a")
    assert switch is not None
    assert switch["href"] == "../../zh/api/"
    sitemap = (tree / "site" / "sitemap.xml").read_text(encoding="utf-8")
    assert sitemap.count("/api/elman/") == 1


def test_the_pages_are_in_the_navigation_under_their_group(tree: Path) -> None:
    links = [str(a["href"]) for a in _page(tree, "api").select("nav.md-nav--primary a")]
    assert links.count("elman/") == 1


def _unknown_reference(root: Path) -> None:
    path = root / "lstmref" / "elman.py"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"""Raised by', '"""[x][lstmref.no] by'), encoding="utf-8"
    )


def _broken_syntax(root: Path) -> None:
    (root / "lstmref" / "elman.py").write_text("def step(:\n", encoding="utf-8")


def _no_module_page_asked_for(root: Path) -> None:
    path = root / "docs" / "en" / "api" / "index.md"
    path.write_text(path.read_text(encoding="utf-8") + "\n::: lstmref.nothing\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_broken_syntax, r"lstmref/elman\.py:1: invalid syntax"),
        (_no_module_page_asked_for, r"lstmref\.nothing"),
    ],
)
def test_what_cannot_be_described_fails_the_build(
    tree: Path, tmp_path: Path, change: Callable[[Path], None], says: str
) -> None:
    root = Path(shutil.copytree(tree, tmp_path / "tree", symlinks=True))
    change(root)
    with pytest.raises(SiteError, match=says):
        build(root / "site", root)


def test_a_reference_written_as_such_is_plain_text(tree: Path, tmp_path: Path) -> None:
    """A docstring makes no links but by names between backticks: it cannot break one."""
    root = Path(shutil.copytree(tree, tmp_path / "tree", symlinks=True))
    _unknown_reference(root)
    assert build(root / "site", root)
    assert "[x][lstmref.no] by" in _page(root, "api/elman").get_text()


# -- the passes of a cell ------------------------------------------------------


def test_the_passes_that_a_cells_last_line_makes_are_described(tree: Path, tmp_path: Path) -> None:
    """As functions with the arguments of its LAYOUT, though the module is not run."""
    root = Path(shutil.copytree(tree, tmp_path / "tree", symlinks=True))
    cell = root / "lstmref" / "cells" / "one.py"
    cell.parent.mkdir()
    (cell.parent / "__init__.py").write_text('"""Cells."""\n', encoding="utf-8")
    source = (
        '"""A cell."""\n\nraise RuntimeError("run")\n\n'
        'LAYOUT = Layout(inputs={"x": ("D",)}, states={"h": ("H",)}, outputs={"h": ("H",)})\n\n\n'
        'def parameter_shapes(D: int, H: int) -> dict[str, tuple[int, ...]]:\n    """None."""\n    return {}\n\n\n'
        "forward, backward = sequence.passes(__name__)\n"
    )
    cell.write_text(source, encoding="utf-8")
    build(root / "site", root)
    page = _page(root, "api/one")
    headings = [one.get_text().strip("¶\n ") for one in page.select("article h2")]
    assert headings == ["LAYOUT", "parameter_shapes", "forward", "backward"]
    text = " ".join(page.select_one("article").get_text().split())  # type: ignore[union-attr]
    assert "T = 0 and B = 0 are allowed. Parameters: params – see parameter_shapes. x – (T, B, D)." in text
    assert "those of h and h_T add up" in text
    cell.write_text(source.replace('{"x": ("D",)}', "INPUTS"), encoding="utf-8")
    with pytest.raises((SiteError, ValueError)):
        build(root / "site", root)


def test_two_modules_that_would_share_a_page_are_refused(tree: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(tree, tmp_path / "tree", symlinks=True))
    (root / "lstmref" / "network").mkdir()
    for name in ("__init__", "elman"):
        (root / "lstmref" / "network" / f"{name}.py").write_text('"""One."""\n', encoding="utf-8")
    with pytest.raises(api_modules.ApiError, match="expected a page for each, got one address"):
        api_modules.find(root)
