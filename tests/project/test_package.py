"""The wheel holds the two packages and nothing else, and needs NumPy only."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel as the pinned build backend makes it."""
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=repository,
        env=os.environ | {"SOURCE_DATE_EPOCH": "1795219200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_holds_two_packages(wheel: zipfile.ZipFile, repository: Path) -> None:
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert {name.split("/")[0] for name in names} == {"lstmref", "derivations"}
    sources = {
        path.relative_to(repository).as_posix()
        for package in ("lstmref", "derivations")
        for path in (repository / package).rglob("*.py")
    }
    assert {name for name in names if name.endswith(".py")} == sources
    assert "lstmref/py.typed" in names


def test_needs_numpy_only(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = message_from_string(wheel.read(name).decode("utf-8"))
    needs = metadata.get_all("Requires-Dist") or []
    assert [need.split(">")[0] for need in needs if "extra ==" not in need] == ["numpy"]
    extra = {need.split(";")[0].split("<")[0].split(">")[0] for need in needs if "extra ==" in need}
    assert extra == {"sympy", "mpmath", "python-flint", "joblib", "tqdm", "distributed", "safetensors"}
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
