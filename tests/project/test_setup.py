"""The setup: nothing is done twice, nothing half done is trusted, and a wrong Python is refused in words."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools import setup

Steps = list[str]


@pytest.fixture
def checkout(repository: Path, tmp_path: Path) -> Path:
    """What setup reads of a checkout, in a folder of its own."""
    for name in ("pyproject.toml", "package.json", "package-lock.json", ".npmrc"):
        shutil.copy(repository / name, tmp_path)
    shutil.copytree(repository / "requirements", tmp_path / "requirements")
    return tmp_path


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    """Takes the commands' places and lists them by name. `fail at NAME` in the list makes that one fail."""
    done: Steps = []

    def run(what: str, *command: Any, **environment: str) -> None:
        if f"fail at {what}" in done:
            raise setup.SetupError(f"{what} failed")
        done.append(what)
        pinned = [str(word) for word in command if str(word).startswith("requirements/")]
        assert not pinned or "--require-hashes" in command, pinned
        if what == "npm ci":
            Path(command[0]).parents[2].joinpath("node_modules").mkdir(exist_ok=True)

    def create(self: venv.EnvBuilder, place: Path) -> None:
        done.append("venv")
        shutil.rmtree(place, ignore_errors=True)
        (place / "bin").mkdir(parents=True)
        (place / "bin" / "python").touch()

    monkeypatch.setattr(setup, "run", run)
    monkeypatch.setattr(venv.EnvBuilder, "create", create)
    return done


def all_steps(root: Path, *, tests: bool = False, any_python: bool = True) -> None:
    setup.make_environment(root, tests=tests, any_python=any_python)
    setup.install_project(root)
    setup.install_node_modules(root)


FIRST = ["venv", "installing pip", "installing packages", "checking packages"]
REST = ["installing the project itself", "npm ci"]


def test_unchanged_does_nothing(checkout: Path, steps: Steps) -> None:
    all_steps(checkout)
    assert steps == FIRST + REST
    steps.clear()
    all_steps(checkout)
    assert steps == []


def test_tests_extend_the_site_and_serve_it_too(checkout: Path, steps: Steps) -> None:
    all_steps(checkout)
    steps.clear()
    all_steps(checkout, tests=True)
    assert steps == ["installing packages", "checking packages"]
    steps.clear()
    all_steps(checkout)
    all_steps(checkout, tests=True)
    assert steps == []


def add_line(name: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        with (root / name).open("a", encoding="utf-8") as file:
            file.write("\n")

    return change


def move(root: Path) -> None:
    (root / ".venv" / "bin" / "python").unlink()


def spoil_stamp(root: Path) -> None:
    (root / ".venv" / "setup.json").write_text('{"site": "', encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (add_line("requirements/site.txt"), [*FIRST, REST[0]]),
        (add_line("requirements/bootstrap.txt"), [*FIRST, REST[0]]),
        (add_line("pyproject.toml"), [REST[0]]),
        (add_line("package-lock.json"), [REST[1]]),
        (add_line("requirements/test.txt"), []),
        (add_line("requirements/site.in"), []),
        (move, [*FIRST, REST[0]]),
        (spoil_stamp, [*FIRST, REST[0]]),
    ],
)
def test_a_change_redoes_what_depends_on_it(
    checkout: Path, steps: Steps, change: Callable[[Path], None], expected: Steps
) -> None:
    all_steps(checkout)
    steps.clear()
    change(checkout)
    all_steps(checkout)
    assert steps == expected


