"""The evidence file: trusted only whole and current, the same bytes for the same inputs, passing only what passed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import derivations
from derivations.cells import cells
from derivations.derive.catalogue import formula, of_cell
from derivations.record.evidence import Found, collect, load, passing, write
from derivations.record.gather import MUTANTS, PROOFS, Gatherer
from derivations.record.store import Store
from derivations.schedule import Finished, run_task, tasks

Record = dict[str, Any]
AGREEMENT = {
    "versions": {"numpy": "0"},
    "formulas": {f.id: {"outcome": "checked", "worst": 1e-15} for f in of_cell("rnn")},
}


@pytest.fixture(scope="module")
def finished() -> list[Finished]:
    """The proofs of the smallest cell, mutants judged."""
    return [run_task(task) for task in tasks(["rnn"], ["rnn"])]


def found(finished: list[Finished], repository: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Found:
    """What is known of the smallest cell when these tasks have ended."""
    monkeypatch.setattr("derivations.record.gather.cells", lambda: {"rnn": cells()["rnn"]})
    gatherer = Gatherer(Store(folder), repository, print)
    gatherer.prove(lambda todo: finished)
    assert (gatherer.stale(PROOFS), gatherer.stale(MUTANTS)) == ([], [])
    return replace(gatherer.found()["rnn"], agreement=AGREEMENT)


@pytest.fixture(scope="module")
def collected(finished: list[Finished], repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Record:
    with pytest.MonkeyPatch.context() as patch:
        one = found(finished, repository, tmp_path_factory.mktemp("kept"), patch)
    return collect({"rnn": one}, repository)


def test_the_file_follows_its_schema(collected: Record) -> None:
    schema = json.loads(
        (Path(derivations.__file__).parent / "record" / "evidence.schema.json").read_text(encoding="utf-8")
    )
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(collected, schema)
    wrong = json.loads(json.dumps(collected))
    wrong["formulas"]["rnn.backward.h"]["evidence"][0]["outcome"] = "checked"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)


def test_what_is_written_is_read_back(collected: Record, repository: Path, tmp_path: Path) -> None:
    write(collected, tmp_path / "evidence.json")
    assert load(tmp_path / "evidence.json", repository) == collected


def test_same_inputs_same_bytes(
    finished: list[Finished],
    collected: Record,
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not even the order in which tasks end, nor the time they take, leaves a trace."""
    later = [replace(f, seconds=99.0, mutant_seconds=99.0) for f in reversed(finished)]
    one = found(later, repository, tmp_path / "kept", monkeypatch)
    write(collected, tmp_path / "one")
    write(collect({"rnn": one}, repository), tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def refute(data: Record) -> None:
    data["formulas"]["rnn.backward.h"]["passing"] = False


def another_hash(data: Record) -> None:
    data["formulas"]["rnn.backward.h"]["hash"] = "sha256:" + "0" * 64


def other_code(data: Record) -> None:
    data["fingerprint"] = "sha256:" + "0" * 64


def forget_one(data: Record) -> None:
    del data["formulas"]["rnn.backward.h"]


@pytest.mark.parametrize("spoil", [refute, another_hash, other_code, forget_one])
def test_a_changed_file_is_not_trusted(
    spoil: Callable[[Record], None], collected: Record, repository: Path, tmp_path: Path
) -> None:
    data = json.loads(json.dumps(collected))
    spoil(data)
    write(data, tmp_path / "evidence.json")
    assert load(tmp_path / "evidence.json", repository) is None


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"format": 2}'])
def test_a_damaged_file_is_not_trusted(content: str, repository: Path, tmp_path: Path) -> None:
    (tmp_path / "evidence.json").write_text(content, encoding="utf-8")
    assert load(tmp_path / "evidence.json", repository) is None


def test_a_missing_file_is_no_evidence(repository: Path, tmp_path: Path) -> None:
    assert load(tmp_path / "evidence.json", repository) is None


def _outcomes(**outcomes: str) -> list[Record]:
    return [{"method": method.replace("_", "-"), "outcome": outcome} for method, outcome in outcomes.items()]


@pytest.mark.parametrize(
    ("formula_id", "outcomes", "expected"),
    [
        ("lstm.backward.c", _outcomes(all_sizes="proved", unrolled="proved", agreement="not-run"), True),
        ("lstm.backward.c", _outcomes(all_sizes="proved", unrolled="not-run", agreement="checked"), False),
        ("lstm.backward.c", _outcomes(all_sizes="not-run", unrolled="proved", agreement="checked"), False),
        ("lstm.backward.c", _outcomes(all_sizes="proved", unrolled="proved", agreement="refuted"), False),
        ("lstm.backward.c", _outcomes(all_sizes="proved", unrolled="proved", mutants="refuted"), False),
        ("lstm.forward.c", _outcomes(agreement="checked"), True),
        ("lstm.forward.c", _outcomes(agreement="not-run"), False),
    ],
)
def test_what_passes(formula_id: str, outcomes: list[Record], expected: bool) -> None:
    assert passing(formula(formula_id), outcomes) is expected


def test_what_did_not_run_does_not_pass(repository: Path) -> None:
    nothing = collect({}, repository)
    assert not any(record["passing"] for record in nothing["formulas"].values())
    methods = nothing["formulas"]["lstm.backward.c"]["evidence"]
    assert {m["outcome"] for m in methods} == {"not-run"}
