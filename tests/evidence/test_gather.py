"""What is proved again and what is reused, counted; and what `verify` says of it."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from derivations import verify as program
from derivations.cells import cells
from derivations.checkers import CHECKERS, Checker
from derivations.cli import main
from derivations.record import keys
from derivations.record.gather import Gatherer
from derivations.record.store import Store
from derivations.schedule import Finished, Task, tasks

NAMES = ["gla", "gru", "rnn"]


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three cells are enough to see what is made again."""
    monkeypatch.setattr("derivations.record.gather.cells", lambda: {name: cells()[name] for name in NAMES})
    monkeypatch.setattr(program, "cells", lambda: {name: cells()[name] for name in NAMES})


class Counting:
    """Finishes tasks without doing them, and counts them."""

    def __init__(self) -> None:
        self.done: list[Task] = []

    def __call__(self, todo: Sequence[Task], scheduler: str | None = None) -> list[Finished]:
        self.done += todo
        return [Finished(task, (), 0.0, {}, 0.0) for task in todo]


def again(repository: Path, folder: Path, reuse: bool = True) -> list[Task]:
    """The tasks that a run does."""
    counting = Counting()
    Gatherer(Store(folder), repository, print, reuse).prove(counting)
    return counting.done


def other(monkeypatch: pytest.MonkeyPatch, function: str, *names: str) -> None:
    """Give these cells other keys."""
    right = getattr(keys, function)
    monkeypatch.setattr(keys, function, lambda c, *more: right(c, *more) + ("x" if c in names else ""))


def test_a_second_run_proves_nothing(repository: Path, tmp_path: Path) -> None:
    first = again(repository, tmp_path)
    assert first == tasks(NAMES, NAMES)
    assert {task.cell for task in first} == set(NAMES)
    assert again(repository, tmp_path) == []
    assert len(again(repository, tmp_path, reuse=False)) == len(first)


def test_one_cell_that_changes_is_proved_alone(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again(repository, tmp_path)
    other(monkeypatch, "of_proofs", "rnn")
    other(monkeypatch, "of_mutants", "rnn")
    assert {task.cell for task in again(repository, tmp_path)} == {"rnn"}
    assert again(repository, tmp_path) == []


def test_where_only_mutants_change_the_longest_proof_is_left_out(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again(repository, tmp_path)
    other(monkeypatch, "of_mutants", *NAMES)
    found = again(repository, tmp_path)
    assert {task.steps for task in found} == {0, 1, 2}
    assert len(found) == 3 * len(NAMES)


def test_a_damaged_file_is_made_again(repository: Path, tmp_path: Path) -> None:
    again(repository, tmp_path)
    (tmp_path / "gru.json").write_text("{", encoding="utf-8")
    assert Gatherer(Store(tmp_path), repository, print).damaged == ["gru"]
    assert {task.cell for task in again(repository, tmp_path)} == {"gru"}


def test_what_has_ended_is_kept_though_the_rest_fails(repository: Path, tmp_path: Path) -> None:
    def until(todo: Sequence[Task]) -> object:
        for task in sorted(todo, key=lambda task: task.cell != "rnn"):
            if task.cell != "rnn":
                raise KeyboardInterrupt
            yield Finished(task, (), 0.0)

    with pytest.raises(KeyboardInterrupt):
        Gatherer(Store(tmp_path), repository, print).prove(until)  # type: ignore[arg-type]
    assert {task.cell for task in again(repository, tmp_path)} == set(NAMES) - {"rnn"}


def test_numbers_are_compared_for_the_cells_that_changed(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, list[str]]] = []

    def answer(checker: Checker, names: Sequence[str], root: Path, say: object) -> dict[str, dict[str, str]]:
        asked.append((checker.name, list(names)))
        return {name: {"said": name} for name in names if name != "gru"}

    monkeypatch.setattr("derivations.record.gather.checkers.run", answer)
    for checker in CHECKERS:
        Gatherer(Store(tmp_path), repository, print).compare(checker)
    assert asked == [(checker.name, NAMES) for checker in CHECKERS]
    asked.clear()
    for checker in CHECKERS:  # of one it said nothing: that is not kept
        Gatherer(Store(tmp_path), repository, print).compare(checker)
    assert asked == [(checker.name, ["gru"]) for checker in CHECKERS]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Counting:
    """`verify` without its work: tasks are counted, programs that compare are not there."""
    counting = Counting()
    monkeypatch.setattr(program, "prove", counting)
    monkeypatch.setattr("derivations.record.ledger.check", lambda _: None)
    monkeypatch.setattr("derivations.record.export.document", lambda data: {"cells": NAMES})
    monkeypatch.setattr("derivations.record.gather.checkers.run", lambda *_: {})
    return counting


def test_verify_says_what_it_reused(
    quick: Counting, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["verify", "--reuse", "--to", str(tmp_path)]
    assert main(command) == 1  # nothing was really proved
    assert f"proofs: reused 0 cells, proved {len(NAMES)}\n" in capsys.readouterr().out
    files = {p.name: p.read_bytes() for p in tmp_path.rglob("*.json")}
    main(command)
    assert f"proofs: reused {len(NAMES)} cells\n" in capsys.readouterr().out
    assert {p.name: p.read_bytes() for p in tmp_path.rglob("*.json")} == files
    other(monkeypatch, "of_proofs", "gru")
    main(command)
    assert f"proofs: reused {len(NAMES) - 1} cells, proved 1 again: gru\n" in capsys.readouterr().out
    (tmp_path / "evidence" / "rnn.json").write_text("[]", encoding="utf-8")
    main(command)
    said = capsys.readouterr().out
    assert "evidence/rnn.json is damaged" in said
    assert "proved 1 again: rnn" in said
    main(["verify", "--to", str(tmp_path)])
    assert f"proofs: reused 0 cells, proved {len(NAMES)}\n" in capsys.readouterr().out


def test_a_full_disk_is_one_sentence(
    quick: Counting, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["verify", "--reuse", "--to", str(tmp_path)]
    main(command)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*.json")}
    capsys.readouterr()

    def full(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    other(monkeypatch, "of_proofs", "gru")
    assert main(command) == 1
    said = capsys.readouterr().err.strip()
    assert said.count("\n") == 0
    assert said.endswith(os.strerror(errno.ENOSPC))
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_a_folder_that_is_a_file_is_one_sentence(
    quick: Counting, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "build").write_text("", encoding="utf-8")
    assert main(["verify", "--to", str(tmp_path / "build")]) == 1
    assert capsys.readouterr().err.startswith("derivations: ")
