"""`python -m benchmarks`: end to end at tiny sizes, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as command
from benchmarks import machine, record, settings, start
from benchmarks.settings import QUICK, Plan
from tests.benchmarks import fixture

NEEDS_TORCH = "PyTorch is not installed; make setup-witnesses installs it"


@pytest.mark.slow
def test_a_quick_run_from_end_to_end(repository: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason=NEEDS_TORCH)
    out = tmp_path / "quick.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--sizes", "3,2,4,5", "--out", str(out)],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = record.load(out)
    assert found.plan == "quick"
    assert {(one.cell, one.dtype, one.threads) for one in found.speed} == {
        (cell, dtype, threads)
        for cell in settings.CELLS
        for dtype in settings.DTYPES
        for threads in settings.THREADS
    }
    assert [one.axis for one in found.growth] == ["T", "B", "H"]
    assert "lstm, lstmref: forward and backward" in done.stdout
    assert "lstm, numba: forward and backward" in done.stdout
    assert "geometric mean" in done.stdout
    assert done.stdout.rstrip().endswith("written: quick.json")
    assert str(tmp_path) not in out.read_text(encoding="utf-8")
    assert str(repository) not in out.read_text(encoding="utf-8")


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a run would find, found at once."""
    data = fixture.record()
    monkeypatch.setattr(start, "measure", lambda plan, threads: data)
    monkeypatch.setattr(command, "find_spec", lambda name: object())
    return data


def test_a_full_run_writes_the_latest(
    measured: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(command, "LATEST", tmp_path / "latest.json")
    assert command.main([]) == 0
    assert json.loads((tmp_path / "latest.json").read_text(encoding="utf-8")) == measured
    assert "written: latest.json" in capsys.readouterr().out


def test_a_quick_run_writes_nothing(
    measured: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "LATEST", tmp_path / "latest.json")
    assert command.main(["--quick"]) == 0
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_whole_is_not_written(
    measured: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del measured["speed"][0]
    assert command.main(["--out", str(tmp_path / "new.json")]) == 1
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().err.startswith("new.json: speed: expected lstm float32 1")


def test_without_pytorch_it_says_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None if name == "torch" else object())
    assert command.main(["--quick"]) == 1
    assert capsys.readouterr().err == "torch: not installed; `make bench` installs it\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--sizes", "1,2,3,4"], "--sizes needs --quick"),
        (["--quick", "--sizes", "1,2,3"], "expected T,B,D,H as four whole numbers, got '1,2,3'"),
        (["--quick", "--sizes", "1,2,x,4"], "got '1,2,x,4'"),
        (["--quick", "--sizes", "1,0,3,4"], "expected numbers of 1 or more, got '1,0,3,4'"),
    ],
)
def test_other_arguments_are_refused(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        command.main(arguments)
    assert said in capsys.readouterr().err


def test_a_worker_that_fails_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch", reason=NEEDS_TORCH)
    broken = replace(QUICK, sizes=(replace(settings.SIZES[0], H=-1),))
    with pytest.raises(start.WorkerError, match=r"^the worker with threads = 1 failed with status 1$"):
        start.worker(broken, 1)


@pytest.mark.parametrize("plan", [settings.FULL, settings.QUICK], ids=lambda plan: plan.name)
def test_a_plan_travels_as_json(plan: Plan) -> None:
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def test_a_library_with_other_threads_is_refused() -> None:
    torch = pytest.importorskip("torch", reason=NEEDS_TORCH)
    wrong = torch.get_num_threads() + 1
    with pytest.raises(machine.ThreadsError, match=rf"^threads: expected {wrong}, got .*torch {wrong - 1}"):
        machine.check_threads(wrong)


def test_the_machine_tells_no_path(repository: Path) -> None:
    told = json.dumps(machine.machine()) + machine.blas()
    assert "/work" not in told.replace("\\", "/")
    assert str(repository) not in told
    assert machine.machine()["cores"] >= 1
