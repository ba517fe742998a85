"""Turns mkdocs-jupyter's page of a notebook into one like the rest of the site.

As it comes, such a page carries half a megabyte of inlined styles and scripts, its mathematics is not set,
and Chinese headings have no anchors. Here its cells are kept and all else is dropped: prose as prose, code
in Material's markup, mathematics through the site's KaTeX, headings, contents and title rebuilt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import PurePosixPath
from typing import Final

from bs4 import BeautifulSoup, Tag
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import AnchorLink, TableOfContents
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from pymdownx.slugs import slugify

from docs.hooks.math import Math, display, render
from docs.hooks.notebook_template import NotebookError

_WORDS: Final = {
    "en": {"download": "Download this notebook", "output": "Output", "formula": "Formula"},
    "zh": {"download": "下载本笔记本", "output": "输出", "formula": "公式"},
}
_HEADINGS: Final = ("h1", "h2", "h3", "h4")
_DISPLAYED: Final = re.compile(r"\$\$(.+?)\$\$|\$\\displaystyle\s+(.+?)\$", re.DOTALL)
_INLINE: Final = re.compile(r"\$([^$\s](?:[^$]*[^$\s])?)\$")
_TOKEN: Final = re.compile(r"<!--notebook-math (\d+)-->")
_FORMULA_ID: Final = re.compile(r"[a-z0-9-]+\.(?:forward|backward|count)\.\w+")
# From notebooks/<cell>/ to the root of the page's language.
_ROOT: Final = "../../"
_slug = slugify(case="lower")


def is_notebook(page: Page) -> bool:
    """Whether the page was made of a notebook."""
    return page.file.src_uri.startswith("notebooks/") and page.file.src_uri.endswith(".ipynb")


class _Maths:
    """The page's formulas: a comment stands for each until all are set together."""

    def __init__(self, language: str) -> None:
        self._label = _WORDS[language]["formula"]
        self._asked: list[tuple[Math, str]] = []

    def token(self, tex: str, data_id: str = "") -> str:
        """What stands for the formula meanwhile; displayed if it has a ``data_id``, else inline."""
        self._asked.append((Math(tex, display=bool(data_id)), data_id))
        return f"<!--notebook-math {len(self._asked) - 1}-->"

    def fill(self, html: str) -> str:
        """``html`` with every formula in its place."""
        set_ = render([math for math, _ in self._asked])

        def place(found: re.Match[str]) -> str:
            number = int(found[1])
            data_id = self._asked[number][1]
            if data_id:
                return display(set_[number], data_id, self._label)
            return f"<span data-search-exclude>{set_[number]}</span>"

        return _TOKEN.sub(place, html)


def rebuild(html: str, page: Page, language: str) -> str:
    """The page's content; its title, contents and description are set on ``page``.

    Raises NotebookError where the notebook has no title or holds an output that the site cannot show.
    """
    name = PurePosixPath(page.file.src_uri).stem
    maths = _Maths(language)
    cells = BeautifulSoup(html, "html.parser").select(".jp-Notebook > .jp-Cell")
    made = BeautifulSoup("".join(_cells(cells, name, language, maths)), "html.parser")
    title = _headings(made, name)
    page.title = title.title
    page.toc = TableOfContents([title])
    opening = made.find("p")
    if opening is not None:
        page.meta.setdefault("description", " ".join(opening.get_text().split()))
    _offer_download(made, name, language)
    return maths.fill(f'<div class="notebook">{made.decode(formatter="minimal")}</div>')


def _cells(cells: Iterable[Tag], name: str, language: str, maths: _Maths) -> Iterator[str]:
    for number, cell in enumerate(cells, start=1):
        prose = cell.select_one(".jp-MarkdownOutput")
        if prose is not None:
            yield _prose(prose, maths)
            continue
        code = cell.select_one(".jp-InputArea pre")
        if code is not None and code.get_text().strip():
            yield _code(code.get_text())
        outputs = [
            _output(output, f"{name}.notebook.{number}.{count}", maths)
            for count, output in enumerate(cell.select(".jp-OutputArea-output"), start=1)
        ]
        if outputs:
            said = _WORDS[language]["output"]
            yield f'<div class="notebook-output" role="group" aria-label="{said}">{"".join(outputs)}</div>'


