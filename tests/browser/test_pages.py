"""Every kind of page, in both languages: it loads, fits a phone, and its formulas are set and legible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

KINDS = (
    "",
    "cells/",
    "cells/lstm/",
    "cells/gru-after/",
    "conventions/",
    "ds/",
    "formulas/",
    "method/",
    "benchmarks/",
    "notation/",
    "glossary/",
    "bibliography/",
    "cite/",
    "notebooks/lstm/",
    "f/lstm.backward.c/",
    "f/lstm.backward.h_prev/",
    "f/lstm.backward.U_f/",
    "f/lstm.forward.c/",
    "f/lstm.count.parameters/",
    "404.html",
)
LANGUAGES = ("", "zh/")
PAGES = [language + kind for language in LANGUAGES for kind in KINDS]


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the page writes to the console as an error or a warning, and what it raises."""
    found: list[str] = []
    page.on("console", lambda said: found.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("response", lambda answer: found.append(answer.url) if answer.status >= 400 else None)
    return found


@pytest.mark.parametrize("address", PAGES)
def test_a_page_loads_without_complaint(page: Page, complaints: list[str], address: str) -> None:
    page.goto(address)
    expect(page.locator("h1").first).to_be_visible()
    page.evaluate("document.fonts.ready.then(() => true)")
    assert complaints == []


@pytest.mark.parametrize("address", PAGES)
def test_a_phone_does_not_scroll_sideways(page: Page, address: str) -> None:
    """And every displayed formula stands in a block that names it, and scrolls by itself."""
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto(address)
    stray = page.locator(".katex-display").evaluate_all(
        "all => all.filter(one => !one.closest('.math[data-id]')).map(one => one.textContent)"
    )
    assert stray == []
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 375, f"{width} px wide"


@pytest.mark.parametrize("address", ["cells/lstm/", "zh/f/lstm.backward.c/"])
def test_formulas_are_set_in_katexs_own_fonts(page: Page, address: str) -> None:
    page.goto(address)
    page.evaluate("document.fonts.ready.then(() => true)")
    loaded = page.evaluate("[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)")
    assert {"KaTeX_Main", "KaTeX_Math"} <= {name.strip('"') for name in loaded}
    failed = page.evaluate("[...document.fonts].filter(f => f.status === 'error').length")
    assert failed == 0
    size = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.math .katex')).fontSize)")
    assert size >= 16


@pytest.mark.parametrize("address", ["", "f/lstm.backward.c/"])
def test_switching_the_language_stays_on_the_page(page: Page, site_url: str, address: str) -> None:
    page.goto(address)
    page.locator(".language-switch a").click()
    assert page.url == f"{site_url}zh/{address}"
    assert page.locator("html").get_attribute("lang") == "zh"
    page.locator(".language-switch a").click()
    assert page.url == f"{site_url}{address}"


def test_light_and_dark_follow_the_system_and_the_reader(new_context: Callable[..., BrowserContext]) -> None:
    for system, scheme in (("light", "default"), ("dark", "slate")):
        page = new_context(color_scheme=system).new_page()
        page.goto("cells/lstm/")
        body = page.locator("body")
        expect(body).to_have_attribute("data-md-color-scheme", scheme)
        seen = set()
        for _ in range(3):
            page.locator("form[data-md-component=palette] label:visible").click()
            seen.add(body.get_attribute("data-md-color-scheme"))
        assert seen == {"default", "slate"}
        page.locator("form[data-md-component=palette] label:visible").click()
        chosen = body.get_attribute("data-md-color-scheme")
        page.goto("zh/")
        expect(page.locator("body")).to_have_attribute("data-md-color-scheme", str(chosen))


@pytest.mark.parametrize("address", ["cells/lstm/", "zh/f/lstm.backward.c/"])
def test_without_javascript_all_is_there(new_context: Callable[..., BrowserContext], address: str) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto(address)
    expect(page.locator(".formula .katex-html").first).to_be_visible()
    expect(page.locator("button.copy").first).to_be_hidden()
    texts = page.locator(".texts details")
    if texts.count():
        texts.first.locator("summary").click()
        expect(texts.first.locator("pre")).to_be_visible()


def test_the_json_of_a_formula_is_offered_from_both_languages(page: Page, site_url: str) -> None:
    for language in LANGUAGES:
        page.goto(f"{language}f/lstm.backward.c/")
        href = page.locator('a[href$="formula.json"]').evaluate("link => link.href")
        assert href == f"{site_url}f/lstm.backward.c/formula.json"
        answer: Any = page.request.get(href).json()
        assert answer["id"] == "lstm.backward.c"


def test_the_keyboard_reaches_a_wide_formula(page: Page) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto("f/lstm.backward.h_prev/")
    box = page.locator(".math").first
    box.focus()
    expect(box).to_be_focused()
    assert box.get_attribute("aria-label")


def test_a_link_to_the_evidence_lands_there(page: Page) -> None:
    """Formulas off the screen are not laid out until needed; the anchor must hold all the same."""
    page.goto("f/lstm.backward.h_prev/#evidence")
    page.wait_for_timeout(500)
    top = page.locator("#evidence").evaluate("heading => heading.getBoundingClientRect().top")
    assert 0 <= top < 200


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["cells/lstm/", "f/lstm.backward.c/", "f/gru.backward.h_prev/"])
def test_evidence_in_short_takes_two_lines_on_a_phone(page: Page, language: str, kind: str) -> None:
    """Also where every program ran and the numbers of mutants have two digits."""
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto(language + kind)
    tall = page.locator("ul.evidence").evaluate_all(
        """lists => lists.map(list => {
            for (const link of list.querySelectorAll('a'))
              link.firstChild.data = link.firstChild.data
                .replace(/\\b\\d+( of |\\/)\\d+/, '63$163').replace(/\\b\\d+ (programs|个程序)/, '5 $1');
            return list.getBoundingClientRect().height / parseFloat(getComputedStyle(list).lineHeight);
        }).filter(lines => lines > 2.3)"""
    )
    assert page.locator("ul.evidence li").count() >= 2
    assert tall == []


def test_evidence_in_short_is_a_list_of_links_to_what_it_means(page: Page, site_url: str) -> None:
    page.goto("f/lstm.backward.c/")
    evidence = page.get_by_role("list", name="Evidence for lstm.backward.c")
    expect(evidence.get_by_role("listitem")).to_have_count(2)
    expect(evidence.get_by_role("listitem").first).to_contain_text("proved")
    evidence.get_by_role("link", name="for all sizes").click()
    assert page.url == f"{site_url}method/#all-sizes"
    expect(page.locator("#all-sizes")).to_be_in_viewport()


def test_what_is_selected_in_a_formula_is_copied_as_tex(new_context: Callable[..., BrowserContext]) -> None:
    page = new_context(permissions=["clipboard-read", "clipboard-write"]).new_page()
    page.goto("f/rnn.forward.h/")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.formula--hero .math'))")
    page.keyboard.press("Control+c")
    copied = str(page.evaluate("navigator.clipboard.readText()"))
    assert r"\tanh" in copied
    assert copied.count("tanh") == 1
