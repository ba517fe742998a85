"""A page over a slow connection arrives in parts; the choice of a notation works wherever it is cut."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.server import QuietHandler, serving

PAGE = "/cells/lstm/"
# Long enough for the script to come and for some frames to be drawn.
PAUSE = 0.6


class InTwoParts(QuietHandler):
    """Sends one page up to and including a text, and the rest later."""

    cut: bytes

    def do_GET(self) -> None:
        if self.path != PAGE:
            super().do_GET()
            return
        whole = Path(self.directory, PAGE.strip("/"), "index.html").read_bytes()
        at = whole.index(self.cut) + len(self.cut)
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(whole)))
        self.end_headers()
        self.wfile.write(whole[:at])
        self.wfile.flush()
        time.sleep(PAUSE)
        self.wfile.write(whole[at:])


@pytest.mark.parametrize(
    "cut",
    [
        '<select id="notation-choice"',
        'value="keras"',
        "</select>",
        'data-of="greff"',
        'class="notation__notes"',
    ],
)
def test_the_choice_works_wherever_the_page_is_cut(browser: Browser, built_site: Path, cut: str) -> None:
    handler = type("Handler", (InTwoParts,), {"cut": cut.encode()})
    with serving(built_site, handler) as address:
        page = browser.new_page(base_url=address, service_workers="block")
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(error.message))
        page.goto(PAGE)
        page.locator("#notation-choice").select_option("greff")
        first = page.locator('.math[data-id="lstm.forward.i"] annotation').first
        expect(first).to_contain_text("i^{t} = ", use_inner_text=False)
        hidden = page.locator('.notation [data-of="greff"]').evaluate_all("all => all.map(one => one.hidden)")
        assert hidden
        assert not any(hidden)
        assert complaints == []
        page.close()