def _prose(prose: Tag, maths: _Maths) -> str:
    for anchor in prose.select(".anchor-link"):
        anchor.decompose()
    for block in prose.select("div.highlight"):
        listing = _listing(escape(block.get_text().strip("\n"), quote=False), "text")
        block.replace_with(BeautifulSoup(listing, "html.parser"))
    for text in prose.find_all(string=_INLINE):
        if text.find_parent(["code", "pre"]) is None:
            pieces = _INLINE.split(text)
            pieces[1::2] = map(maths.token, pieces[1::2])
            pieces[::2] = (escape(piece, quote=False) for piece in pieces[::2])
            text.replace_with(BeautifulSoup("".join(pieces), "html.parser"))
    return prose.decode_contents(formatter="minimal").strip()


def _code(source: str) -> str:
    return _listing(highlight(source.strip("\n"), PythonLexer(), HtmlFormatter(nowrap=True)), "python")


def _listing(lines: str, language: str) -> str:
    """As pymdownx.highlight writes it, so that Material's colours and copy button find it."""
    return f'<div class="language-{language} highlight"><pre><span></span><code>{lines}</code></pre></div>'


def _output(output: Tag, key: str, maths: _Maths) -> str:
    classes = set(output.get_attribute_list("class"))
    if "jp-RenderedLatex" in classes:
        found = _DISPLAYED.search(output.get_text())
        if found is None:
            raise NotebookError(
                f"{key}: expected $$…$$ or $\\displaystyle …$, got {output.get_text().strip()!r}"
            )
        return maths.token(found[1] or found[2], key)
    if "jp-RenderedMarkdown" in classes:
        return _linked(output)
    if "jp-RenderedHTMLCommon" in classes:
        inside = output.decode_contents(formatter="minimal").strip()
        return f'<div class="notebook-table" tabindex="0">{inside}</div>'
    if "jp-RenderedText" in classes:
        text = escape(output.get_text().strip("\n"), quote=False)
        return f'<pre tabindex="0">{text}</pre>'
    raise NotebookError(f"{key}: an output that the site cannot show: {' '.join(sorted(map(str, classes)))}")


def _linked(output: Tag) -> str:
    """Markdown that code has written: a formula's ID leads to the formula's page."""
    for code in output.find_all("code"):
        if _FORMULA_ID.fullmatch(code.get_text()):
            code.wrap(Tag(name="a", attrs={"href": f"{_ROOT}f/{code.get_text()}/"}))
    return f'<div class="notebook-words">{output.decode_contents(formatter="minimal").strip()}</div>'


def _headings(soup: BeautifulSoup, name: str) -> AnchorLink:
    """Give every heading an anchor that keeps Chinese; the title, with the other headings below it."""
    top: list[AnchorLink] = []
    open_: list[AnchorLink] = []
    taken: set[str] = set()
    for heading in soup.find_all(_HEADINGS):
        text = heading.get_text().strip()
        anchor = base = str(_slug(text, "-")) or "section"
        count = 1
        while anchor in taken:
            count += 1
            anchor = f"{base}_{count}"
        taken.add(anchor)
        heading["id"] = anchor
        entry = AnchorLink(escape(text), anchor, int(heading.name[1]))
        while open_ and open_[-1].level >= entry.level:
            open_.pop()
        (open_[-1].children if open_ else top).append(entry)
        open_.append(entry)
        link = soup.new_tag("a", attrs={"class": "headerlink", "href": f"#{anchor}", "title": text})
        link.string = "¶"
        heading.append(link)
    if len(top) != 1 or top[0].level != 1:
        raise NotebookError(
            f"notebook {name}: expected one title (#) above all other headings, got {len(top)}"
        )
    return top[0]


def _offer_download(soup: BeautifulSoup, name: str, language: str) -> None:
    title = soup.find("h1")
    assert isinstance(title, Tag)
    line = soup.new_tag("p", attrs={"class": "notebook-download"})
    link = soup.new_tag("a", attrs={"href": f"{name}.ipynb", "download": ""})
    link.string = f"{_WORDS[language]['download']} ({name}.ipynb)"
    line.append(link)
    title.insert_after(line)
