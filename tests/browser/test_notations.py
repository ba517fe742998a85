"""The choice of a notation: remembered everywhere, nothing jumps, and whatever fails leaves readable formulas."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.waiting import wait_until

FILES = "**/assets/notations/**"
# Prevents nothing else: a page that is asked not to keep anything still works.
NO_STORAGE = """for (const name of ['getItem', 'setItem'])
  Storage.prototype[name] = () => { throw new DOMException('refused', 'SecurityError'); };"""
SHIFTS = """window.shift = 0;
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({type: 'layout-shift', buffered: true});"""


def tex(page: Page, formula: str) -> str:
    """The TeX that a displayed formula carries for screen readers and for copying."""
    found = page.locator(f'.math[data-id="{formula}"] annotation').first.text_content()
    return found or ""


def choose(page: Page, name: str) -> None:
    page.locator("#notation-choice").select_option(name)


def settled(page: Page) -> None:
    wait_until(page, "document.readyState === 'complete' && !document.documentElement.dataset.notation")


def chosen(page: Page, name: str) -> None:
    expect(page.locator("#notation-choice")).to_have_value(name)


@pytest.fixture(scope="session")
def notations(built_site: Path) -> dict[str, list[str]]:
    """The cells that each notation writes, from the files of the site."""
    found: dict[str, list[str]] = {}
    for path in sorted((built_site / "assets" / "notations").glob("*/*.json")):
        name, _, cell = path.stem.partition(".")
        found.setdefault(name, []).append(cell)
    assert len(found) >= 9
    return found


# Choosing.


def test_a_choice_holds_on_every_page_and_in_both_languages(page: Page, site_url: str) -> None:
    page.goto("cells/lstm/")
    assert tex(page, "lstm.forward.i") == r"i_{t} = \sigma(W_{i} x_{t} + U_{i} h_{t-1} + b_{i})"
    choose(page, "pytorch")
    shown = r"i_{t} = \sigma(W_{ii} x_{t} + W_{hi} h_{t-1} + b_{ii} + b_{hi})"
    expect(page.locator('.math[data-id="lstm.forward.i"] annotation').first).to_have_text(shown)
    for address in ("f/lstm.forward.i/", "zh/f/lstm.forward.i/", "zh/cells/lstm/"):
        page.goto(address)
        chosen(page, "pytorch")
        settled(page)
        assert tex(page, "lstm.forward.i") == shown
    choose(page, "")
    expect(page.locator('.math[data-id="lstm.forward.i"] annotation').first).not_to_have_text(shown)
    page.goto("cells/lstm/")
    chosen(page, "")
    assert tex(page, "lstm.forward.i") == r"i_{t} = \sigma(W_{i} x_{t} + U_{i} h_{t-1} + b_{i})"


def test_the_way_back_is_exact(page: Page) -> None:
    page.goto("f/lstm.backward.h_prev/")
    article = page.locator(".formula-page")
    before = article.inner_html()
    choose(page, "greff")
    wait_until(page, "document.querySelector('.formula-page').innerHTML.includes('delta')")
    choose(page, "onnx")
    wait_until(page, "document.querySelector('.formula-page').innerHTML.includes('H_{t-1}')")
    choose(page, "")
    wait_until(page, "!document.querySelector('.formula-page').innerHTML.includes('H_{t-1}')")
    assert article.inner_html() == before


def test_what_is_chosen_last_is_shown(page: Page) -> None:
    """Also where the file of the one before comes later."""

    def slowly(route: Route) -> None:
        time.sleep(0.5)
        route.continue_()

    page.goto("f/lstm.forward.i/")
    page.route("**/pytorch.lstm.json", slowly)
    page.evaluate(
        """() => { const select = document.getElementById('notation-choice');
        for (const name of ['pytorch', 'onnx']) { select.value = name; select.dispatchEvent(new Event('change')); } }"""
    )
    page.wait_for_timeout(1200)
    chosen(page, "onnx")
    assert r"\mathit{Wb}" in tex(page, "lstm.forward.i")
    assert page.evaluate("localStorage.getItem('lstmref.notation')") == "onnx"


def test_every_part_of_a_page_follows(page: Page) -> None:
    """Statement, steps and the table of symbols of a formula's page; the tables and the sentences of a cell's."""
    page.goto("f/lstm.backward.h_prev/?notation=keras")
    settled(page)
    shown = page.locator(".formula-page annotation").all_text_contents()
    assert len(shown) > 15
    assert not [one for one in shown if "U_{" in one]
    assert any("R_{i}" in one for one in shown)
    page.goto("cells/gru/?notation=colah")
    settled(page)
    inline = page.locator("td .imath annotation").all_text_contents()
    assert "W_{zh}" in inline
    assert "U_{z}" not in inline


def test_an_address_chooses_and_is_remembered(page: Page) -> None:
    page.goto("f/lstm.forward.g/?notation=greff")
    settled(page)
    assert tex(page, "lstm.forward.g").startswith("z^{t} = ")
    page.goto("f/lstm.forward.g/")
    settled(page)
    assert tex(page, "lstm.forward.g").startswith("z^{t} = ")
    page.goto("f/lstm.forward.g/?notation=nobody")
    chosen(page, "greff")
    choose(page, "onnx")
    page.wait_for_url("**/f/lstm.forward.g/")
    page.reload()
    chosen(page, "onnx")
    page.goto("f/lstm.forward.g/?notation=site")
    chosen(page, "")
    page.goto("f/lstm.forward.g/")
    chosen(page, "")


def test_the_keyboard_chooses(page: Page) -> None:
    page.goto("f/lstm.forward.g/")
    select = page.get_by_label("Notation")
    select.focus()
    page.keyboard.type("Gref")
    page.keyboard.press("Tab")
    expect(page.locator('.math[data-id="lstm.forward.g"] annotation').first).to_contain_text("z^{t}")


def test_a_cell_that_a_notation_has_not_stays_and_says_so(page: Page, site_url: str) -> None:
    page.goto("cells/gru/?notation=pytorch")
    settled(page)
    assert tex(page, "gru.forward.h").startswith("h_{t} = (1 - z_{t}) \\odot h_{t-1}")
    note = page.locator(".notation__notes")
    expect(note).to_contain_text("PyTorch has no such cell (GRU, reset before the product).")
    note.get_by_role("link", name="Which formula does my framework use?").click()
    assert page.url == f"{site_url}conventions/"


def test_another_tab_follows_and_keeps_its_place(new_context: Callable[..., BrowserContext]) -> None:
    """In Greff's notation formulas are lower: what stands above the reader's place shrinks."""
    context = new_context()
    one, other = context.new_page(), context.new_page()
    one.goto("cells/lstm/")
    other.goto("cells/lstm/")
    target = one.locator('figure[data-id="lstm.backward.U_f"]').first
    # All formulas above get their true height before the place is measured.
    one.evaluate(
        "document.querySelectorAll('.math').forEach(math => math.style.contentVisibility = 'visible')"
    )
    target.evaluate(
        "figure => window.scrollTo({top: figure.getBoundingClientRect().top + scrollY - 60, behavior: 'instant'})"
    )
    one.wait_for_timeout(300)
    place = "figure => [figure.getBoundingClientRect().top, scrollY]"
    before = target.evaluate(place)
    other.bring_to_front()
    choose(other, "greff")
    expect(target.locator("annotation").first).to_contain_text(r"\delta")
    one.bring_to_front()
    one.wait_for_timeout(500)
    after = target.evaluate(place)
    assert abs(after[0] - before[0]) <= 2
    assert after[1] < before[1] - 200


# Nothing jumps.


@pytest.mark.parametrize("width", [1280, 375])
@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("cells/lstm/", "pytorch"),
        ("cells/lstm/", "greff"),
        ("zh/cells/gru-after/", "keras"),
        ("f/lstm.backward.h_prev/", "colah"),
        ("formulas/", "onnx"),
        ("cells/gru-after/", "greff"),  # which has no such cell
    ],
)
def test_a_remembered_choice_moves_nothing(
    new_context: Callable[..., BrowserContext], address: str, name: str, width: int
) -> None:
    page = new_context(viewport={"width": width, "height": 900}).new_page()
    page.goto(f"{address}?notation={name}")
    settled(page)
    page.add_init_script(SHIFTS)
    page.goto(address)
    settled(page)
    chosen(page, name)
    page.wait_for_timeout(600)
    assert page.evaluate("shift") < 0.01


def test_nothing_moves_on_a_slow_machine(new_context: Callable[..., BrowserContext]) -> None:
    """Where the page is shown in parts, before the browser has laid out every formula."""
    context = new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto("cells/lstm/?notation=pytorch")
    settled(page)
    page.add_init_script(SHIFTS)
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
    for _ in range(3):
        page.goto("cells/lstm/")
        settled(page)
        page.wait_for_timeout(600)
        assert page.evaluate("shift") < 0.01


def test_formulas_are_never_seen_in_another_notation(page: Page) -> None:
    """In no frame is a visible formula in the site's own notation while another one was chosen."""
    page.goto("cells/lstm/?notation=greff")
    settled(page)
    page.add_init_script(
        """window.seen = []; window.frames = 0;
        function look() {
          window.frames++;
          const first = [...document.querySelectorAll('.math[data-id="lstm.forward.i"] annotation')].at(0);
          const visible = first && getComputedStyle(first.closest('.math')).visibility === 'visible';
          if (visible) window.seen.push(first.textContent);
          if (performance.now() < 1500) requestAnimationFrame(look);
        }
        requestAnimationFrame(() => requestAnimationFrame(look));"""
    )
    page.goto("cells/lstm/")
    settled(page)
    page.wait_for_timeout(1500)
    seen = set(page.evaluate("seen"))
    assert page.evaluate("frames") > 5
    assert len(seen) == 1
    assert next(iter(seen)).startswith("i^{t} = ")


