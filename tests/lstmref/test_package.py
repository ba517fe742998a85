"""Cells are found by looking, examples in docstrings are true, and the package leans on NumPy alone."""

import ast
import doctest
import importlib
import pkgutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

import lstmref
from lstmref import NameSetError, discovery

FOLDER = Path(lstmref.__path__[0])
MODULES = ["lstmref", *(f"lstmref.{info.name}" for info in pkgutil.iter_modules(lstmref.__path__))]


def test_the_cells_are_the_files_that_define_a_cell() -> None:
    """Found a second way, from the source: every file with a function `parameter_shapes`."""
    defining = {
        path.stem.replace("_", "-")
        for path in FOLDER.glob("*.py")
        if any(
            isinstance(node, ast.FunctionDef) and node.name == "parameter_shapes"
            for node in ast.parse(path.read_text(encoding="utf-8")).body
        )
    }
    assert set(lstmref.cells()) == defining
    assert {"rnn", "lstm", "lstm-linear", "gru", "gru-cho", "gru-after"} <= defining


def test_a_new_file_is_a_new_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = tmp_path / "new_cell.py"
    new.write_text("from lstmref.rnn import *\nfrom lstmref.rnn import STATES\n", encoding="utf-8")
    monkeypatch.setattr(lstmref, "__path__", [*lstmref.__path__, str(tmp_path)])
    monkeypatch.setattr(discovery, "_found", discovery._found.__wrapped__)
    try:
        assert lstmref.cells()["new-cell"].parameter_shapes(1, 2)["W"] == (2, 1)
        new.write_text("def parameter_shapes(D, H):\n    return {}\n", encoding="utf-8")
        sys.modules.pop("lstmref.new_cell")
        importlib.invalidate_caches()
        with pytest.raises(TypeError, match=r"lstmref\.new_cell: expected a cell, but it lacks STATES"):
            lstmref.cells()
    finally:
        sys.modules.pop("lstmref.new_cell", None)
        if hasattr(lstmref, "new_cell"):
            delattr(lstmref, "new_cell")


def test_an_unknown_cell_is_refused() -> None:
    with pytest.raises(NameSetError, match=r"^cell: expected one of .*gru.*, got 'lstm_linear'$"):
        lstmref.cell("lstm_linear")


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str) -> None:
    module: ModuleType = importlib.import_module(name)
    found = doctest.testmod(module)
    assert found.failed == 0
    if hasattr(module, "parameter_shapes"):
        assert found.attempted > 0, "a cell shows at least one example"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_only_numpy_and_the_standard_library_are_imported(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            assert name.split(".")[0] in {"lstmref", "numpy", *sys.stdlib_module_names}


def test_types_are_shipped() -> None:
    assert (FOLDER / "py.typed").is_file()
