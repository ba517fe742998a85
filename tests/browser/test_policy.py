"""A page runs what stands in it and what belongs to the site, and nothing that anyone slips in."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route

from docs.hooks.policy import CHARSET, of

PAGES = ["", "zh/cells/lstm/", "notebooks/lstm/"]
# Each tries to do something in its own way, and says whether it was stopped and by which part of the policy.
ATTEMPTS = {
    "script-src-elem": "const one = document.createElement('script'); one.textContent = 'window.done = 1';"
    "document.body.append(one)",
    "script-src-attr": "const one = document.createElement('p'); one.innerHTML = '<img src=data:, onerror=done=1>';"
    "document.body.append(one)",
    "style-src-elem": "const one = document.createElement('style'); one.textContent = 'p { color: red }';"
    "document.head.append(one)",
    "connect-src": "fetch('data:text/plain,x').catch(() => {})",
    "worker-src": "new Worker(URL.createObjectURL(new Blob(['1'])))",
    "base-uri": "const one = document.createElement('base'); one.href = '/zh/'; document.head.append(one)",
}
STOPPED = """attempt => new Promise(resolve => {
  document.addEventListener("securitypolicyviolation", event => resolve(event.effectiveDirective), { once: true });
  setTimeout(() => resolve("nothing"), 2000);
  attempt();
})"""


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("part", ATTEMPTS)
def test_what_does_not_belong_to_the_page_is_stopped(page: Page, address: str, part: str) -> None:
    page.goto(address)
    stopped = page.evaluate(f"() => ({STOPPED})(() => {{ {ATTEMPTS[part]} }})")
    assert stopped == part
    assert page.evaluate("window.done") is None


def test_every_page_has_the_policy_of_what_stands_in_it(built_site: Path) -> None:
    """One page of each kind is opened elsewhere, in `test_pages.py`, where a script that is stopped is a complaint."""
    pages = sorted(built_site.rglob("*.html"))
    assert len(pages) > 500
    for path in pages:
        html = path.read_text(encoding="utf-8")
        policy = f'{CHARSET}<meta http-equiv="Content-Security-Policy" content="{of(html)}">'
        assert policy in html, path


def test_a_page_without_the_digest_of_a_script_complains(page: Page) -> None:
    """What the other tests watch for would be seen."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)

    def without(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("'sha256-", "'sha256-A"))

    page.route("**/cells/lstm/", without)
    page.goto("cells/lstm/")
    assert any("Content Security Policy" in text for text in said)
