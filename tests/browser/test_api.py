"""The API reference in a browser: it fits a phone, and the languages lead to each other."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from docs.hooks import api_modules
from docs.hooks.paths import ROOT

PAGES = [one.url for one in api_modules.find(ROOT)]


def test_the_pages_load_and_fit_a_phone(page: Page) -> None:
    """Wide code scrolls by itself; signatures of functions and classes do not need to."""
    found: list[str] = []
    page.on("console", lambda said: found.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.set_viewport_size({"width": 375, "height": 800})
    for address in ("api/", "zh/api/", *PAGES):
        page.goto(address)
        expect(page.locator("h1").first).to_be_visible()
        width = page.evaluate("document.documentElement.scrollWidth")
        wide = page.locator(":is(.doc-function, .doc-class) > .doc-signature code").evaluate_all(
            "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent)"
        )
        found += [f"{address}: {width} px wide"] * (width > 375) + [f"{address}: {line}" for line in wide]
    assert found == []


def test_the_chinese_overview_leads_to_a_page_and_the_page_back(page: Page, site_url: str) -> None:
    page.goto("zh/api/")
    page.locator(".api-modules").get_by_role("link", name="lstm", exact=True).click()
    assert page.url == f"{site_url}api/lstm/"
    page.locator(".language-switch a").click()
    assert page.url == f"{site_url}zh/api/"


def test_a_reference_lands_at_what_it_names(page: Page, site_url: str) -> None:
    page.goto("api/lstm/")
    page.locator("article a", has_text="parameter_shapes").first.click()
    assert page.url == f"{site_url}api/lstm/#lstmref.cells.lstm.parameter_shapes"
    expect(page.locator("h2", has_text="parameter_shapes")).to_be_in_viewport()


def test_the_source_opens_without_javascript(new_context: Callable[..., BrowserContext]) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto("api/rnn/")
    source = page.locator("details.mkdocstrings-source").last
    expect(source.locator("pre").first).to_be_hidden()
    source.locator("summary").click()
    expect(source.locator("pre").first).to_be_visible()
