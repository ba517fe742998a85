"""What is made once a run is made once, by whichever worker asks first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
from pathlib import Path

import pytest

from tests.once import once


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    def make(folder):
        with Path({log!r}).open("a") as log:
            log.write("made\\n")
        (folder / "here").write_text("yes")

    return once(tmp_path_factory, "thing", make)


@pytest.mark.parametrize("n", range(8))
def test_it_is_there(made, n):
    assert (made / "here").read_text() == "yes"
"""


@pytest.mark.slow
def test_two_workers_make_it_once(repository: Path, tmp_path: Path) -> None:
    log, path = tmp_path / "log", tmp_path / "test_made.py"
    path.write_text(TESTS.format(log=str(log)), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        "2",
        "--dist",
        "worksteal",
        "-p",
        "no:cacheprovider",
    ]
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    options = ["--rootdir", str(tmp_path), "-c", os.devnull, f"--basetemp={tmp_path / 'base'}", str(path)]
    done = subprocess.run(
        [*command, *options],
        cwd=repository,
        env=ours | {"PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 passed" in done.stdout
    assert log.read_text(encoding="utf-8") == "made\n"
