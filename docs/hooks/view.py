"""What a page is rendered from: one language's words, the catalogue, and the page's own address."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from mkdocs.utils import get_relative_url

from docs.hooks import notations
from docs.hooks.api_modules import Module
from docs.hooks.bibliography import Bibliography
from docs.hooks.catalogue import Catalogue, Record
from docs.hooks.conventions import NONE, Conventions
from docs.hooks.math import Batch, display
from docs.hooks.paths import HOOKS, LANGUAGES, ROOT
from docs.hooks.words import Words

_HIDDEN = re.compile(r"<!--hidden (\d+)-->")
TEMPLATES = Environment(
    loader=FileSystemLoader(HOOKS / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Site:
    """One language of the site while it is being built."""

    catalogue: Catalogue
    words: Words
    bibliography: Bibliography
    batch: Batch = field(default_factory=Batch)
    hidden: list[str] = field(default_factory=list)
    # The root of the project whose site this is.
    project: Path = ROOT
    # What the API reference describes.
    modules: tuple[Module, ...] = ()
    conventions: Conventions = NONE

    @cached_property
    def notations(self) -> notations.Notations:
        """The formulas in other notations."""
        return notations.Notations(self.catalogue)

    def fill(self, html: str) -> str:
        """`html` with what was hidden from the search index put back; formulas are still tokens."""
        return _HIDDEN.sub(lambda found: self.fill(self.hidden[int(found[1])]), html)


@dataclass(frozen=True)
class View:
    """The site as one page sees it: links are relative to `url`, its address below the language's root."""

    site: Site
    url: str

    @property
    def catalogue(self) -> Catalogue:
        return self.site.catalogue

    @property
    def words(self) -> Words:
        return self.site.words

    def render(self, template: str, **context: object) -> Markup:
        """A template of `docs/hooks/templates`, which reaches the page as `view` and the words as `say`."""
        text = TEMPLATES.get_template(template).render(view=self, say=self.words.say, **context)
        return Markup(text)

    def href(self, target: str) -> str:
        """The relative link to an address below the language's root, perhaps with an anchor."""
        address, mark, anchor = target.partition("#")
        return get_relative_url(address, self.url) + mark + anchor

    @property
    def root(self) -> str:
        """The way from this page to the root of its language, `../../`."""
        return get_relative_url("", self.url).rstrip("/") + "/"

    @property
    def shared(self) -> str:
        """The way from this page to the root of the site, where lies what both languages share."""
        return self.root + ("" if self.words.language == LANGUAGES[0] else "../")

    def to_formula(self, formula_id: str, anchor: str = "") -> str:
        """The link to a formula's page."""
        return self.href(f"f/{formula_id}/" + (f"#{anchor}" if anchor else ""))

    def to_cell(self, name: str) -> str:
        """The link to a cell's page."""
        return self.href(f"cells/{name}/")

    def to_term(self, key: str) -> str:
        """The link to a word of the glossary."""
        return self.href(f"glossary/#{key}")

    def hide(self, html: str) -> Markup:
        """A token for `html`, which is put in only after the search index was made (see `Site.fill`)."""
        self.site.hidden.append(html)
        return Markup(f"<!--hidden {len(self.site.hidden) - 1}-->")

    def inline(self, tex: str, *, large: bool = False, cell: str = "") -> Markup:
        """Inline math; `large` sets fractions as in a displayed formula, for tables.

        With the `cell` that it is about, it follows the reader's choice of notation.
        """
        token = self.site.batch.token(notations.LARGE + tex if large else tex)
        marked = self.site.notations.mark(cell, "large" if large else "inline", tex)
        return Markup(f'<span class="imath"{marked}>{token}</span>')

    @property
    def gap(self) -> str:
        """What stands between two sentences."""
        return "" if self.words.language == "zh" else " "

    def display(self, tex: str, data_id: str, label: str, cell: str = "") -> Markup:
        """A displayed formula: it scrolls on its own; with its `cell`, it follows the reader's notation."""
        token = self.site.batch.token(tex, display=True)
        marked = self.site.notations.mark(cell, "display", tex)
        return Markup(display(token, escape(data_id), escape(label), marked))

    def copied(self, tex: str, cell: str) -> Markup:
        """What marks a text as the TeX of a formula, so that it follows the reader's notation."""
        return Markup(self.site.notations.mark(cell, "tex", tex))

    def cite(self, key: str) -> Markup:
        """A reference as running text, linked to the bibliography."""
        reference = self.site.bibliography.get(key)
        return Markup('<a class="cite" href="{}">{}</a>').format(
            self.href(f"bibliography/#{key}"), reference.short(self.words.language)
        )

    def source(self, source: Record) -> Markup:
        """A reference with the place in it, e.g. `Gers et al. (2000), eqs. 1–8`."""
        citation = self.cite(source["key"])
        if not source.get("where"):
            return citation
        return Markup(self.words.say("interface.where", citation=citation, where=escape(source["where"])))

    def shape(self, shape: list[str]) -> str:
        """A shape as code writes it: `(H, D)`, `(H,)`, and `()` for a scalar."""
        return f"({shape[0]},)" if len(shape) == 1 else f"({', '.join(str(size) for size in shape)})"
