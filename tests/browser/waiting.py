"""Waits for what a page will come to."""

from __future__ import annotations

import json

from playwright.sync_api import Page

SECONDS = 30


def wait_until(page: Page, condition: str) -> None:
    """Wait until a JavaScript expression is true; fails after 30 seconds.

    Playwright's own `wait_for_function` makes code of text in the page each time it looks, which the page's policy
    forbids.
    """
    page.evaluate(
        f"""() => new Promise((found, never) => {{
          const late = setTimeout(() => never(new Error({json.dumps(f"waited for: {condition}")})), {SECONDS * 1000});
          const look = () => {{
            if (!({condition})) return void setTimeout(look, 20);
            clearTimeout(late);
            found();
          }};
          look();
        }})"""
    )
