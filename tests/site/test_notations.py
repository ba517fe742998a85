"""Formulas in other notations: the marks on the pages, the files that hold them, and what is refused."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from docs.hooks import notations
from docs.hooks.build import SiteError, build
from docs.hooks.catalogue import Catalogue, CatalogueError
from docs.hooks.math import Math, render
from docs.hooks.notations import FOLDER, LARGE, Notations, check
from tests.site import fixture

Record = dict[str, Any]
CELL = fixture.CELL
MARK = re.compile(r'data-(math|tex)="([^"]+):([a-z]\d+)"')


@pytest.fixture(scope="module")
def site(tree: Path) -> Path:
    return tree / "site"


def pages(site: Path) -> dict[str, str]:
    return {
        path.relative_to(site).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(site.rglob("*.html"))
    }


def held(site: Path, name: str) -> Record:
    """The file of a notation."""
    (path,) = (site / FOLDER).glob(f"*/{name}.{CELL}.json")
    found: Record = json.loads(path.read_text(encoding="utf-8"))
    return found


def html(file: Record, key: str) -> str:
    return "".join(file["pieces"][number] for number in file["math"][key])


# Marks and files.


def test_every_formula_that_a_notation_writes_differently_is_marked(site: Path) -> None:
    data = fixture.catalogue()
    other = {own for one in data["notations"] for use in one["cells"].values() for own in use["display"]}
    marked = 0
    for formula in data["formulas"]:
        shown = (site / "f" / formula["id"] / "index.html").read_text(encoding="utf-8")
        found = re.search(
            r'<figure class="formula formula--hero".*?<div class="math"([^>]*)>', shown, re.DOTALL
        )
        assert found
        assert ("data-math=" in found[1]) == (formula["display"] in other), formula["id"]
        marked += "data-math=" in found[1]
    assert marked > 8


def test_a_file_holds_what_katex_makes_of_each_formula(site: Path) -> None:
    """Taken apart and put together again, nothing is lost."""
    for one in fixture.catalogue()["notations"]:
        for use in one["cells"].values():
            file, places = held(site, one["name"]), Notations(Catalogue(fixture.catalogue()))._places
            for mode, kind in (("display", "display"), ("inline", "inline"), ("large", "inline")):
                for own, other in use[kind].items():
                    key = f"{mode[0]}{places[CELL, kind][own]}"
                    math = Math((LARGE if mode == "large" else "") + other, mode == "display")
                    assert html(file, key) == render([math])[0]
            for own, other in use["inline"].items():
                assert file["tex"][f"t{places[CELL, 'inline'][own]}"] == other


def test_without_javascript_the_sites_own_notation_stands_there(site: Path) -> None:
    formula = next(one for one in fixture.catalogue()["formulas"] if one["id"] == f"{CELL}.forward.h")
    shown = (site / "f" / formula["id"] / "index.html").read_text(encoding="utf-8")
    assert render([Math(formula["display"], True)])[0] in shown
    assert f'data-copy="{formula["latex"]}"' in unescape(shown)


def test_the_mark_of_a_copy_button_is_that_of_the_statement(site: Path) -> None:
    shown = (site / "f" / f"{CELL}.forward.h" / "index.html").read_text(encoding="utf-8")
    (key,) = set(re.findall(rf'<button[^>]*data-tex="{CELL}:(t\d+)"', shown))
    assert (
        held(site, "pytorch")["tex"][key] == r"h_{t} = \tanh(W_{ih} x_{t} + W_{hh} h_{t-1} + b_{ih} + b_{hh})"
    )
    assert len(re.findall(rf'<code data-tex="{CELL}:{key}"', shown)) == 1


def test_both_languages_mark_the_same_and_share_the_files(site: Path) -> None:
    texts = pages(site)
    folder = f"{notations.FOLDER}/"
    for name, text in texts.items():
        if name.startswith("zh/") or name == "404.html":
            continue
        other = texts.get(f"zh/{name}")
        if other is None:  # the API reference is in English
            assert not MARK.findall(text)
            continue
        assert MARK.findall(text) == MARK.findall(other), name
        for page, shown in ((name, text), (f"zh/{name}", other)):
            for found in re.findall(r'"folder":"([^"]+)"', shown):
                lies = urljoin("/" + page, found).lstrip("/")
                assert lies.startswith(folder)
                assert (site / lies).is_dir()


def test_the_choice_stands_where_there_is_something_to_choose(site: Path) -> None:
    for name, text in pages(site).items():
        formulas = "data-math=" in text
        about = name.removeprefix("zh/") == "notation/index.html"
        assert (
            text.count('<select id="notation-choice"') == text.count("lstmrefNotation") == (formulas or about)
        )
        assert "<!--notation" not in text


def test_a_notation_without_the_cell_says_so(site: Path) -> None:
    text = (site / "cells" / CELL / "index.html").read_text(encoding="utf-8")
    notes = dict(re.findall(r'<p data-of="(\w+)" hidden>([^<]*)', unescape(text)))
    assert (
        notes["cho"]
        == "Cho et al. (2014) writes no such cell (Elman network). These formulas stay in this site's notation. "
    )
    assert notes["pytorch"].startswith("PyTorch adds two biases")


def test_the_page_of_the_notations_follows_no_choice(site: Path) -> None:
    text = (site / "notation" / "index.html").read_text(encoding="utf-8")
    assert "data-math=" not in text
    for one in fixture.catalogue()["notations"]:
        assert f'id="{one["name"]}"' in text
        for use in one["cells"].values():
            assert f"</a>, {use['source']['where']}</li>" in text
    (shown,) = render([Math("W_{ih}")])
    assert shown in text


def test_the_address_of_the_files_follows_what_is_in_them() -> None:
    data = fixture.catalogue()
    before = Notations(Catalogue(data)).folder
    assert Notations(Catalogue(fixture.catalogue())).folder == before
    use = data["notations"][-1]["cells"][CELL]
    own = next(iter(use["display"]))
    use["display"][own] += " "
    assert Notations(Catalogue(data)).folder != before


def test_a_catalogue_without_notations_is_refused() -> None:
    data = fixture.catalogue()
    del data["notations"]
    with pytest.raises(CatalogueError, match="no notations; run `make derive` again"):
        Notations(Catalogue(data))


# What is wrong is found.


def test_a_whole_site_passes(site: Path) -> None:
    assert check(site) == []


def lose_a_formula(file: Record) -> None:
    del file["math"]["d0"]


def lose_a_text(file: Record) -> None:
    file["tex"].clear()


def lose_a_piece(file: Record) -> None:
    file["pieces"].pop()


def forget_what_is_the_same(file: Record) -> None:
    file["same"] = []


def cut_a_formula(file: Record) -> None:
    file["math"]["d0"].pop()


def mistake_its_shape(file: Record) -> None:
    file["math"] = list(file["math"].values())


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lose_a_formula, rf"{CELL}:d0: not in pytorch\.{CELL}\.json"),
        (lose_a_text, rf"{CELL}:t\d+: not in pytorch\.{CELL}\.json"),
        (lose_a_piece, r"damaged: IndexError"),
        (forget_what_is_the_same, rf"not in pytorch\.{CELL}\.json"),
        (cut_a_formula, r"damaged: ValueError"),
        (mistake_its_shape, r"damaged: AttributeError"),
    ],
)
def test_a_spoilt_file_is_found(
    site: Path, tmp_path: Path, spoil: Callable[[Record], None], says: str
) -> None:
    copy = Path(shutil.copytree(site, tmp_path / "site"))
    (path,) = (copy / FOLDER).glob(f"*/pytorch.{CELL}.json")
    file = json.loads(path.read_text(encoding="utf-8"))
    spoil(file)
    path.write_text(json.dumps(file), encoding="utf-8")
    found = check(copy)
    assert re.search(says, "\n".join(found))


def test_a_truncated_file_and_a_missing_cell_are_found(site: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(site, tmp_path / "site"))
    (path,) = (copy / FOLDER).glob(f"*/onnx.{CELL}.json")
    path.write_bytes(path.read_bytes()[:1000])
    assert any(f"onnx.{CELL}.json: damaged" in line for line in check(copy))
    shutil.rmtree(copy / FOLDER)
    assert any("no notation writes this cell" in line for line in check(copy))


def test_a_site_whose_files_are_wrong_is_not_built(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(shutil.copytree(tree, tmp_path / "tree", symlinks=True))
    shutil.rmtree(root / "site")
    monkeypatch.setattr(notations, "check", lambda _: ["/f/x/index.html: d0: not in pytorch.rnn.json"])
    with pytest.raises(SiteError, match=r"formulas in other notations:\n/f/x/index\.html: d0"):
        build(root / "site", root)
    assert not (root / "site").exists()
