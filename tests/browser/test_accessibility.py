"""axe-core finds nothing serious, in both languages, light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import BrowserContext, Page

PAGES = (
    "",
    "cells/lstm/",
    "conventions/",
    "formulas/",
    "glossary/",
    "ds/",
    "method/",
    "benchmarks/",
    "f/lstm.backward.c/",
    "notebooks/lstm/",
    "api/",
    "404.html",
)
# The API reference.
IN_ENGLISH = ["api/lstm/", "api/convert/"]
RUN = """async () => {
  // The glyphs of a formula are hidden from screen readers and have its block's colour: thousands, each like the next.
  const report = await axe.run({ exclude: [".katex-html"] }, {
    resultTypes: ["violations"],
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
  });
  return report.violations
    .filter(v => ["serious", "critical"].includes(v.impact))
    .map(v => ({id: v.id, nodes: v.nodes.slice(0, 5).map(n => n.html.slice(0, 200))}));
}"""


def _violations(page: Page, repository: Path) -> Any:
    # Not as an element: the page's own policy lets none run.
    page.evaluate((repository / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    return page.evaluate(RUN)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "address", [language + page for language in ("", "zh/") for page in PAGES] + IN_ENGLISH
)
def test_nothing_serious(
    new_context: Callable[..., BrowserContext],
    repository: Path,
    address: str,
    scheme: Literal["light", "dark"],
) -> None:
    width = 1280 if scheme == "light" else 375
    page = new_context(color_scheme=scheme, viewport={"width": width, "height": 900}).new_page()
    page.goto(address)
    page.locator("body[data-md-color-scheme]").wait_for()
    assert _violations(page, repository) == []


def test_the_check_can_fail(page: Page, repository: Path) -> None:
    page.goto("cite/")
    page.evaluate("document.querySelector('article').innerHTML += '<img src=\"\"><button></button>'")
    assert {"image-alt", "button-name"} <= {found["id"] for found in _violations(page, repository)}
