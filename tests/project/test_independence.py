"""`lstmref` and `derivations` know nothing of each other: whatever one gets wrong, the other can catch."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.sources import foreign_imports, imported, modules, text_run_as_code

# joblib, dask and tqdm run the proofs side by side and show how far they are; they have no part in them.
# safetensors, onnx and h5py are optional, for files of weights, and numba, for compiled loops; tests/convert and
# tests/compiled see to it that nothing else imports them.
MAY_IMPORT = {
    "lstmref": {"numpy", "numba", "safetensors", "onnx", "h5py"},
    "derivations": {"flint", "mpmath", "sympy", "joblib", "dask", "tqdm"},
}
MEET = ("tests/judges/", "tests/agreement/", "tests/strength/", "tests/contract/")
IMPORT_ALL = """
import importlib, json, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_nothing_else(repository: Path, package: str) -> None:
    assert modules(repository / package)
    assert foreign_imports(repository, package, MAY_IMPORT[package]) == []


@pytest.mark.parametrize(
    ("package", "never"),
    [("lstmref", {"derivations", "sympy", "flint"}), ("derivations", {"lstmref", "numpy"})],
)
def test_running_it_loads_nothing_else(repository: Path, package: str, never: set[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, package],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert package in loaded
    assert loaded & never == set()


def test_they_meet_only_where_tests_compare_them(repository: Path) -> None:
    both = []
    for folder in ("benchmarks", "docs", "tests", "tools"):
        for path in modules(repository / folder):
            names = {name.split(".")[0] for _, name in imported(ast.parse(path.read_bytes()))}
            if {"lstmref", "derivations"} <= names:
                both.append(path.relative_to(repository).as_posix())
    assert [path for path in both if not path.startswith(MEET)] == []


@pytest.mark.parametrize("folder", ["derivations", "lstmref", "docs"])
def test_no_text_is_run_as_code(repository: Path, folder: str) -> None:
    assert text_run_as_code(repository, folder) == []


@pytest.mark.parametrize(
    ("source", "line", "found"),
    [
        ("import sympy", 1, "sympy"),
        ("import numpy, derivations.cells as cells", 1, "derivations.cells"),
        ("def f():\n    from sympy.abc import x\n    return x", 2, "sympy.abc"),
        ("class A:\n    try:\n        import torch\n    except ImportError:\n        pass", 3, "torch"),
        ("import importlib\nm = importlib.import_module('sympy')", 2, "sympy"),
        ("from importlib import import_module\nm = import_module(f'derivations.{1}')", 2, "derivations."),
        ("m = __import__('sympy')", 1, "sympy"),
        ("def f(name):\n    return __import__(name)", 2, "?"),
        ("import importlib\nm = importlib.import_module(f'{__doc__}.lstm')", 2, "?"),
    ],
)
def test_a_forbidden_import_is_found(tmp_path: Path, source: str, line: int, found: str) -> None:
    package = tmp_path / "lstmref" / "deep"
    package.mkdir(parents=True)
    (package / "module.py").write_text(source, encoding="utf-8")
    expected = [f"lstmref/deep/module.py:{line}: imports {found}"]
    assert foreign_imports(tmp_path, "lstmref", {"numpy"}) == expected


def test_what_is_allowed_is_not_reported(tmp_path: Path) -> None:
    (tmp_path / "lstmref").mkdir()
    source = (
        "import os.path\nimport numpy as np\nfrom . import lstm\nfrom lstmref import rnn\n"
        "import importlib\nm = importlib.import_module(f'lstmref.{np}')\n"
        "m = importlib.import_module(f'{__package__}.lstm')\nn = 'import sympy'\n"
    )
    (tmp_path / "lstmref" / "module.py").write_text(source, encoding="utf-8")
    assert foreign_imports(tmp_path, "lstmref", {"numpy"}) == []


@pytest.mark.parametrize(
    "source",
    ["eval('1')", "def f(s):\n    exec(s)", "import sympy\nsympy.sympify('x')", "parse_expr('x')"],
)
def test_text_run_as_code_is_found(tmp_path: Path, source: str) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "module.py").write_text(source, encoding="utf-8")
    assert len(text_run_as_code(tmp_path, "docs")) == 1
