"""Cells are found by looking, examples in docstrings are true, and the package leans on NumPy alone."""

import ast
import doctest
import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

import lstmref
from lstmref import NameSetError, discovery
from tests.lstmref import checker

FOLDER = Path(lstmref.__path__[0])
# What a room may import where it is installed.
OPTIONAL = {"compiled": {"numba"}, "convert": {"safetensors", "onnx", "h5py"}}
CELLS = [f"lstmref.cells.{name.replace('-', '_')}" for name in lstmref.cells()]


def test_the_cells_are_the_files_that_define_a_cell() -> None:
    """Found a second way, from the source: every file with a function `parameter_shapes`."""
    defining = {
        path.stem.replace("_", "-")
        for path in FOLDER.rglob("*.py")
        if any(
            isinstance(node, ast.FunctionDef) and node.name == "parameter_shapes"
            for node in ast.parse(path.read_text(encoding="utf-8")).body
        )
    }
    assert set(lstmref.cells()) == defining
    assert {"rnn", "lstm", "lstm-linear", "gru", "gru-cho", "gru-after", "lstmp", "gla"} <= defining


def test_a_new_file_is_a_new_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its passes, and by its name in the package; half a cell is refused."""
    package = importlib.import_module("lstmref.cells")
    new = tmp_path / "new_cell.py"
    source = (FOLDER / "cells" / "rnn.py").read_text(encoding="utf-8")
    new.write_text(source, encoding="utf-8")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    monkeypatch.setattr(discovery, "_found", discovery._found.__wrapped__)
    try:
        cell = lstmref.cells()["new-cell"]
        assert cell.parameter_shapes(D=1, H=2)["W"] == (2, 1)
        assert lstmref.new_cell.__name__ == cell.__name__
        assert cell.forward.__module__ == "lstmref.cells.new_cell"
        assert checker.wrong(cell, checker.Sizes(3, 2, 2, 3), seed=1) == {}
        new.write_text("def parameter_shapes(D, H):\n    return {}\n", encoding="utf-8")
        sys.modules.pop("lstmref.cells.new_cell")
        importlib.invalidate_caches()
        with pytest.raises(
            TypeError, match=r"lstmref\.cells\.new_cell: expected a cell, but it lacks LAYOUT, STATES"
        ):
            lstmref.cells()
    finally:
        sys.modules.pop("lstmref.cells.new_cell", None)
        if hasattr(package, "new_cell"):
            delattr(package, "new_cell")


def test_names_of_the_package() -> None:
    """Cells by their names, the function that finds them and not the folder, and nothing else."""
    from lstmref import cells, gru_after, network, stream

    assert gru_after.__name__ == lstmref.cell("gru-after").__name__ == "lstmref.cells.gru_after"
    assert cells is discovery.cells
    assert network.forward.__module__ == "lstmref.network"
    assert stream.__name__ == "lstmref.network.stream"
    with pytest.raises(AttributeError, match=r"^module 'lstmref' has no attribute 'lstm_deep'$"):
        lstmref.lstm_deep  # noqa: B018


def test_an_unknown_cell_is_refused() -> None:
    with pytest.raises(NameSetError, match=r"^cell: expected one of .*gru.*, got 'lstm_linear'$"):
        lstmref.cell("lstm_linear")


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_shows_an_example(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.failed == 0
    assert found.attempted > 3


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: path.name)
def test_only_numpy_and_the_standard_library_are_imported(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            room = next((part for part in path.parts if part in OPTIONAL), "")
            optional = OPTIONAL.get(room, set())
            assert name.split(".")[0] in {"lstmref", "numpy", *optional, *sys.stdlib_module_names}


def test_types_are_shipped() -> None:
    assert (FOLDER / "py.typed").is_file()


@pytest.mark.parametrize("given", [None, 5, ["lstm"], b"lstm", {}])
def test_a_cell_is_asked_for_by_a_name(given: Any) -> None:
    with pytest.raises(lstmref.KindError, match=f"cell: expected a name, got {type(given).__name__}"):
        lstmref.cell(given)