def test_an_anchor_is_where_it_was_asked_for(page: Page) -> None:
    page.goto("f/lstm.backward.h_prev/?notation=greff")
    settled(page)
    page.goto("f/lstm.backward.h_prev/#evidence")
    settled(page)
    page.wait_for_timeout(500)
    top = page.locator("#evidence").evaluate("heading => heading.getBoundingClientRect().top")
    assert 0 <= top < 200


# Whatever fails, formulas can be read.


def test_without_javascript_there_is_no_choice(new_context: Callable[..., BrowserContext]) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto("cells/lstm/?notation=pytorch")
    expect(page.locator(".notation")).to_be_hidden()
    expect(page.locator('.math[data-id="lstm.forward.i"]').first).to_be_visible()
    assert "U_{i}" in tex(page, "lstm.forward.i")


def test_a_file_that_does_not_come_leaves_the_sites_own(page: Page) -> None:
    page.route(FILES, lambda route: route.abort())
    page.goto("cells/lstm/?notation=pytorch")
    settled(page)
    chosen(page, "")
    expect(page.locator('.math[data-id="lstm.forward.i"]').first).to_be_visible()
    assert "U_{i}" in tex(page, "lstm.forward.i")
    expect(page.get_by_text("PyTorch could not be loaded")).to_be_visible()
    page.unroute(FILES)
    choose(page, "pytorch")
    expect(page.locator('.math[data-id="lstm.forward.i"] annotation').first).to_contain_text("W_{ii}")
    expect(page.get_by_text("could not be loaded")).to_be_hidden()


