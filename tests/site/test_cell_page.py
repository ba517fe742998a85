"""The page of a cell: prose in the slots of one template."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from derivations.cells import cells
from derivations.record.export import difference_record
from docs.hooks import cell_page, prose, words
from docs.hooks.cell_page import SLOTS, SlotError, cell_of, compose, slots

DOCS = Path(prose.__file__).parents[1]
PROSE = "Lead.\n\n{{slot origin}}\n\nFrom there.\n\n{{slot pitfalls}}\n\n- **One.** Two.\n"


def _compose(text: str, *, variant: bool = False, language: str = "en") -> str:
    return compose(words.load(DOCS, language), "rnn", "A title", variant, text)


def _headings(text: str) -> list[str]:
    return re.findall(r"^##? .*?(?:\{#([a-z-]+)\})?$", text, re.MULTILINE)


def test_the_parts_of_a_prose_file() -> None:
    found = slots(PROSE)
    assert tuple(found) == SLOTS
    assert found["lead"] == "Lead."
    assert found["origin"] == "From there."
    assert found["pitfalls"] == "- **One.** Two."
    assert found["backward"] == ""


def test_prose_stands_where_its_slot_is() -> None:
    page = _compose(PROSE)
    order = ["# A title", "Lead.", "{{source rnn}}", "From there.", "{{forward rnn}}", "{{backward rnn}}"]
    order += ["{{derivations rnn}}", "{{shapes rnn}}", "{{code rnn}}", "{{notebook rnn}}", "- **One.** Two."]
    places = [page.index(part) for part in order]
    assert places == sorted(places)
    assert "{{slot" not in page
    assert "<<" not in page


def test_headings_and_anchors_are_the_same_in_both_languages() -> None:
    english, chinese = _compose(PROSE), _compose(PROSE, language="zh")
    anchors = ["", "forward", "backward", "derivations", "shapes-and-parameters", "in-code", "pitfalls"]
    assert _headings(english) == _headings(chinese) == anchors
    assert [m.identity for m in prose.markers(english)] == [m.identity for m in prose.markers(chinese)]


def test_only_a_variant_tells_its_difference() -> None:
    assert "{{difference rnn}}" not in _compose(PROSE)
    assert "{{difference rnn}}" in _compose(PROSE, variant=True)


def test_derivations_of_its_own_take_the_place_of_those_that_the_template_chooses() -> None:
    page = _compose(PROSE + "\n{{slot derivations}}\n\nHere.\n")
    assert "Here." in page
    assert "{{derivations rnn}}" not in page


def test_a_heading_of_its_own_stays_where_it_is() -> None:
    page = _compose(PROSE + "\n{{slot backward}}\n\n## Two meanings\n\nOne.\n")
    assert page.index("{{backward rnn}}") < page.index("## Two meanings") < page.index("{{derivations rnn}}")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (PROSE + "{{slot pitfall}}\n\nx\n", 10, "expected one of origin"),
        (PROSE + "{{slot lead}}\n\nx\n", 10, "expected one of origin"),
        (PROSE + "{{slot}}\n\nx\n", 10, "expected one of origin"),
        (PROSE + "here {{slot forward}}\n\nx\n", 10, "alone on its line"),
        (PROSE + "{{slot origin}}\n\nx\n", 10, "is there twice"),
        (PROSE + "{{slot forward}}\n", 10, "is empty"),
        ("Lead.\n", 1, "has no pitfalls"),
        ("{{slot pitfalls}}\n\n- x\n", 1, "has no lead"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(SlotError, match=says) as caught:
        slots(text)
    assert str(caught.value.at("docs/en/cells/a.md", 3)).startswith(f"docs/en/cells/a.md:{line + 3}: ")


def test_which_page_is_a_cells() -> None:
    assert cell_of("cells/rnn.md", {"rnn"}) == "rnn"
    for other in ("cells/index.md", "rnn.md", "cells/lstm.md", "notebooks/rnn.ipynb"):
        assert cell_of(other, {"rnn"}) is None


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_projects_own_pages_fill_the_slots_that_they_need(language: str) -> None:
    pages = [path for path in (DOCS / language / "cells").glob("*.md") if path.stem != "index"]
    assert len(pages) > 20
    for path in pages:
        text = path.read_text(encoding="utf-8").split("---\n", 2)[2]
        assert slots(text)["lead"], path.name


def test_the_template_holds_only_markers_that_there_are() -> None:
    from docs.hooks.blocks import BLOCKS, INLINE

    for marker in prose.markers(_compose(PROSE, variant=True)):
        assert marker.name in BLOCKS | INLINE
        assert marker.args == ("rnn",)


def test_slots_are_no_markers_elsewhere() -> None:
    from docs.hooks.blocks import BLOCKS, INLINE

    assert cell_page.MARKER not in BLOCKS | INLINE


def test_a_variants_difference_is_in_the_catalogue() -> None:
    """By ID and name: an equation in place of another, one that falls away, parameters that go and come."""
    coupled, first, peephole = (
        difference_record(cells()[name]) for name in ("lstm-coupled", "lstm-1997", "lstm-peephole-o")
    )
    assert coupled == {
        "changed": [{"parent": "lstm.forward.f", "own": "lstm-coupled.forward.f"}],
        "gone": ["W_f", "U_f", "b_f"],
        "new": [],
    }
    assert first is not None
    assert {"parent": "lstm.forward.f", "own": None} in first["changed"]
    assert peephole is not None
    assert peephole["new"] == ["p_o"]
    assert difference_record(cells()["lstm"]) is None
