"""The wheel and the source archive hold the two packages and nothing else; the wheel needs NumPy only, and works."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from email.message import Message
from email.parser import BytesParser
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.docs import blocks
from tests.once import once

# What the source archive holds beside the packages.
BESIDE = {"pyproject.toml", "README.md", "CHANGELOG.md", "CITATION.cff", "LICENSE", ".gitignore", "PKG-INFO"}
# Runs the examples of a file, and fails if there are none, or if the package is not the installed one.
RUN = """
import doctest, pathlib, sys
import lstmref
assert pathlib.Path(lstmref.__file__).is_relative_to(sys.prefix), lstmref.__file__
done = doctest.testfile(sys.argv[1], module_relative=False)
assert done.attempted > 5, done
assert "sympy" not in sys.modules
sys.exit(done.failed)
"""


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A program without what the environment tells Python and pip about other places."""
    ours = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=ours | {"SOURCE_DATE_EPOCH": "1795219200", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def built(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source archive and, made from that, the wheel, by the pinned build backend."""

    def make(folder: Path) -> None:
        done = run(
            sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, repository, cwd=folder
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return once(tmp_path_factory, "built", make)


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.ZipFile:
    """The wheel."""
    (path,) = built.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    """What the wheel says of itself."""
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return BytesParser().parsebytes(wheel.read(name))


def sources(repository: Path) -> set[str]:
    """Every Python file of the two packages."""
    return {
        path.relative_to(repository).as_posix()
        for package in ("lstmref", "derivations")
        for path in (repository / package).rglob("*.py")
    }


def test_the_wheel_holds_two_packages(wheel: zipfile.ZipFile, repository: Path) -> None:
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert {name.split("/")[0] for name in names} == {"lstmref", "derivations"}
    assert {name for name in names if name.endswith(".py")} == sources(repository)
    data = {name for name in names if not name.endswith(".py")}
    assert data == {"lstmref/py.typed", "derivations/record/evidence.schema.json", "derivations/ledger.json"}
    licences = [name for name in wheel.namelist() if name.endswith(".dist-info/licenses/LICENSE")]
    assert [wheel.read(name) for name in licences] == [(repository / "LICENSE").read_bytes()]


def test_the_source_archive_holds_what_the_wheel_is_made_of(built: Path, repository: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {name for name in names if name.endswith(".py")} == sources(repository)
    tops = {name.split("/")[0] for name in names}
    assert tops - {"lstmref", "derivations"} <= BESIDE
    assert {"LICENSE", "README.md", "pyproject.toml"} <= tops


def test_the_wheel_needs_numpy_only(metadata: Message) -> None:
    needs = metadata.get_all("Requires-Dist") or []
    assert [need.split(">")[0] for need in needs if "extra ==" not in need] == ["numpy"]
    extra = {need.split(";")[0].split("<")[0].split(">")[0] for need in needs if "extra ==" in need}
    assert extra == {
        "sympy",
        "mpmath",
        "python-flint",
        "joblib",
        "tqdm",
        "distributed",
        "numba",
        "safetensors",
        "onnx",
        "h5py",
    }
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment that has NumPy; skips where no package index has it."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.EnvBuilder(with_pip=True, symlinks=True).create(folder / "venv")
    python = folder / "venv" / "bin" / "python"
    numpy = f"numpy=={version('numpy')}"
    done = run(python, "-m", "pip", "install", "--only-binary=:all:", "--retries=0", numpy, cwd=folder)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        pytest.skip(f"no package index gives {numpy}: {last}")
    return python


def installed(python: Path) -> set[str]:
    """The names of the packages in an environment."""
    done = run(python, "-m", "pip", "list", "--format=json", cwd=python.parent)
    return {package["name"] for package in json.loads(done.stdout)}


def test_a_fresh_environment_runs_the_front_page(
    built: Path, fresh: Path, repository: Path, tmp_path: Path
) -> None:
    """Without an index, so that the wheel cannot ask for more than NumPy."""
    before = installed(fresh)
    (wheel,) = built.glob("*.whl")
    done = run(fresh, "-m", "pip", "install", "--no-index", wheel, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert installed(fresh) - before == {"lstmref"}
    assert not {"sympy", "mkdocs"} & installed(fresh)

    shown = [block.code for block in blocks.read(repository / "README.md") if block.word == "pycon"]
    page = tmp_path / "page.txt"
    page.write_text("\n".join(shown), encoding="utf-8")
    done = run(fresh, "-I", "-c", RUN, page, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    page.write_text("\n".join(shown).replace("-0.0206", "-0.0207"), encoding="utf-8")
    assert run(fresh, "-I", "-c", RUN, page, cwd=tmp_path).returncode != 0


def test_a_wheel_that_asks_for_more_is_not_installed(fresh: Path, repository: Path, tmp_path: Path) -> None:
    """The check above can fail."""
    for name in ("lstmref", "derivations"):
        shutil.copytree(repository / name, tmp_path / name)
    for name in ("README.md", "LICENSE", "pyproject.toml"):
        shutil.copy(repository / name, tmp_path)
    project = (tmp_path / "pyproject.toml").read_text(encoding="utf-8")
    more = project.replace('dependencies = ["numpy>=1.26"]', 'dependencies = ["numpy>=1.26", "mkdocs"]')
    assert more != project
    (tmp_path / "pyproject.toml").write_text(more, encoding="utf-8")
    done = run(sys.executable, "-m", "build", "--no-isolation", "--wheel", tmp_path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    done = run(fresh, "-m", "pip", "install", "--no-index", wheel, cwd=tmp_path)
    assert done.returncode != 0
    assert "mkdocs" in done.stderr
