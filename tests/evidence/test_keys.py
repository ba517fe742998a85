"""What changes a key and what does not: an edit of what writes proves nothing again, one of a cell that cell alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from derivations.checkers import AGREEMENT, CHECKERS, STRENGTH, WITNESSES
from derivations.record import keys

Table = dict[str, dict[str, str]]  # by part, then by cell
EVERY = {"gla", "lstm", "rnn"}
NUMBERS = {checker.name for checker in CHECKERS}
SCRIPT = """
import json
from derivations.record import keys
parts = {"proofs": keys.of_proofs, "mutants": keys.of_mutants}
print(json.dumps({part: {c: key(c) for c in ("gla", "lstm", "rnn")} for part, key in parts.items()}))
"""


@pytest.fixture(scope="module")
def tree(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of all that keys are made of."""
    root = tmp_path_factory.mktemp("checkout")
    skip = shutil.ignore_patterns("__pycache__")
    for name in ("derivations", "lstmref", "tests/judges"):
        shutil.copytree(repository / name, root / name, ignore=skip)
    shutil.copy(repository / "pyproject.toml", root)
    return root


@pytest.fixture
def table(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Table]:
    """The keys of all cells, of the files as they are at that moment."""
    monkeypatch.setattr(keys, "PACKAGE", tree / "derivations")

    def of_all() -> Table:
        keys.code.cache_clear()
        found = {
            "proofs": {c: keys.of_proofs(c) for c in EVERY},
            "mutants": {c: keys.of_mutants(c) for c in EVERY},
        }
        return found | {k.name: {c: keys.of_numbers(k, c, tree) for c in EVERY} for k in CHECKERS}

    return of_all


def changed(before: Table, after: Table) -> dict[str, set[str]]:
    """By part, the cells whose keys differ."""
    found = {part: {c for c, key in before[part].items() if after[part][c] != key} for part in before}
    return {part: names for part, names in found.items() if names}


@pytest.mark.parametrize(
    ("name", "again"),
    [
        ("derivations/write/tex.py", {}),
        ("derivations/write/layout.py", {}),
        ("derivations/record/cite.py", {}),
        ("derivations/record/export.py", {}),
        ("derivations/cli.py", {}),
        ("derivations/cells/rnn.py", {}),  # a comment; an equation is another test
        ("derivations/prove/all_sizes.py", {"proofs": EVERY, "mutants": EVERY}),
        ("derivations/derive/reverse.py", {"proofs": EVERY, "mutants": EVERY}),
        ("derivations/mutants/kinds.py", {"mutants": EVERY, STRENGTH.name: EVERY}),
        ("lstmref/cells/rnn.py", {AGREEMENT.name: {"rnn"}, STRENGTH.name: {"rnn"}}),
        ("lstmref/activations.py", {AGREEMENT.name: EVERY, STRENGTH.name: EVERY}),
        ("tests/judges/agreement/check.py", dict.fromkeys(NUMBERS, EVERY)),
        ("tests/judges/strength/recursion.py", {STRENGTH.name: EVERY}),
        ("tests/judges/witnesses/compare.py", {WITNESSES.name: EVERY}),
        ("tests/judges/witnesses/programs/jax/program.py", {WITNESSES.name: EVERY}),
        ("tests/judges/witnesses/programs/jax/steps/rnn.py", {WITNESSES.name: {"rnn"}}),
        ("tests/judges/conventions/observe.py", {}),
    ],
)
def test_what_an_edit_makes_old(
    name: str, again: dict[str, set[str]], tree: Path, table: Callable[[], Table]
) -> None:
    path = tree / name
    before, source = table(), path.read_text(encoding="utf-8")
    path.write_text(source + "\n# edited\n", encoding="utf-8")
    after = table()
    path.write_text(source, encoding="utf-8")
    assert changed(before, after) == again
    assert table() == before


def test_a_new_file_of_the_provers_counts(tree: Path, table: Callable[[], Table]) -> None:
    before = table()
    new = tree / "derivations" / "prove" / "new.py"
    new.write_text("", encoding="utf-8")
    assert changed(before, table()) == {"proofs": EVERY, "mutants": EVERY}
    new.unlink()


def test_an_equation_is_its_cells_alone(tree: Path) -> None:
    path = tree / "derivations" / "cells" / "rnn.py"
    source = path.read_text(encoding="utf-8")
    before = printed(tree)
    assert "tanh(" in source
    path.write_text(source.replace("tanh", "sigmoid"), encoding="utf-8")
    after = printed(tree)
    path.write_text(source, encoding="utf-8")
    assert changed(before, after) == {"proofs": {"rnn"}, "mutants": {"rnn"}}


def printed(tree: Path) -> Table:
    """The keys as a process of its own finds them in the copy."""
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tree, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    found: Table = json.loads(ran.stdout)
    return found


def test_versions_count(monkeypatch: pytest.MonkeyPatch, table: Callable[[], Table]) -> None:
    before = table()
    monkeypatch.setattr(keys, "version", lambda name: "0")
    assert changed(before, table()) == dict.fromkeys(("proofs", "mutants", *NUMBERS), EVERY)
    monkeypatch.undo()


def test_the_reference_files_are_those_that_are_imported(repository: Path) -> None:
    found = keys.reference_files(repository, "rnn")
    assert "lstmref/cells/rnn.py" in found
    assert "lstmref/cells/gru.py" not in found
    assert "lstmref/activations.py" in found
    assert keys.reference_files(repository, "no-such-cell") == []
