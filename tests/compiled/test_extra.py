"""Numba is asked for when it is needed, by one folder alone, and its absence is said in words."""

from __future__ import annotations

import ast
import doctest
import importlib
import subprocess
import sys
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

import lstmref
from lstmref import ExtraError, accelerated
from lstmref.fast import compiled
from tests.project.sources import imported, modules

FOLDER = Path(compiled.__path__[0])
LOAD = """
import sys
import lstmref
lstmref.cells()
print("numba" in sys.modules)
"""


def test_it_is_not_loaded_unless_asked_for() -> None:
    done = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_nothing_else_imports_it() -> None:
    package = Path(lstmref.__path__[0])
    importing = {
        path
        for path in modules(package)
        if "numba" in {name.split(".")[0] for _, name in imported(ast.parse(path.read_bytes()))}
    }
    assert importing == {FOLDER / "__init__.py", FOLDER / "elementary.py"}


def test_without_it_an_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    with (
        pytest.raises(
            ExtraError, match=r'^accelerated: expected Numba, got .*pip install "lstmref\[numba\]"'
        ),
        accelerated(),
    ):
        pass


@pytest.mark.parametrize("name", ["", ".elementary", ".lstm"])
def test_examples_in_docstrings(name: str) -> None:
    pytest.importorskip("numba")
    done = doctest.testmod(importlib.import_module(f"lstmref.fast.compiled{name}"))
    assert done.attempted > 0
    assert done.failed == 0


def test_where_nothing_can_be_kept_it_compiles_all_the_same() -> None:
    """As in a read-only installation of a user without a home: of code without a file Numba can keep nothing."""
    pytest.importorskip("numba")
    elementary = importlib.import_module("lstmref.fast.compiled.elementary")
    nowhere = FunctionType(twice.__code__.replace(co_filename="<nowhere>"), {})
    caches = {}
    for name, function in (("kept", twice), ("not kept", nowhere)):
        compiled: Any = elementary.kernel(function)
        assert compiled(2.0) == 4.0
        caches[name] = type(compiled._cache).__name__
    assert caches == {"kept": "FunctionCache", "not kept": "NullCache"}


def twice(x: float) -> float:
    """A loop to compile; it has a file."""
    return x + x