def test_a_choice_that_fails_leaves_what_was_shown(page: Page) -> None:
    page.goto("zh/cells/lstm/?notation=onnx")
    settled(page)
    page.route("**/pytorch.lstm.json", lambda route: route.fulfill(status=404))
    choose(page, "pytorch")
    expect(page.get_by_text("未能载入 PyTorch 记号的公式")).to_be_visible()
    chosen(page, "onnx")
    assert "X_{t}" in tex(page, "lstm.forward.i")
    page.unroute("**/pytorch.lstm.json")
    page.goto("zh/f/lstm.forward.i/")
    chosen(page, "pytorch")


def test_a_damaged_file_leaves_the_sites_own(page: Page) -> None:
    page.route(FILES, lambda route: route.fulfill(body='{"pieces": [', content_type="application/json"))
    page.goto("cells/lstm/?notation=pytorch")
    settled(page)
    expect(page.get_by_text("could not be loaded")).to_be_visible()
    assert "U_{i}" in tex(page, "lstm.forward.i")


def test_a_slow_file_is_waited_for_two_seconds(page: Page) -> None:
    def never(route: Route) -> None:
        """Answered by nobody: the page must not wait."""

    page.route(FILES, never)
    page.goto("cells/lstm/?notation=pytorch", wait_until="commit")
    formula = page.locator('.math[data-id="lstm.forward.i"]').first
    expect(formula).to_be_visible(timeout=6000)
    waited = page.evaluate("performance.now() - performance.getEntriesByName('first-paint')[0].startTime")
    assert waited < 4000
    expect(page.get_by_text("could not be loaded")).to_be_visible()
    chosen(page, "")


@pytest.mark.parametrize("choose_another", [False, True])
def test_a_file_that_comes_later_is_shown_unless_the_reader_chose_otherwise(
    page: Page, choose_another: bool
) -> None:
    held: list[Route] = []
    page.route("**/pytorch.lstm.json", lambda route: held.append(route))
    page.goto("cells/lstm/?notation=pytorch", wait_until="commit")
    expect(page.get_by_text("could not be loaded")).to_be_visible(timeout=6000)
    own = tex(page, "lstm.forward.i")
    if choose_another:
        choose(page, "greff")
        chosen(page, "greff")
        expect(page.get_by_text("could not be loaded")).to_be_hidden()
    for route in held:
        route.continue_()
    if choose_another:
        page.wait_for_timeout(500)
        chosen(page, "greff")
        assert tex(page, "lstm.forward.i").startswith("i^{t} = ")
        return
    chosen(page, "pytorch")
    expect(page.get_by_text("could not be loaded")).to_be_hidden()
    assert tex(page, "lstm.forward.i") != own


