"""Copy buttons put on the clipboard what the catalogue holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    """A page that may read the clipboard."""
    return new_context(permissions=["clipboard-read", "clipboard-write"]).new_page()


@pytest.fixture(scope="session")
def formula(built_site: Path) -> dict[str, Any]:
    """The formula that the tests copy."""
    text = (built_site / "f" / "lstm.backward.c" / "formula.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


@pytest.mark.parametrize(("language", "copied"), [("", "Copied"), ("zh/", "已复制")])
def test_tex_of_the_statement(page: Page, formula: dict[str, Any], language: str, copied: str) -> None:
    page.goto(f"{language}f/lstm.backward.c/")
    button = page.locator(".formula--hero button.copy")
    button.click()
    expect(button).to_have_text(copied)
    expect(page.get_by_role("status")).to_have_text(copied)
    assert _clipboard(page) == formula["latex"]
    expect(button).not_to_have_text(copied)


def test_every_format_and_citation(page: Page, formula: dict[str, Any]) -> None:
    page.goto("f/lstm.backward.c/")
    seen = []
    for details in page.locator(".texts details").all():
        details.locator("summary").click()
        details.locator("button.copy").click()
        shown = details.locator("pre").text_content()
        assert shown
        assert _clipboard(page) == shown
        seen.append(shown)
    for name in ("latex", "mathml", "sympy", "numpy"):
        assert formula[name] in seen
    assert formula["cite"]["bibtex"] in seen
    assert formula["cite"]["text"] in seen


def test_the_step_in_numpy(page: Page) -> None:
    page.goto("cells/lstm/")
    page.locator(".listing button.copy").first.click()
    assert "def forward(x, h_prev, c_prev, W_i, U_i, b_i," in _clipboard(page)


def test_without_a_clipboard_api_it_still_copies(page: Page, formula: dict[str, Any]) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.goto("f/lstm.backward.c/")
    page.locator(".formula--hero button.copy").click()
    expect(page.locator(".formula--hero button.copy")).to_have_text("Copied")
