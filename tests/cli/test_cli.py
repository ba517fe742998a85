"""The command line as a reader uses it, in processes of their own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import derivations
from derivations.derive.catalogue import formulas


def run(
    *arguments: str, cwd: Path | None = None, encoding: str = "utf-8"
) -> subprocess.CompletedProcess[str]:
    where = cwd or Path(derivations.__file__).parent.parent
    return subprocess.run(
        [sys.executable, "-m", "derivations", *arguments],
        cwd=where,
        env=os.environ | {"PYTHONPATH": str(where), "PYTHONIOENCODING": encoding},
        capture_output=True,
        encoding=encoding,
        check=False,
        timeout=300,
    )


@pytest.mark.proof
def test_run_prints_the_derivation_and_the_outcome() -> None:
    ran = run("run", "rnn")
    assert ran.returncode == 0, ran.stderr
    for part in (
        "h[t] = tanh(W x[t] + U h[t−1] + b)",
        "contributes  tanh′(h̄[t]) ⊙ ∂L/∂h[t]",
        "∂L/∂h̄[t] = (1 − h[t]²) ⊙ ∂L/∂h[t]",
        "12 of 12 proved for all sizes",
        "12 of 12 proved unrolled, T = 1, 2, 3",
    ):
        assert part in ran.stdout


@pytest.fixture
def broken_package(tmp_path: Path) -> Path:
    """A copy in which tanh has a wrong derivative: 1 + y²."""
    shutil.copytree(Path(derivations.__file__).parent, tmp_path / "derivations")
    rules = tmp_path / "derivations" / "language" / "functions.py"
    source = rules.read_text(encoding="utf-8")
    wrong = source.replace("lambda y, a: rest(square(y))", "lambda y, a: rest(negate(square(y)))")
    assert wrong != source
    rules.write_text(wrong, encoding="utf-8")
    return tmp_path


@pytest.mark.proof
def test_a_failed_proof_is_an_exit_status_and_the_equation(broken_package: Path) -> None:
    ran = run("run", "rnn", cwd=broken_package)
    assert ran.returncode == 1
    assert "REFUTED ∂L/∂h̄[t] = (1 + h[t]²) ⊙ ∂L/∂h[t]" in ran.stdout
    assert "rnn.backward.h_bar" in ran.stdout
    # The formulas that only use the wrong one are right about what they say, and are not blamed.
    assert "REFUTED ∂L/∂x[t]" not in ran.stdout


def test_a_changed_statement_must_be_published_first(broken_package: Path) -> None:
    ran = run("verify", "--to", str(broken_package / "build"), cwd=broken_package)
    assert ran.returncode == 1
    assert "has changed since version 1" in ran.stderr
    assert not (broken_package / "build").exists()
    assert run("publish", cwd=broken_package).returncode == 0
    assert "version = {2}" in run("cite", "rnn.backward.h_bar", "--as", "bibtex", cwd=broken_package).stdout


def test_list_may_be_narrowed() -> None:
    everything = run("list").stdout.splitlines()
    assert len(everything) == len(formulas())
    narrow = run("list", "--cell", "lstm", "--pass", "backward").stdout.splitlines()
    assert narrow
    assert all(line.startswith("lstm.backward.") for line in narrow)


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ("latex", r"\\frac\{\\partial L\}\{\\partial c_\{t\}\} = o_\{t\} \\odot"),
        ("mathml", r"<math .*</math>"),
        ("sympy", r"Equality\(MatrixSymbol\('dc'"),
        ("numpy", r"^dc = o \* \(1 - np\.tanh\(c\)\*\*2\) \* dh \+ dc_next$"),
        ("text", r"∂L/∂c\[t\] = o\[t\]"),
    ],
)
def test_show(form: str, pattern: str) -> None:
    assert re.search(pattern, run("show", "lstm.backward.c", "--as", form).stdout, re.MULTILINE)


def test_show_as_json_has_every_field() -> None:
    record = json.loads(run("show", "lstm.backward.c", "--as", "json").stdout)
    identity = {"id", "version", "hash", "cell", "pass"}
    statement = {"latex", "mathml", "sympy", "numpy", "symbols", "assumptions"}
    assert set(record) >= identity | statement | {"source", "steps", "evidence"}
    assert set(record["symbols"][0]) >= {"name", "latex", "role", "shape", "meaning"}


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ("bibtex", r"^@misc\{lstmref:lstm\.backward\.c,"),
        ("ris", r"^TY  - ELEC"),
        ("csl", r'"type": "webpage"'),
        ("text", r"version 1"),
    ],
)
def test_cite_has_id_version_hash_and_permalink(form: str, pattern: str) -> None:
    said = run("cite", "lstm.backward.c", "--as", form).stdout
    assert re.search(pattern, said, re.MULTILINE)
    assert "/f/lstm.backward.c/" in said
    assert re.search(r"sha256:[0-9a-f]{64}", said)


@pytest.mark.parametrize("command", ["show", "cite"])
def test_an_unknown_id_names_the_nearest(command: str) -> None:
    ran = run(command, "lstm.backwards.c")
    assert ran.returncode == 1
    assert "lstm.backward.c" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_an_unknown_cell_names_the_nearest() -> None:
    ran = run("run", "lstn")
    assert ran.returncode == 1
    assert "the nearest are lstm" in ran.stderr


def test_an_equation_whose_shapes_do_not_fit_is_named(tmp_path: Path) -> None:
    shutil.copytree(Path(derivations.__file__).parent, tmp_path / "derivations")
    cell = tmp_path / "derivations" / "cells" / "rnn.py"
    source = cell.read_text(encoding="utf-8")
    assert "U @ h.previous" in source
    cell.write_text(source.replace("U @ h.previous", "U @ x"), encoding="utf-8")
    ran = run("run", "rnn", cwd=tmp_path)
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert "cells/rnn.py, line" in ran.stderr
    assert "Equation(h, tanh(W @ x + U @ x + b))" in ran.stderr
    assert "product U x: H×H times D×1, expected H rows on the right, got D" in ran.stderr


def test_show_writes_a_formula_in_another_notation() -> None:
    ran = run("show", "lstm.backward.c", "--notation", "greff")
    assert ran.stdout == "δc[t] = o[t] ⊙ (1 − tanh²(c[t])) ⊙ δy[t] + δc[t]|t+1\n"
    latex = run("show", "lstm.forward.i", "--notation", "pytorch", "--as", "latex").stdout
    assert r"W_{ii} x_{t} + W_{hi} h_{t-1} + b_{ii} + b_{hi}" in latex


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["gru.backward.z", "--notation", "pytorch"],
            "expected one of the cells rnn, lstm, gru-after, got gru",
        ),
        (["gru.backward.z", "--notation", "torch"], "--notation: expected one of cho, colah, cudnn"),
        (["gru.backward.z", "--notation", "colah", "--as", "numpy"], "text, latex, mathml, got numpy"),
    ],
)
def test_a_notation_that_cannot_be_is_refused(arguments: list[str], says: str) -> None:
    ran = run("show", *arguments)
    assert ran.returncode == 1
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr
