"""Notebooks: they run or the build fails, twice the same, each language its own, and the page is lean."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from mkdocs.commands.build import build
from mkdocs.config import load_config

from derivations.cells import cells
from derivations.derive.formulas import formulas
from docs.hooks import notebooks
from docs.hooks.notebook_template import NotebookError, for_cell, for_language
from docs.hooks.paths import LANGUAGES, ROOT

SMALL = r"""# %% [markdown] tags=["lang-en"]
# # Twice `lstm`
#
# A small notebook with $a_t$ and `$b$`.

# %% [markdown] tags=["lang-zh"]
# # 两个 `lstm`
#
# 一个小笔记本，含 $a_t$ 与 `$b$`。

# %%
from IPython.display import Math, display

name = "lstm"
print(name)
print("a < b")

# %% [markdown] tags=["lang-en"]
# ## The state
#
# Its square.

# %% [markdown] tags=["lang-zh"]
# ## 细胞状态
#
# 它的平方。

# %%
from IPython.display import Markdown

display(Math(r"c_t^2 < \tanh(c)"))
display(Markdown("`gru.forward.h`"))

# %% [markdown] tags=["lang-en"]
# ```sh
# make site
# ```

# %% [markdown] tags=["lang-zh"]
# 运行：
#
# ```sh
# make site
# ```
"""
CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A template that runs in a second."""
    path = tmp_path / "small.py"
    path.write_text(SMALL, encoding="utf-8")
    return path


def prose(notebook: Any) -> list[str]:
    """The sources of the prose cells."""
    return [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "markdown"]


