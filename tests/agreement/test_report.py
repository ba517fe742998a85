"""The report that `python -m tests.judges.agreement` writes: complete, the same each time, red when it should be."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import tests.judges.agreement.__main__ as report
from derivations.cells import cells
from derivations.derive.catalogue import of_cell
from derivations.derive.formula import Formula
from derivations.language.expressions import negate
from tests.judges.agreement.check import Finding
from tests.judges.example import Sizes
from tests.judges.report import bound

NAMES = ["gla", "lstm", "rnn"]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two configurations of three cells are enough to see how the report is put together."""
    monkeypatch.setattr(report, "CONFIGURATIONS", 2)
    monkeypatch.setattr(report, "cells", lambda: {name: cells()[name] for name in NAMES})


@pytest.mark.usefixtures("few")
def test_the_report_is_complete_and_the_same_each_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [tmp_path / "deep" / "first.json", tmp_path / "second.json"]
    assert [report.main(["--json", str(path)]) for path in paths] == [0, 0]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    found = json.loads(paths[0].read_text(encoding="utf-8"))
    assert set(found["versions"]) == {"numpy", "lstmref"}
    said = {i: r for cell in found["cells"].values() for i, r in cell["formulas"].items()}
    assert list(found["cells"]) == NAMES
    assert list(said) == [f.id for name in NAMES for f in of_cell(name)]
    for record in said.values():
        assert record["outcome"] == "checked"
        assert record["configurations"] == 2
        assert record["worst"] <= record["tolerance"] == 1e-12
        assert record["against"]
        assert record["T"][0] >= 3
        assert record["batch"][0] >= 2
    assert {p.name for p in paths[0].parent.iterdir()} == {"first.json"}
    assert f"{len(said)} formulas agree" in capsys.readouterr().out


@pytest.mark.usefixtures("few")
def test_a_refuted_formula_makes_it_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def with_a_slip(name: str) -> tuple[Formula, ...]:
        return tuple(replace(f, right=negate(f.right)) if f.quantity == "b_t" else f for f in of_cell(name))

    monkeypatch.setattr(report, "of_cell", with_a_slip)
    monkeypatch.setattr(report, "cells", lambda: {"rnn": cells()["rnn"]})
    path = tmp_path / "agreement.json"
    assert report.main(["--json", str(path)]) == 1
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]["rnn"]["formulas"]
    assert [i for i, r in found.items() if r["outcome"] == "refuted"] == ["rnn.backward.b_t"]
    assert "off by" in found["rnn.backward.b_t"]["reason"]
    assert "rnn.backward.b_t: t = " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("worst", "expected"),
    [
        (0.0, 0.0),
        (1e-17, 1e-15),
        (1e-15, 1e-15),
        (1.1e-15, 1e-14),
        (9e-13, 1e-12),
        (0.5, 1.0),
        (float("inf"), None),
    ],
)
def test_the_worst_error_is_rounded_up(worst: float, expected: float | None) -> None:
    assert bound(worst) == expected


def test_one_bad_configuration_refutes() -> None:
    sizes = [Sizes(3, 2, D=1, H=2), Sizes(5, 3, D=4, H=3)]
    good = Finding(1e-16, ["lstmref.backward"])
    bad = Finding(1e-3, ["lstmref.backward"], where="t = 2: off by 1.0e-03 from lstmref.backward")
    record = report.record([good, bad], sizes)
    assert record["outcome"] == "refuted"
    assert record["reason"] == bad.where
    assert (record["T"], record["batch"], record["D"], record["H"]) == ([3, 5], [2, 3], [1, 4], [2, 3])
    assert report.record([good, good], sizes)["outcome"] == "checked"
    assert report.record([good, Finding()], sizes)["outcome"] == "refuted"


def test_the_configurations_differ_and_repeat(name: str) -> None:
    drawn = report.configurations(name)
    assert len(set(drawn)) == report.CONFIGURATIONS == 20
    assert drawn == report.configurations(name)
    assert len({sizes.T for sizes, _ in drawn}) == 3
