"""Name, version, licence and address are the same wherever they are written."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from lstmref.convert.refusals import CONVENTIONS
from tests.project.files import tracked

# Prose and metadata may name the address; code and configuration take it from derivations/record/address.py. `lstmref`,
# which knows nothing of `derivations`, names it once, for the refusals that send to a page.
CODE = {".cfg", ".html", ".js", ".json", ".mjs", ".py", ".toml", ".yaml", ".yml"}
MAY_NAME_THE_ADDRESS = {"derivations/record/address.py", "lstmref/convert/refusals.py", "pyproject.toml"}
# Folders of one machine; the pattern does not find itself.
MACHINE_PATH = re.compile(r"(?<![A-Za-z0-9_.])(?:/(?:work|root|farm|home/\w+|Users/\w+)/|[A-Z]:\\Users\\)")


@pytest.fixture
def address(repository: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The site's address where no environment overrides it."""
    monkeypatch.delenv("LSTMREF_SITE_URL", raising=False)
    site = runpy.run_path(str(repository / "derivations" / "record" / "address.py"))["SITE"]
    assert isinstance(site, str)
    return site


@pytest.fixture
def project(repository: Path) -> dict[str, Any]:
    content = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert isinstance(content, dict)
    return content


@pytest.fixture
def citation(repository: Path) -> dict[str, Any]:
    content = yaml.safe_load((repository / "CITATION.cff").read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def test_citation_has_what_cff_requires(citation: dict[str, Any]) -> None:
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= citation.keys()
    assert citation["authors"] == [{"name": "lstmref maintainers"}]
    assert str(citation["date-released"]) == "2026-11-21"


def test_citation_and_package_agree(citation: dict[str, Any], project: dict[str, Any]) -> None:
    assert citation["title"] == project["name"]
    assert str(citation["version"]) == project["version"]
    assert citation["repository-code"] == project["urls"]["Source"]
    assert citation["license"] == [project["license"], "CC-BY-4.0"]


def test_the_address_is_one(address: str, citation: dict[str, Any], project: dict[str, Any]) -> None:
    assert re.fullmatch(r"https://[^/]+/(?:[^/]+/)*", address)
    assert citation["url"] == address
    assert project["urls"]["Homepage"] == address
    assert f"{address}conventions/" == CONVENTIONS


def test_an_environment_moves_the_address(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSTMREF_SITE_URL", "https://mirror.example/lstmref")
    site = runpy.run_path(str(repository / "derivations" / "record" / "address.py"))["SITE"]
    assert site == "https://mirror.example/lstmref/"


def test_no_code_repeats_the_address(repository: Path, address: str) -> None:
    host = address.rstrip("/")
    found = []
    for path in tracked(repository):
        name = path.relative_to(repository).as_posix()
        if path.suffix in CODE and not name.startswith("tests/") and name not in MAY_NAME_THE_ADDRESS:
            found += [name] if host in path.read_text(encoding="utf-8") else []
    assert found == []


def test_licences_are_there(repository: Path) -> None:
    assert (repository / "LICENSE").read_text(encoding="utf-8").startswith("MIT License\n")
    text = (repository / "LICENSE-TEXT").read_text(encoding="utf-8")
    assert "CC-BY-4.0" in text
    assert "https://creativecommons.org/licenses/by/4.0/legalcode" in text


def machine_paths(path: Path) -> list[int]:
    """The lines of a text file that name a folder of one machine; none in a binary file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []
    return [number for number, line in enumerate(lines, 1) if MACHINE_PATH.search(line)]


def test_no_file_names_a_folder_of_one_machine(repository: Path) -> None:
    files = tracked(repository)
    assert repository / "pyproject.toml" in files
    found = [f"{path.relative_to(repository)}:{line}" for path in files for line in machine_paths(path)]
    assert found == []


@pytest.mark.parametrize("folder", ["work/main", "root", "home/ada/lstmref", "Users/ada"])
def test_a_folder_of_one_machine_is_found(tmp_path: Path, folder: str) -> None:
    file = tmp_path / "notes.md"
    file.write_text(f"See docs/work/x and ./root/y.\nSee /{folder}/z.\n", encoding="utf-8")
    assert machine_paths(file) == [2]
