"""The page shows what the record holds, marks what is beyond its target, and refuses a damaged record."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from benchmarks import record
from benchmarks.fit import Polynomial
from benchmarks.record import RecordError
from docs.hooks import bibliography, blocks, performance, plot, words
from docs.hooks.catalogue import Catalogue
from docs.hooks.math import Batch
from docs.hooks.prose import Marker
from docs.hooks.view import Site, View
from tests.benchmarks import fixture
from tests.site.fixture import BIBLIOGRAPHY, catalogue

DOCS = Path(blocks.__file__).parents[1]
PARTS = ("targets", "lstm", "lstm-forward", "gru-after", "rnn", "rnn-forward", "memory", "growth", "machine")


def render(tmp_path: Path, part: str, data: Any = None, language: str = "en") -> str:
    """The HTML of a marker in a project whose record is `data`, or has none where that is None."""
    (tmp_path / "references.bib").write_text(BIBLIOGRAPHY, encoding="utf-8")
    (tmp_path / "benchmarks").mkdir(exist_ok=True)
    if data is not None:
        (tmp_path / "benchmarks" / "latest.json").write_text(json.dumps(data), encoding="utf-8")
    site = Site(
        Catalogue(catalogue()),
        words.load(DOCS, language),
        bibliography.load(tmp_path / "references.bib"),
        batch=Batch(tmp_path / "c"),
        project=tmp_path,
    )
    return str(blocks.expand(View(site, "benchmarks/"), Marker("benchmarks", (part,), None, 1, True)))


def text(html: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html)))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("part", PARTS)
def test_every_part_renders_in_both_languages(tmp_path: Path, part: str, language: str) -> None:
    html = render(tmp_path, part, fixture.record(), language)
    assert ET.fromstring(f"<root>{re.sub('&[a-z]+;', '', html)}</root>") is not None
    chinese = re.search("[\u4e00-\u9fff]", html)
    assert bool(chinese) == (language == "zh")


def test_speed_is_told_with_its_ratios(tmp_path: Path) -> None:
    shown = text(render(tmp_path, "lstm", fixture.record()))
    assert "LSTM: one thread" in shown
    assert "LSTM: 2 threads" in shown
    # ours with its quartiles, PyTorch's, and the ratios to PyTorch, to the products, of the loop
    assert "(4, 1, 50, 100) float32 10.0 ms 9.50–10.5 20.0 ms 0.500 1.25 7.00" in shown
    assert "Geometric mean 0.500" in shown
    assert "float32 2e-6, float64 3e-15" in shown
    assert "Turns of each: 12 to 12." in shown
    assert "beyond its target" not in shown
    assert "loop" not in text(render(tmp_path, "gru-after", fixture.record()))


def test_what_is_beyond_its_target_is_marked_where_it_has_one(tmp_path: Path) -> None:
    data = fixture.record()
    for row in data["speed"]:
        fixture.slow(row, "torch", 1.7)
    shown = render(tmp_path, "lstm", data)
    assert shown.count("outcome--refuted") == 4  # four settings on one thread
    assert "1.70 beyond its target" in text(shown)
    assert "outcome--refuted" not in render(tmp_path, "gru-after", data)
    judged = text(render(tmp_path, "targets", data))
    assert "in the worst setting at most 1 1.70 not met 0 of 4 settings meet it" in judged
    assert "geometric mean of all settings at most 0.6 1.70 not met" in judged
    assert "at least 5 7.00 met 2 of 2 settings meet it" in judged


def test_forward_alone_has_a_target_of_its_own(tmp_path: Path) -> None:
    data = fixture.record()
    for row in data["forward"]:
        fixture.slow(row, "torch", 1.1)
    assert "outcome--refuted" not in render(tmp_path, "lstm-forward", data)
    for row in data["forward"]:
        fixture.slow(row, "torch", 1.3)
    assert "1.30 beyond its target" in text(render(tmp_path, "lstm-forward", data))
    assert "outcome--refuted" not in render(tmp_path, "lstm", data)
    assert (
        "forward pass alone: time divided by PyTorch's, in the worst setting at most 1.2 1.30 not met"
        in text(render(tmp_path, "targets", data))
    )


def test_memory_is_told_with_and_without_what_is_returned(tmp_path: Path) -> None:
    data = fixture.record()
    assert "7.00 MiB 5.00 MiB 1.00 MiB 1.40 1.20" in text(render(tmp_path, "memory", data))
    data["memory"][0]["peak"] = 8 * 2**20
    assert "8.00 MiB 5.00 MiB 1.00 MiB 1.60 beyond its target 1.40" in text(render(tmp_path, "memory", data))


def test_growth_is_drawn_fitted_and_listed(tmp_path: Path) -> None:
    html = render(tmp_path, "growth", fixture.record())
    drawings = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert [one.count("<circle") for one in drawings] == [4, 3, 3]
    shown = text(html)
    assert "no point off by more than 3.4 %" in shown
    assert "R² = 0.9870" in shown
    assert "10,000 23.0 ms 2.30 µs" in shown
    assert 'aria-label="Growth over T, from 10 to 10,000: from 3.02 ms to 23.0 ms.' in html


def test_the_fitted_polynomial_is_written_without_what_is_nothing(tmp_path: Path) -> None:
    one = record.read(fixture.record()).growth[2]
    known = words.load(DOCS, "en")
    assert performance.polynomial(known, one) == r"t \approx (3{,}000 + 2.00\,H)\,\mu\mathrm{s}"
    alone = replace(one, polynomial=Polynomial((0.0, 0.0, 2e-6), 0.1))
    assert performance.polynomial(known, alone) == r"t \approx 2.00\,H^{2}\,\mu\mathrm{s}"


def test_the_machine_and_the_versions_are_those_of_the_record(tmp_path: Path) -> None:
    shown = text(render(tmp_path, "machine", fixture.record()))
    for told in (
        "Processor 9",
        "System 8",
        "16.0 GiB",
        "0.25",
        "2026-11-21",
        "openblas 0.3.31",
        "complete, 5.5 min",
    ):
        assert told in shown


def test_another_record_is_another_page(tmp_path: Path) -> None:
    assert "Processor 9" in render(tmp_path, "machine", fixture.record())
    data = fixture.record()
    data["machine"]["processor"] = "Processor 10 <b>"
    assert "Processor 10 &lt;b&gt;" in render(tmp_path, "machine", data)


def test_a_damaged_record_fails_the_build(tmp_path: Path) -> None:
    data = fixture.record()
    del data["speed"][2]
    with pytest.raises(RecordError, match=r"^latest.json: speed: expected"):
        render(tmp_path, "targets", data)
    assert RecordError in performance.ERRORS


def test_without_a_record_the_page_says_so(tmp_path: Path) -> None:
    assert text(render(tmp_path, "targets")).strip() == "Not run in this build."


def test_an_unknown_part_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        performance.PartError,
        match=r"^janet: expected targets, memory, growth, machine, lstm, lstm-accelerated, gru-after, rnn, "
        r"lstm-forward, lstm-forward-accelerated, gru-after-forward, rnn-forward$",
    ):
        render(tmp_path, "janet", fixture.record())


def test_a_drawing_puts_points_where_they_belong() -> None:
    points = [plot.Point(1, 1), plot.Point(10, 10), plot.Point(100, 100)]
    drawing = ET.fromstring(plot.svg(points, points, "T", "ms & more", 'said "so"'))
    assert drawing.get("aria-label") == 'said "so"'
    circles = [(float(c.get("cx", 0)), float(c.get("cy", 0))) for c in drawing.iter("circle")]
    (x1, y1), (x2, y2), (x3, y3) = circles
    assert plot.LEFT < x1 < x2 < x3 < plot.WIDTH - plot.RIGHT
    assert plot.HEIGHT - plot.BELOW > y1 > y2 > y3 > plot.ABOVE
    assert x2 - x1 == pytest.approx(x3 - x2, abs=0.2)  # logarithmic: equal factors, equal distances
    assert y1 - y2 == pytest.approx(y2 - y3, abs=0.2)
    written = ["".join(one.itertext()) for one in drawing.iter("text")]
    assert written == ["1", "10", "100", "1", "10", "100", "T", "ms & more"]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.9, 1100, [1, 10, 100, 1000]), (1, 40, [1, 3, 10, 30]), (7, 11, [7, 8, 9, 10]), (3, 30, [3, 10, 30])],
)
def test_ticks_are_round_and_enough(low: float, high: float, expected: list[float]) -> None:
    assert plot.ticks(low, high) == pytest.approx(expected)


def test_what_a_logarithm_cannot_show_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^T: expected numbers above 0"):
        plot.axis([0.0, 1.0], "T")


@pytest.mark.parametrize(
    ("seconds", "shown"), [(2.2, "2.20 s"), (0.35, "350 ms"), (1.2345e-3, "1.23 ms"), (4.4e-5, "44.0 µs")]
)
def test_a_time_has_a_unit_that_suits_it(seconds: float, shown: str) -> None:
    assert performance.time(words.load(DOCS, "en"), seconds) == shown