def test_the_checkout_is_found_below_any_path_in_any_locale(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path_factory.mktemp("路径 é") / "checkout"
    checkout.rename(root)
    packages = root / ".venv" / "lib" / "python3.11" / "site-packages"
    pointer = packages / "_editable_impl_lstmref.pth"
    run = setup.run

    def install(what: str, *command: Any, **environment: str) -> None:
        run(what, *command, **environment)
        if what == "installing the project itself":
            packages.mkdir(parents=True, exist_ok=True)
            pointer.write_text(str(root), encoding="utf-8")  # as pip does

    monkeypatch.setattr(setup, "run", install)
    for _ in range(2):
        all_steps(root)
        found = subprocess.run(
            [
                sys.executable,
                "-c",
                "import site, sys; site.addsitedir(sys.argv[1]); print(sys.path)",
                packages,
            ],
            env={"LC_ALL": "C"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert found.returncode == 0, found.stderr
        assert str(root) in ast.literal_eval(found.stdout)
        (root / ".venv" / "project.json").unlink()  # and once more


@pytest.mark.parametrize("failing", [*FIRST[1:], *REST])
def test_what_failed_is_done_again(checkout: Path, steps: Steps, failing: str) -> None:
    steps.append(f"fail at {failing}")
    with pytest.raises(setup.SetupError, match=failing):
        all_steps(checkout)
    steps.clear()
    all_steps(checkout)
    assert steps == FIRST + REST if failing in FIRST else REST[REST.index(failing) :]
    steps.clear()
    all_steps(checkout)
    assert steps == []


def test_another_python_counts_only_if_named(checkout: Path, steps: Steps) -> None:
    all_steps(checkout)
    stamp = checkout / ".venv" / "setup.json"
    setup.write_stamp(stamp, setup.read_stamp(stamp) | {"python": "3.99"})
    steps.clear()
    setup.make_environment(checkout, tests=False, any_python=True)
    assert steps == []
    setup.make_environment(checkout, tests=False, any_python=False)
    assert steps == FIRST


def test_a_failing_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(setup.SetupError, match=r"^counting failed with status 3; the lines above say why$"):
        setup.run("counting", "sh", "-c", "exit 3")


def python_of(folder: Path, name: str, version: str) -> None:
    """A program that answers like a Python of that version to the two questions find-python asks."""
    supported = version.split(".")[1] in {"11", "12", "13", "14"}
    program = folder / name
    program.write_text(
        "#!/bin/sh\n"
        f'case "$2" in *sys.exit*) exit {0 if supported else 1};; *) echo "$3 is Python {version}";; esac\n',
        encoding="utf-8",
    )
    program.chmod(0o755)


def find_python(repository: Path, path: Path, named: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shutil.which("sh") or "sh", str(repository / "tools" / "find-python.sh"), named],
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("have", "named", "chosen"),
    [
        ({"python3": "3.11.7"}, "", "python3"),
        ({"python3": "3.9.6", "python3.12": "3.12.1"}, "", "python3.12"),
        ({"python3": "3.15.0", "python3.14": "3.14.2", "python3.11": "3.11.1"}, "", "python3.14"),
        ({"python3": "3.11.7", "python3.13": "3.13.0"}, "python3.13", "python3.13"),
        ({"python": "3.12.0"}, "", "python"),
    ],
)
def test_the_first_python_that_fits(
    repository: Path, tmp_path: Path, have: dict[str, str], named: str, chosen: str
) -> None:
    for name, version in have.items():
        python_of(tmp_path, name, version)
    done = find_python(repository, tmp_path, named)
    assert (done.returncode, done.stdout.strip()) == (0, str(tmp_path / chosen))


@pytest.mark.parametrize(
    ("have", "named", "message"),
    [
        ({}, "", "python3 is not on PATH"),
        ({"python3": "3.9.6"}, "", "python3 is Python 3.9.6"),
        ({"python3": "3.12.1"}, "python3.13", "python3.13 is not on PATH"),
        ({"python3": "3.12.1", "python3.10": "3.10.2"}, "python3.10", "python3.10 is Python 3.10.2"),
    ],
)
def test_a_python_that_does_not_fit_is_named(
    repository: Path, tmp_path: Path, have: dict[str, str], named: str, message: str
) -> None:
    for name, version in have.items():
        python_of(tmp_path, name, version)
    done = find_python(repository, tmp_path, named)
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"Python 3.11, 3.12, 3.13 or 3.14 is needed, and {message}." in done.stderr


def test_help_lists_every_verb(repository: Path) -> None:
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    verbs = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert verbs
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    done = subprocess.run(
        ["make", "--silent"], cwd=repository, env=environment, capture_output=True, text=True, check=True
    )
    assert re.findall(r"^  make ([a-z-]+) +\S", done.stdout, re.MULTILINE) == verbs[1].split()
