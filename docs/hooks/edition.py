"""One language's build: what the MkDocs hook calls, event by event."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from derivations.record.address import SITE
from docs.hooks import (
    api,
    api_modules,
    bibliography,
    blocks,
    catalogue,
    cell_page,
    conventions,
    describe,
    notation_switch,
    notebooks,
    pages,
    performance,
    prose,
    words,
)
from docs.hooks.files import write
from docs.hooks.math import Batch
from docs.hooks.paths import BUILD, CATALOGUE, LANGUAGES, NODE_MODULES, ROOT
from docs.hooks.prose import Marker, Problem
from docs.hooks.view import Site, View

_TOKEN = re.compile(r'<(div|span) data-marker="(\d+)"></\1>')
_KNOWN_ERRORS = (
    blocks.MarkerError,
    catalogue.CatalogueError,
    words.WordsError,
    bibliography.BibliographyError,
    *performance.ERRORS,
    conventions.ConventionsError,
)
# Where each language lies below the site's address.
FOLDERS = {"en": "", "zh": "zh/"}
NAMES = {"en": "English", "zh": "简体中文"}


@dataclass
class Edition:
    """What one run of MkDocs, for one language, has read so far."""

    language: str
    docs: Path
    site: Site
    problems: list[Problem] = field(default_factory=list)
    # Of the pages that both languages have, and of those that only this one has.
    addresses: list[str] = field(default_factory=list)
    own_addresses: list[str] = field(default_factory=list)
    _markers: list[tuple[str, Marker]] = field(default_factory=list)

    @classmethod
    def start(cls, config: MkDocsConfig) -> Edition:
        """Read the inputs; set the site's address, and the words that Chinese search must not cut apart."""
        language = str(config.extra["language"])
        root = Path(config.config_file_path).resolve().parent
        docs = root / "docs"
        site = Site(
            catalogue.load(root / "build" / CATALOGUE.name, config.extra.get("first_cells", [])),
            words.load(docs, language),
            bibliography.load(root / "references.bib"),
            Batch(),
            modules=api_modules.find(root),
            project=root,
            conventions=conventions.load(docs),
        )
        config.site_url = SITE + FOLDERS[language]
        config.extra["lstmref_version"] = site.catalogue.data["version"]
        config.extra["footer"] = {"licence": site.words.say("interface.licence")}
        config.extra["editions"] = [{"lang": one, "root": SITE + folder} for one, folder in FOLDERS.items()]
        order = sorted(LANGUAGES, key=lambda one: one != language)
        config.extra["not_found"] = [_not_found(words.load(docs, one)) for one in order]
        if language == "zh":
            search: Any = config.plugins["material/search"]
            search.config.jieba_dict_user = str(_search_words(site.words))
        return cls(language, docs, site)

    # -- files -----------------------------------------------------------------

    def add_files(self, files: Files, config: MkDocsConfig) -> None:
        """The generated pages and assets, and the notebooks."""
        for path, content in self._generated():
            kind = InclusionLevel.NOT_IN_NAV if path.endswith(".md") else InclusionLevel.UNDEFINED
            files.append(File.generated(config, path, content=content, inclusion=kind))
        if self.language == api.LANGUAGE:
            for module in self.site.modules:
                files.append(File.generated(config, module.file, content=module.markdown))
        for path, source in _assets(self.docs):
            files.append(File.generated(config, path, abs_src_path=str(source)))
        # Notebooks belong to this repository's own cells; another tree (a test's) has none.
        if self.docs.parent == ROOT:
            notebooks.on_files(files, config)

    def arrange(self, files: Files, config: MkDocsConfig) -> None:
        """The navigation, and what is wrong with the prose as a whole or with the catalogue."""
        self.problems += prose.check_tree(self.docs, LANGUAGES)
        self.problems += self._check_catalogue(files)
        config.nav = self._navigation(config.nav or [], files)
        listed = [
            ("" if file.url == "./" else file.url, api.is_page(file)) for file in files.documentation_pages()
        ]
        self.addresses = sorted(url for url, own in listed if not own)
        self.own_addresses = sorted(url for url, own in listed if own)

    def _generated(self) -> Iterator[tuple[str, str]]:
        known = self.site.catalogue
        for formula in known.formulas.values():
            sentence = describe.sentence(self.site.words, formula)
            yield pages.address(formula["id"]), pages.markdown(self.site.words, formula, sentence)
            if self.language == LANGUAGES[0]:
                text = json.dumps(formula, ensure_ascii=False, indent=1) + "\n"
                yield f"f/{formula['id']}/formula.json", text
        if self.language == LANGUAGES[0]:
            yield from self.site.notations.files()
        css = (NODE_MODULES / "katex" / "dist" / "katex.min.css").read_text(encoding="utf-8")
        yield "assets/katex/katex.min.css", _woff2_only(css)

    def _check_catalogue(self, files: Files) -> Iterator[Problem]:
        for formula in self.site.catalogue.formulas.values():
            if not formula["passing"]:
                yield Problem(CATALOGUE.name, 1, f"{formula['id']}: has no passing evidence")
        folder = f"{self.docs.name}/{self.language}"
        cells = set(self.site.catalogue.cells)
        paged = {
            PurePosixPath(file.src_uri).stem
            for file in files.documentation_pages()
            if file.src_uri.startswith("cells/") and file.src_uri != "cells/index.md"
        }
        for name in sorted(cells - paged):
            yield Problem(f"{folder}/cells/{name}.md", 1, f"missing: the catalogue has a cell {name!r}")
        for name in sorted(paged - cells):
            yield Problem(f"{folder}/cells/{name}.md", 1, f"the catalogue has no cell {name!r}")

    def _navigation(self, nav: list[Any], files: Files) -> list[Any]:
        """The navigation with `folder/*` replaced by the pages there: cells in the catalogue's order."""
        order = {name: place for place, name in enumerate(self.site.catalogue.cells)}

        def found(pattern: str) -> list[str]:
            uris = [
                file.src_uri
                for file in files.documentation_pages()
                if PurePosixPath(file.src_uri).match(pattern) and PurePosixPath(file.src_uri).stem != "index"
            ]
            return sorted(uris, key=lambda uri: (order.get(PurePosixPath(uri).stem, len(order)), uri))

        def walk(items: list[Any]) -> Iterator[Any]:
            for item in items:
                if isinstance(item, dict):
                    for title, inside in item.items():
                        below = list(walk(inside)) if isinstance(inside, list) else inside
                        if below:
                            yield {title: below}
                elif item == f"{api_modules.FOLDER}/*":
                    yield from api.navigation(self.site.modules, self.site.words)
                elif "*" in item:
                    yield from found(item)
                else:
                    yield item

        return list(walk(nav))

    # -- pages -----------------------------------------------------------------

    def expand_markers(self, markdown: str, page: Page) -> str:
        """The page's Markdown with a token for each marker."""
        name = f"{self.docs.name}/{self.language}/{page.file.src_uri}"
        if page.file.generated_by or not page.file.src_uri.endswith(".md"):
            return markdown
        for key in ("title", "description"):
            if not page.meta.get(key):
                self.problems.append(Problem(name, 1, f"front matter: expected {key}"))
        # Front matter is gone by now: count its lines back in.
        above = page.file.content_string.count("\n") - markdown.count("\n")

        cell = cell_page.cell_of(page.file.src_uri, self.site.catalogue.cells)

        def put(marker: Marker) -> str:
            if cell and marker.name == cell_page.MARKER:
                return str(marker)
            return self._token(name, marker, above)

        text = prose.replace(markdown, put)
        return self._compose(name, cell, text, page, above) if cell else text

    def _token(self, name: str, marker: Marker, above: int = 0) -> str:
        where = Marker(marker.name, marker.args, marker.words, marker.line + above, marker.alone)
        self._markers.append((name, where))
        tag = "div" if marker.name in blocks.BLOCKS and marker.alone else "span"
        return f'<{tag} data-marker="{len(self._markers) - 1}"></{tag}>'

    def _compose(self, name: str, cell: str, text: str, page: Page, above: int) -> str:
        """A cell's page: its prose in the one template."""
        variant = self.site.catalogue.cell(cell)["difference"] is not None
        title = str(page.meta.get("title", cell))
        try:
            whole = cell_page.compose(self.site.words, cell, title, variant, text)
        except cell_page.SlotError as error:
            self.problems.append(error.at(name, above))
            return ""
        return prose.replace(whole, lambda marker: self._token(f"{name}, {cell_page.NAME}", marker))

    def _rank(self, page: Page) -> None:
        """In search, the glossary's own words before the many formulas that are named with them."""
        if page.file.src_uri == "glossary.md":
            page.meta["search"] = {"boost": 4}

    def put_content(self, html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
        """The page's HTML with every token replaced; a formula's page is made here."""
        view = View(self.site, page.url)
        self._rank(page)
        if "formula" in page.meta:
            html = self._formula_page(view, page.meta["formula"])
            page.toc = pages.contents(self.site.fill(html))
        elif (notebook := notebooks.on_page_content(html, page, config, files)) is not None:
            html = notebook
        elif api.is_page(page.file):
            html = api.finish(view, html)
        elif "data-marker" in html:
            html = _TOKEN.sub(lambda token: self._put(view, int(token[2])), html)
            page.toc = pages.contents(self.site.fill(html))
        return html

    def finish(self, output: str, page: Page) -> str:
        """A whole page with all that the search index was not to see: generated blocks, then formulas."""
        html = self.site.batch.fill(self.site.fill(output))
        conventions_page = "conventions/" if "conventions/" in self.addresses else "notation/"
        return notation_switch.put(View(self.site, page.url), html, conventions_page)

    def _formula_page(self, view: View, formula_id: str) -> str:
        try:
            return pages.html(view, self.site.catalogue.formula(formula_id))
        except _KNOWN_ERRORS as error:
            self.problems.append(Problem(CATALOGUE.name, 1, f"{formula_id}: {error}"))
            return ""

    def _put(self, view: View, number: int) -> str:
        name, marker = self._markers[number]
        try:
            html = blocks.expand(view, marker)
            return str(html if marker.name in blocks.SEARCHED else view.hide(html))
        except _KNOWN_ERRORS as error:
            self.problems.append(Problem(name, marker.line, f"{marker}: {error}"))
            return ""

    # -- languages -------------------------------------------------------------

    def set_languages(self, config: MkDocsConfig, page: Page | None) -> None:
        """For the language switch: the same page in each language, relative to this one."""
        here = FOLDERS[self.language] + (page.url if page else "")
        # A page in one language alone switches to what leads to it in the other.
        there = f"{api_modules.FOLDER}/" if page and api.is_page(page.file) else page.url if page else ""
        # The reader's colours are remembered for the whole site, not for each language.
        config.extra["scope"] = get_relative_url("", here) if page else urlsplit(SITE).path
        config.extra["alternate"] = [
            {
                "name": NAMES[language],
                "lang": language,
                "link": get_relative_url(folder + there, here) if page else SITE + folder,
                "here": language == self.language,
            }
            for language, folder in FOLDERS.items()
        ]


def _not_found(known: words.Words) -> dict[str, str]:
    """What a page that does not exist says in one language. Its links hold wherever the host shows it."""
    home = urlsplit(SITE).path + FOLDERS[known.language]
    return {
        "lang": known.language,
        "title": known.say("errors.not-found-title"),
        "text": known.say("errors.not-found-text"),
        "home": home,
        "to_home": known.say("errors.not-found-home"),
        "formulas": f"{home}formulas/",
        "to_formulas": known.say("errors.not-found-formulas"),
    }


def _assets(docs: Path) -> Iterator[tuple[str, Path]]:
    folder = docs / "assets"
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield f"assets/{path.relative_to(folder).as_posix()}", path
    katex = NODE_MODULES / "katex" / "dist"
    yield "assets/katex/copy-tex.min.js", katex / "contrib" / "copy-tex.min.js"
    for path in sorted((katex / "fonts").glob("*.woff2")):
        yield f"assets/katex/fonts/{path.name}", path


def _woff2_only(css: str) -> str:
    """KaTeX's style sheet without the addresses of fonts in older formats."""
    return re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("[^"]*"\)', "", css)


def _search_words(known: words.Words) -> Path:
    """A dictionary for jieba: each term of the glossary is one word."""
    lines = []
    for key in known.glossary:
        entry = known.entry(key)
        lines += [f"{word} 100000" for word in (entry["term"], *entry.get("also", [])) if " " not in word]
    path = BUILD / "jieba.txt"
    write(path, "\n".join(dict.fromkeys(lines)) + "\n")
    return path
