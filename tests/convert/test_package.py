"""Examples in docstrings are true, and the package asks for nothing that it does not need."""

from __future__ import annotations

import ast
import doctest
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from lstmref import convert
from tests.project.sources import imported

FOLDER = Path(convert.__path__[0])
FILES = sorted(FOLDER.glob("*.py"))
OPTIONAL = {"tensors": {"safetensors"}, "onnx_file": {"onnx"}, "keras_files": {"h5py"}}
LOAD = """
import sys
from lstmref import convert
print(sorted({"torch", "keras", "onnx", "safetensors", "h5py"} & {name.split(".")[0] for name in sys.modules}))
"""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_examples_in_docstrings(path: Path) -> None:
    name = "" if path.stem == "__init__" else f".{path.stem}"
    assert doctest.testmod(importlib.import_module(f"lstmref.convert{name}")).failed == 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_imports(path: Path) -> None:
    """NumPy only, and each optional package in one function of one file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {name.split(".")[0] for _, name in imported(tree)} - sys.stdlib_module_names
    assert names <= {"lstmref", "numpy"} | OPTIONAL.get(path.stem, set())


def test_no_framework_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_function_shows_an_example() -> None:
    public = [getattr(convert, name) for name in convert.__all__]
    functions = [value for value in public if callable(value) and not isinstance(value, type)]
    assert len(functions) == 12
    assert [f.__name__ for f in functions if ">>>" not in (f.__doc__ or "") and f is not convert.load] == []
