"""The MkDocs hook: what happens when, and nothing else. What is done lives in the modules it calls."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.plugins import CombinedEvent, event_priority
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

if str(Path(__file__).resolve().parents[2]) not in sys.path:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from docs.hooks.edition import Edition

log = logging.getLogger("mkdocs.hooks.edition")
state: dict[str, Edition] = {}


def _edition() -> Edition:
    return state["edition"]


@event_priority(100)
def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Read all that the site is made from, and set what follows from it."""
    state["edition"] = Edition.start(config)
    return config


@event_priority(100)
def _add_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages and assets, before other plugins look at the files."""
    _edition().add_files(files, config)
    return files


@event_priority(-100)
def _arrange(files: Files, config: MkDocsConfig) -> Files:
    """Compare the languages and write the navigation, now that all pages are there."""
    _edition().arrange(files, config)
    return files


on_files = CombinedEvent(_add_files, _arrange)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Replace the markers by tokens."""
    return _edition().expand_markers(markdown, page)


@event_priority(-50)
def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put in what the markers stand for, or the whole page of a formula."""
    return _edition().put_content(html, page, config, files)


def on_env(env: Any, config: MkDocsConfig, files: Files) -> Any:
    """All pages are read: fail if any is wrong, else render the formulas of all in one go."""
    for problem in _edition().problems:
        log.error(str(problem))
    if _edition().problems:
        raise Abort(f"{len(_edition().problems)} problems on the pages")
    _edition().site.batch.render()
    return env


def on_page_context(
    context: dict[str, Any], page: Page, config: MkDocsConfig, nav: Navigation
) -> dict[str, Any]:
    """The switch to the other language stays on the page."""
    _edition().set_languages(config, page)
    return context


def on_template_context(context: dict[str, Any], template_name: str, config: MkDocsConfig) -> dict[str, Any]:
    """A page without an address (404) switches to the other language's home."""
    _edition().set_languages(config, None)
    context["addresses"] = _edition().addresses
    context["own_addresses"] = _edition().own_addresses
    return context


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Generated blocks and formulas go in last, after the search index was made."""
    return _edition().finish(output, page)
