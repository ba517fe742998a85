"""Search, in both languages: words, Chinese terms whole, and formula IDs."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect


@pytest.mark.parametrize(
    ("home", "query", "leads_to"),
    [
        ("", "lstm.backward.c", "/f/lstm.backward.c/"),
        ("", "forget gate", "/glossary/#forget-gate"),
        ("", "gru-after.backward.h_prev", "/f/gru-after.backward.h_prev/"),
        ("zh/", "lstm.backward.c", "/zh/f/lstm.backward.c/"),
        ("zh/", "遗忘门", "/zh/glossary/#forget-gate"),
        ("zh/", "梯度", "/zh/"),
    ],
)
def test_a_search_finds(page: Page, home: str, query: str, leads_to: str) -> None:
    page.goto(home)
    box = page.locator(".md-search__input")
    box.click()
    box.fill(query)
    # The index is loaded on focus; Material reads the box on keyup.
    box.dispatch_event("keyup")
    results = page.locator(".md-search-result__link")
    expect(results.first).to_be_visible(timeout=20_000)
    page.wait_for_timeout(300)
    links = results.evaluate_all("all => all.map(one => decodeURI(one.href).replace(/[?][^#]*/, ''))")
    assert any(leads_to in link for link in links[:12]), links[:12]


def test_an_id_comes_first(page: Page) -> None:
    page.goto("cells/")
    box = page.locator(".md-search__input")
    box.click()
    box.fill("lstm.backward.U_f")
    box.dispatch_event("keyup")
    first = page.locator(".md-search-result__link").first
    expect(first).to_be_visible(timeout=20_000)
    assert "/f/lstm.backward.U_f/" in first.evaluate("one => one.href")


def test_nonsense_finds_nothing(page: Page) -> None:
    page.goto("")
    box = page.locator(".md-search__input")
    box.click()
    box.fill("qqxxqqxx")
    box.dispatch_event("keyup")
    expect(page.locator(".md-search-result__meta")).to_contain_text("No matching", timeout=20_000)
    assert page.locator(".md-search-result__link").count() == 0