def test_a_script_that_does_not_come_hides_nothing_for_long(page: Page) -> None:
    page.route("**/assets/notation.js", lambda route: route.abort())
    page.goto("cells/lstm/?notation=pytorch")
    expect(page.locator('.math[data-id="lstm.forward.i"]').first).to_be_visible(timeout=6000)
    assert "U_{i}" in tex(page, "lstm.forward.i")


def test_where_nothing_may_be_stored_the_choice_holds_for_the_page(
    new_context: Callable[..., BrowserContext],
) -> None:
    page = new_context().new_page()
    page.add_init_script(NO_STORAGE)
    page.goto("f/lstm.forward.i/")
    choose(page, "flax")
    expect(page.locator('.math[data-id="lstm.forward.i"] annotation').first).to_contain_text("b_{hi}")
    page.goto("f/lstm.forward.f/?notation=pytorch")
    settled(page)
    assert "b_{if} + b_{hf}" in tex(page, "lstm.forward.f")


# Copying.


@pytest.fixture
def reader(new_context: Callable[..., BrowserContext]) -> Page:
    """A page that may read the clipboard."""
    return new_context(permissions=["clipboard-read", "clipboard-write"]).new_page()


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


SHOWN = r"i_{t} = \sigma(W_{i} X_{t} + R_{i} H_{t-1} + \mathit{Wb}_{i} + \mathit{Rb}_{i})"


def test_the_button_copies_what_is_shown(reader: Page) -> None:
    reader.goto("f/lstm.forward.i/?notation=onnx")
    settled(reader)
    reader.locator(".formula--hero button.copy").click()
    expect(reader.get_by_role("status")).to_have_text("Copied")
    assert clipboard(reader) == SHOWN
    latex = reader.locator(".texts details").first
    latex.locator("summary").click()
    assert latex.locator("pre").text_content() == SHOWN
    choose(reader, "")
    expect(latex.locator("pre")).not_to_have_text(SHOWN)
    reader.locator(".formula--hero button.copy").click()
    reader.wait_for_timeout(200)
    assert clipboard(reader) == r"i_{t} = \sigma(W_{i} x_{t} + U_{i} h_{t-1} + b_{i})"


def test_a_selection_is_copied_as_it_is_shown(reader: Page) -> None:
    reader.goto("f/lstm.forward.i/?notation=onnx")
    settled(reader)
    reader.evaluate("getSelection().selectAllChildren(document.querySelector('.formula--hero .math'))")
    reader.keyboard.press("Control+c")
    assert SHOWN in clipboard(reader)


# Every notation.


def test_every_notation_fits_a_phone_and_sets_every_formula(
    new_context: Callable[..., BrowserContext], notations: dict[str, list[str]]
) -> None:
    page = new_context(viewport={"width": 375, "height": 800}).new_page()
    for name, cells in notations.items():
        for cell in cells:
            page.goto(f"cells/{cell}/?notation={name}")
            settled(page)
            chosen(page, name)
            assert page.evaluate("document.documentElement.scrollWidth") <= 375
            assert page.locator(".katex-error").count() == 0
            unset = page.locator("[data-math]").evaluate_all(
                "all => all.filter(one => !one.querySelector('.katex-html')).length"
            )
            assert unset == 0


def test_the_page_shows_what_the_file_holds(
    page: Page, built_site: Path, notations: dict[str, list[str]]
) -> None:
    for name in notations:
        if "lstm" not in notations[name]:
            continue
        (path,) = (built_site / "assets" / "notations").glob(f"*/{name}.lstm.json")
        file: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        page.goto(f"cells/lstm/?notation={name}")
        settled(page)
        wrong = page.evaluate(
            """file => {
              const html = key => file.math[key].map(piece => file.pieces[piece]).join("");
              const made = document.createElement("div");
              const set = text => { made.innerHTML = text; return made.innerHTML; };
              const marked = [...document.querySelectorAll('[data-math^="lstm:"]')];
              const all = marked.map(one => [one, one.dataset.math.split(":")[1]]);
              const differ = all.filter(([, key]) => file.math[key]);
              return [differ.length, differ.filter(([one, key]) => one.innerHTML !== set(html(key))).length];
            }""",
            file,
        )
        assert wrong[0] > 50
        assert wrong[1] == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "address", ["cells/lstm/?notation=keras", "zh/cells/gru/?notation=pytorch", "notation/"]
)
def test_axe_finds_nothing_serious(
    new_context: Callable[..., BrowserContext],
    repository: Path,
    address: str,
    scheme: Literal["light", "dark"],
) -> None:
    page = new_context(color_scheme=scheme, viewport={"width": 375, "height": 900}).new_page()
    page.goto(address)
    settled(page)
    page.evaluate((repository / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate(
        """async () => (await axe.run({ exclude: [".katex-html"] }, {
          resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
        })).violations.filter(v => ["serious", "critical"].includes(v.impact)).map(v => v.id)"""
    )
    assert found == []