def build_site(root: Path, out: Path, language: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Build a site that has one page and the notebooks of ``out``; the folder it lies in."""
    monkeypatch.setattr(notebooks, "OUT", out)
    (root / "docs").mkdir(parents=True)
    (root / "docs" / "index.md").write_text("# Home\n")
    (root / "hook.py").write_text("from docs.hooks.notebooks import on_files, on_page_content\n")
    (root / "mkdocs.yml").write_text(
        json.dumps(
            {
                "site_name": "test",
                "theme": {"name": "material", "language": language, "font": False},
                "plugins": {"mkdocs-jupyter": {"execute": False, "include_source": True, "cache": False}},
                "hooks": ["hook.py"],
                "strict": True,
            }
        )
    )
    build(load_config(str(root / "mkdocs.yml")))
    return root / "site"


def test_a_notebook_is_run_and_written_for_each_language(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert notebooks.make(["gru"], out, small) == ["gru"]
    english, chinese = (
        json.loads(notebooks.place("gru", language, out).read_text("utf-8")) for language in LANGUAGES
    )
    assert prose(english)[0].startswith("# Twice `gru`")
    assert not any(CHINESE.search(text) for text in prose(english))
    assert all(CHINESE.search(text) for text in prose(chinese))
    for notebook in (english, chinese):
        printed, shown = (cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code")
        assert [output["text"] for output in printed] == ["gru\na < b\n"]
        assert shown[0]["data"]["text/latex"] == r"$\displaystyle c_t^2 < \tanh(c)$"
        assert "lang-" not in json.dumps(notebook)


def test_twice_run_the_bytes_are_the_same(small: Path, tmp_path: Path) -> None:
    for out in ("one", "two"):
        notebooks.make(["gru"], tmp_path / out, small)
    for language in LANGUAGES:
        one, two = (notebooks.place("gru", language, tmp_path / out).read_bytes() for out in ("one", "two"))
        assert one == two
        assert str(ROOT).encode() not in one


def test_nothing_runs_again_until_something_changes(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert notebooks.make(["gru"], out, small) == ["gru"]
    assert notebooks.make(["gru"], out, small) == []
    notebooks.place("gru", "zh", out).unlink()
    assert notebooks.make(["gru"], out, small) == ["gru"]
    for path in (notebooks.place("gru", "en", out), out / "gru.stamp"):  # edited by hand, at equal size
        content = path.read_bytes()
        path.write_bytes(content.swapcase())
        assert notebooks.make(["gru"], out, small) == ["gru"]
        assert path.read_bytes() == content
    small.write_text(SMALL.replace("a < b", "a > b"), encoding="utf-8")
    assert notebooks.make(["gru"], out, small) == ["gru"]
    assert "a > b" in notebooks.place("gru", "en", out).read_text("utf-8")


def test_the_fingerprint_sees_the_derivations(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small: Path
) -> None:
    source = tmp_path / "derivations" / "derive" / "reverse.py"
    source.parent.mkdir(parents=True)
    source.write_text("SIGN = 1\n")
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    before = notebooks.fingerprint(small)
    assert notebooks.fingerprint(small) == before
    source.write_text("SIGN = -1\n")
    assert notebooks.fingerprint(small) != before


def test_notebooks_of_cells_that_are_gone_are_removed(tmp_path: Path) -> None:
    for name in ("gru", "old"):
        for language in LANGUAGES:
            path = notebooks.place(name, language, tmp_path)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}")
        (tmp_path / f"{name}.stamp").write_text("")
    (tmp_path / "en" / "gru.ipynb").write_text("{}")  # a known name in another place
    notebooks.prune(["gru"], tmp_path)
    kept = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    assert kept == {"en/notebooks/gru.ipynb", "zh/notebooks/gru.ipynb", "gru.stamp"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('raise RuntimeError("no")', "notebook gru: cell 3: RuntimeError: no\nfrom IPython"),
        ("1 / 0", "notebook gru: cell 3: ZeroDivisionError: division by zero"),
        (
            'import warnings; warnings.warn("hm")',
            "notebook gru: cell 3: expected nothing on standard error, got",
        ),
    ],
)
def test_a_notebook_that_does_not_run_cleanly_fails(
    small: Path, tmp_path: Path, line: str, message: str
) -> None:
    small.write_text(SMALL.replace('print("a < b")', line), encoding="utf-8")
    with pytest.raises(NotebookError, match=re.escape(message)):
        notebooks.make(["gru"], tmp_path / "out", small)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('name = "lstm"', 'name = "gru"', "expected one code cell with 'name = \"lstm\"', got 0"),
        (' tags=["lang-zh"]', "", "cell-2: prose without a language: '# 两个 `gru`'"),
        ("# %% [markdown] tags=[\"lang-zh\"]\n# ## 细胞状态\n#\n# 它的平方。\n", "", "got en: 3, zh: 2"),
        ('tags=["lang-zh"]', 'tags=["lang-zh", "lang-en"]', "expected one language, got en, zh"),
    ],
)  # fmt: skip
def test_a_template_that_breaks_its_rules_is_refused(
    small: Path, before: str, after: str, message: str
) -> None:
    small.write_text(SMALL.replace(before, after), encoding="utf-8")
    with pytest.raises(NotebookError, match=re.escape(message)):
        for_cell("gru", small)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_lean_and_complete(
    small: Path, tmp_path: Path, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    notebooks.make(["gru"], out, small)
    site = build_site(tmp_path / "one", out, language, monkeypatch)
    page = site / "notebooks" / "gru" / "index.html"
    soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    notebook = soup.select_one("div.notebook")
    assert notebook is not None
    assert len(str(notebook)) < 20_000
    assert notebook.select("style, script, .jp-Cell, .anchor-link") == []
    title, section = ("Twice gru", "The state") if language == "en" else ("两个 gru", "细胞状态")
    assert [h.get_text().removesuffix("¶") for h in notebook.select("h1, h2")] == [title, section]
    section_id = "the-state" if language == "en" else section
    assert [h["id"] for h in notebook.select("h2")] == [section_id]
    assert soup.title is not None
    assert title in soup.title.get_text()
    assert {a["href"] for a in soup.select(".md-nav--secondary a.md-nav__link")} == {f"#{section_id}"}
    assert len(notebook.select("p span > .katex")) == 1
    assert [code.get_text() for code in notebook.select("div.notebook > p > code")] == ["$b$"]
    assert len(notebook.select("div.math[data-id='gru.notebook.4.1'] .katex-display")) == 1
    assert notebook.select_one(".highlight .kn") is not None
    assert [pre.get_text() for pre in notebook.select(".notebook-output pre")] == ["gru\na < b"]
    (formula,) = notebook.select(".notebook-words a")
    assert (formula["href"], formula.get_text()) == ("../../f/gru.forward.h/", "gru.forward.h")
    assert [code.get_text() for code in notebook.select(".language-text.highlight code")] == ["make site"]
    assert soup.select("link[href$='assets/notebook.css']") != []
    assert (site / "assets" / "notebook.css").stat().st_size > 100
    (link,) = notebook.select("a[download]")
    assert (page.parent / str(link["href"])).read_bytes() == notebooks.place(
        "gru", language, out
    ).read_bytes()
    again = build_site(tmp_path / "two", out, language, monkeypatch)
    assert (again / "notebooks" / "gru" / "index.html").read_bytes() == page.read_bytes()


def test_prose_stands_in_its_own_language_only() -> None:
    notebook = for_cell("gru")
    for language in LANGUAGES:
        told = prose(for_language(notebook, language))
        assert len(told) > 5
        for text in told:
            outside_code = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
            if language == "en":
                assert not CHINESE.search(outside_code)
            else:
                assert CHINESE.search(outside_code)
                assert not re.search(r"[A-Za-z]+ [A-Za-z]+ [A-Za-z]+", outside_code), text
                assert not re.search("[\u4e00-\u9fff]\n[\u4e00-\u9fff]", text), "a break would become a space"


def test_the_first_cell_tells_how_to_get_what_it_needs_and_no_other_cell_is_named() -> None:
    for language in LANGUAGES:
        told = prose(for_language(for_cell("gru-after"), language))
        assert 'pip install "lstmref[derivations]"' in told[0]
        assert not any("`lstm`" in text for text in told)


def test_every_rule_that_a_derivation_names_is_explained() -> None:
    steps = [step for cell in cells().values() for formula in formulas(cell) for step in formula.steps]
    named = {rule for step in steps for rule in step.rules}
    assert len(named) > 5
    for language in LANGUAGES:
        (table,) = [text for text in prose(for_language(for_cell("rnn"), language)) if "|---|---|" in text]
        assert named <= set(re.findall(r"^\| `([a-z-]+)` \| .+ \|$", table, flags=re.MULTILINE))


@pytest.mark.slow
@pytest.mark.proof
def test_a_real_notebook_derives_proves_and_computes_twice_the_same(tmp_path: Path) -> None:
    for out in ("one", "two"):
        notebooks.make(["rnn"], tmp_path / out)
    one, two = (notebooks.place("rnn", "en", tmp_path / out).read_bytes() for out in ("one", "two"))
    assert one == two
    outputs = [output for cell in json.loads(one)["cells"] for output in cell.get("outputs", ())]
    printed = "".join(output.get("text", "") for output in outputs)
    shown = [output["data"]["text/latex"] for output in outputs if "text/latex" in output.get("data", {})]
    ids = {formula.id for formula in formulas(cells()["rnn"]) if formula.pass_ != "forward"}
    assert set(re.findall(r"^proved  (\S+)$", printed, flags=re.MULTILINE)) == ids
    assert len(re.findall("^refuted  ", printed, flags=re.MULTILINE)) == 1
    assert any(r"U^{\top}" in tex for tex in shown)
    for folder in (ROOT, Path.home()):
        assert str(folder).encode() not in one
