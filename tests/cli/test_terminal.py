"""The command line where a terminal, a pipe or an argument is not as one would like it."""

from __future__ import annotations

import html
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import derivations
from derivations.cli import main
from derivations.derive.catalogue import of_cell
from tests.cli.test_cli import run

ENCODINGS = ["gbk", "cp1252", "latin-1", "ascii"]
FORMULA = "lstm.backward.c"
ROOT = Path(derivations.__file__).parent.parent


def unescaped(text: str) -> str:
    """What `backslashreplace` escaped; the formulas shown here hold no backslash of their own."""
    return text.encode("latin-1", "backslashreplace").decode("unicode-escape")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_format_says_the_same_in_every_encoding(encoding: str) -> None:
    for form, read in (("text", unescaped), ("mathml", html.unescape), ("json", json.loads)):
        whole = run("show", FORMULA, "--as", form)
        ran = run("show", FORMULA, "--as", form, encoding=encoding)
        assert (ran.returncode, ran.stderr) == (0, ""), form
        assert "∂" in whole.stdout
        assert "∂" not in ran.stdout
        expected = json.loads(whole.stdout) if form == "json" else html.unescape(whole.stdout)
        assert read(ran.stdout) == expected, form


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_lists_runs_help_and_errors_in_every_encoding(encoding: str) -> None:
    listed = run("list", "--cell", "rnn", encoding=encoding)
    assert (listed.returncode, unescaped(listed.stdout)) == (0, run("list", "--cell", "rnn").stdout)
    assert run("run", "--help", encoding=encoding).returncode == 0
    failed = run("show", "∂.backward.c", encoding=encoding)
    assert failed.returncode == 1
    assert r"no formula '\u2202.backward.c'" in failed.stderr


@pytest.mark.proof
def test_a_run_in_ascii() -> None:
    ran = run("run", "rnn", encoding="ascii")
    assert ran.returncode == 0, ran.stderr
    assert r"\u2202L" in ran.stdout


def test_a_letter_beyond_the_first_plane_is_one_that_json_reads() -> None:
    say = "from derivations import console; console.say('\"\U0001d715·\"', 'JSON')"
    ran = subprocess.run(
        [sys.executable, "-c", say],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    assert json.loads(ran.stdout) == "\U0001d715·"


def refused(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What a call that is wrong in itself says; it prints no result."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    return said.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--cell", ""),
        ("list", "--cell="),
        ("run", ""),
        ("run", " "),
        ("show", ""),
        ("show", FORMULA, "--notation="),
        ("show", FORMULA, "--as", "json", "--notation="),
        ("cite", ""),
        ("verify", "--to="),
        ("verify", "--scheduler="),
    ],
)
def test_an_empty_name_is_no_name(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert "expected a name, got '" in refused(arguments, capsys)


@pytest.mark.parametrize("typed", ["\x1b]0;owned\x07\x1b[31mlstm", "\u202elstm", "lstm\nok", "a" * 100_000])
@pytest.mark.parametrize(
    "command", [["show"], ["run"], ["list", "--cell"], ["show", FORMULA, "--as"], ["cite", FORMULA], []]
)
def test_what_acts_on_a_terminal_is_not_echoed(
    command: list[str], typed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused([*command, typed], capsys)
    assert typed not in said
    assert said.replace("\n", "").isprintable()
    assert len(said) < 1000
    assert f"got {len(typed)} that begin with {typed[:40]!a}" in said


def test_bytes_that_are_no_text_are_echoed_escaped() -> None:
    ran = run("show", os.fsdecode(b"lstm\xff"))
    assert ran.returncode == 1
    assert r"no formula 'lstm\udcff'" in ran.stderr


def test_a_cell_in_place_of_a_formula_names_the_cells_formulas() -> None:
    for command in ("show", "cite"):
        ran = run(command, "rnn")
        assert ran.returncode == 1
        ids = ", ".join(f.id for f in of_cell("rnn"))
        assert ran.stderr == f"derivations: rnn is a cell; its formulas are {ids}\n"


def start(*arguments: str, out: int) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "derivations", *arguments]
    return subprocess.run(command, cwd=ROOT, stdout=out, stderr=subprocess.PIPE, check=False, timeout=300)


@pytest.mark.parametrize("arguments", [("show", FORMULA), ("list",)])
def test_a_reader_that_has_left_is_no_error(arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ran = start(*arguments, out=writing)
    finally:
        os.close(writing)
    assert (ran.returncode, ran.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [("show", FORMULA), ("list",)])
def test_a_full_disk_is_one_sentence(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        ran = start(*arguments, out=full.fileno())
    assert (ran.returncode, ran.stderr) == (1, b"derivations: No space left on device\n")
