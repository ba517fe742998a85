"""The built site in a real Chromium, on this machine only.

A test asks for `page` (or `context`, `new_context`) of pytest-playwright and opens `page.goto("")` or
`page.goto("zh/")`: addresses are relative to the site. A request to any other host fails the test.

Chromium is the one LSTMREF_CHROMIUM names, else the first on PATH, else playwright's own. Without one, the
tests are skipped with the reason; with LSTMREF_REQUIRE_BROWSER=1 they fail.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Playwright, Request

from tests.browser.chromium import FLAGS, find_chromium, foreign
from tests.browser.server import serving

HERE = Path(__file__).resolve().parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks every test of this folder `browser`."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> str:
    """The path of Chromium; skips without one, or fails where LSTMREF_REQUIRE_BROWSER=1."""
    try:
        return find_chromium(os.environ, playwright.chromium.executable_path)
    except LookupError as error:
        if os.environ.get("LSTMREF_REQUIRE_BROWSER") == "1":
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def site_url(built_site: Path) -> Iterator[str]:
    """The address of the built site on this machine; ends in `/`."""
    with serving(built_site) as address:
        yield address


@pytest.fixture(scope="session")
def base_url(site_url: str) -> str:
    """What `page.goto` completes an address with."""
    return site_url


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], chromium: str) -> dict[str, Any]:
    """What pytest-playwright launches the browser with."""
    return browser_type_launch_args | {"executable_path": chromium, "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """What pytest-playwright opens a context with; service workers would hide requests from us."""
    return browser_context_args | {"service_workers": "block"}


@pytest.fixture
def new_context(
    new_context: Callable[..., BrowserContext], site_url: str
) -> Iterator[Callable[..., BrowserContext]]:
    """pytest-playwright's, and the test fails if anything it opened asked another host."""
    asked: set[str] = set()

    def note(request: Request) -> None:
        if foreign(request.url, site_url):
            asked.add(request.url)

    def watched(**options: Any) -> BrowserContext:
        context = new_context(**options)
        context.on("request", note)
        return context

    yield watched
    if asked:
        pytest.fail("\n".join(["a page asked other hosts:", *sorted(asked)]), pytrace=False)
