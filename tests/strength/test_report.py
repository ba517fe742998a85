"""The report that `python -m tests.judges.strength` writes: complete, the same each time, red when it should be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import tests.judges.strength.__main__ as program
from derivations.cells import cells
from derivations.derive.catalogue import of_cell
from derivations.mutants.generate import mutants
from tests.judges.strength import report
from tests.judges.strength.configurations import CONFIGURATIONS
from tests.judges.strength.gradient_check import applies
from tests.judges.strength.per_formula import Agreement


@pytest.fixture
def one_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    """The smallest cell, in this process."""
    monkeypatch.setattr(program, "cells", lambda: {"rnn": cells()["rnn"]})
    monkeypatch.setattr(program, "document", lambda names: report.document(names))


@pytest.mark.usefixtures("one_cell")
def test_the_report_is_complete_and_the_same_each_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [tmp_path / "deep" / "first.json", tmp_path / "second.json"]
    assert [program.main(["--json", str(path)]) for path in paths] == [0, 0]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert {p.name for p in paths[0].parent.iterdir()} == {"first.json"}
    whole = json.loads(paths[0].read_text(encoding="utf-8"))
    assert set(whole["versions"]) == {"numpy", "lstmref"}
    assert [c["name"] for c in whole["configurations"]] == [c.name for c in CONFIGURATIONS]
    found = whole["cells"]["rnn"]
    made = [m for f in of_cell("rnn") for m in mutants(f, cells()["rnn"]) if m.broken is not None]
    assert list(found["mutants"]) == [m.id for m in made]
    assert all(found["mutants"][m.id]["agreement"] for m in made)
    for m in made:
        assert (found["mutants"][m.id]["missed"] is None) == (not applies(m.of))
    assert found["equal"] == []
    assert set(found["slips"]) == {"first-step-left-out-rnn"}
    slip = found["slips"]["first-step-left-out-rnn"]
    assert slip["formula"] == "rnn.backward.U"
    assert sorted(slip["missed"] + slip["caught"]) == sorted(c.name for c in CONFIGURATIONS)
    told = capsys.readouterr().out
    assert f"{len(made)} mutants, {len(made)} refused formula by formula, 0 equal" in told
    assert "strong" in told


def test_the_table_counts_what_the_mutants_say() -> None:
    found = report.document(["rnn"])["cells"]["rnn"]
    applicable = [m["missed"] for m in found["mutants"].values() if m["missed"] is not None]
    for name, kinds in found["table"].items():
        assert sum(row["applicable"] for row in kinds.values()) == len(applicable)
        assert sum(row["missed"] for row in kinds.values()) == sum(name in missed for missed in applicable)
    assert found["table"]["T=1"]["not-summed"] == {"applicable": 3, "missed": 3}


@pytest.mark.usefixtures("one_cell")
def test_a_survivor_makes_it_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Agreement, "refuses", lambda self, broken, original: original.pass_ != "count")
    assert program.main(["--json", str(tmp_path / "strength.json")]) == 1
    assert "survived: rnn.count.parameters/" in capsys.readouterr().err


def test_survivors_are_those_a_strong_check_lets_pass() -> None:
    found = {
        "mutants": {
            "refused": {"agreement": True, "missed": ["T=1"]},
            "not part of a pass": {"agreement": True, "missed": None},
            "equal": {"agreement": False, "missed": None},
            "not refused": {"agreement": False, "missed": []},
            "missed": {"agreement": True, "missed": ["strong"]},
        },
        "equal": ["equal"],
    }
    assert report.survivors({"cells": {"rnn": found}}) == ["not refused", "missed"]
