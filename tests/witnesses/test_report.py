"""The command: what it writes, its exit status, and a program that is not installed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from derivations.derive.catalogue import of_cell
from derivations.derive.formula import Formula
from tests.judges.witnesses import report
from tests.judges.witnesses.__main__ import main
from tests.judges.witnesses.shown import module_of, names
from tests.witnesses.breaks import FORWARD

ONLY = ["--only", "onnxruntime", "--cells", "lstm,rnn"]


def written(path: Path, cell: str = "lstm") -> Any:
    return json.loads(path.read_text(encoding="utf-8"))["cells"][cell]["witnesses"]


@pytest.mark.parametrize("name", names())
def test_one_that_is_not_installed_has_not_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, module_of(name), raising=False)
    monkeypatch.setitem(sys.modules, name, None)
    assert main(["--json", str(tmp_path / "w.json"), "--only", name, "--cells", "lstm"]) == 0
    assert written(tmp_path / "w.json").keys() == {name}
    found = written(tmp_path / "w.json")[name]
    assert found["outcome"] == "not-run"
    assert name in found["reason"]
    assert "formulas" not in found
    assert capsys.readouterr().out.startswith(f"{name}: not run: ")


def test_an_unknown_one_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--json", str(tmp_path / "w.json"), "--only", "jax,theano"])
    assert stopped.value.code == 2
    assert f"expected some of {','.join(names())}, got theano" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.witness
def test_the_record(tmp_path: Path, program: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    program("onnxruntime")
    monkeypatch.setattr(report, "CONFIGURATIONS", 3)
    paths = [tmp_path / "one.json", tmp_path / "other.json"]
    assert [main(["--json", str(path), *ONLY]) for path in paths] == [0, 0]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    found = written(paths[0])["onnxruntime"]
    assert found["outcome"] == "checked"
    assert found["configurations"] == 3
    assert found["precision"] == "float32"
    assert found["version"][0].isdigit()
    assert found["uses"].keys() == {"onnx"}
    assert all(record.keys() == {"outcome", "worst"} for record in found["formulas"].values())
    assert all(0 < record["worst"] <= found["tolerance"] for record in found["formulas"].values())


@pytest.mark.witness
def test_a_refuted_formula_is_named(
    tmp_path: Path,
    program: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program("onnxruntime")
    broken = FORWARD[0].made()

    def with_a_slip(cell: str) -> tuple[Formula, ...]:
        return tuple(broken if f.id == broken.id else f for f in of_cell(cell))

    monkeypatch.setattr(report, "CONFIGURATIONS", 3)
    monkeypatch.setattr(report, "of_cell", with_a_slip)
    assert main(["--json", str(tmp_path / "w.json"), *ONLY]) == 1
    found = written(tmp_path / "w.json", "rnn")["onnxruntime"]
    assert found["outcome"] == "refuted"
    assert found["reason"] == broken.id
    assert found["formulas"][broken.id]["outcome"] == "refuted"
    assert found["formulas"][broken.id]["reason"].startswith("configuration 1, t = 1: off by ")
    other = written(tmp_path / "w.json")["onnxruntime"]
    assert other["formulas"]["lstm.forward.h"]["outcome"] == "checked"
    assert f"onnxruntime: {broken.id}: configuration 1" in capsys.readouterr().err
