"""Every public name says what it takes, gives and raises, where it comes from, and shows it in an example."""

from __future__ import annotations

import doctest
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import lstmref
from tests.project.public import modules, names, problems, raised

HEAD = '''"""A module."""

from contextlib import contextmanager

import numpy as np
from made_up.errors import MadeUpError

Array = np.ndarray


'''
# A function whose docstring lacks nothing; each test takes something away.
WHOLE = '''def twice(x: Array) -> Array:
    """Twice the numbers.

    Args:
        x: any shape.

    Raises:
        MadeUpError: for an empty one.

    Dtypes:
        float32, float64.

    Source:
        arithmetic.

    Examples:
        >>> int(twice(np.array(2)))
        4
    """
    if x.size == 0:
        raise MadeUpError("x: expected numbers")
    return 2 * x
'''
CALLS = '''

@contextmanager
def _catching(kind: object):
    try:
        yield
    except ValueError:
        pass


def _check(x: Array) -> None:
    if x.size == 0:
        raise MadeUpError("x: expected numbers")


def same(x: Array) -> Array:
    """Raises and takes what `twice` does: see `twice`.

    Examples:
        >>> int(same(np.array(2)))
        2
    """
    _check(x)
    return x
'''


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., ModuleType]]:
    """Makes a package `made_up` of one module, from its source; it is forgotten afterwards."""

    def make(source: str, name: str = "module.py") -> ModuleType:
        folder = tmp_path / "made_up"
        folder.mkdir()
        (folder / "__init__.py").write_text('"""A package."""\n', encoding="utf-8")
        (folder / "errors.py").write_text(
            '"""Errors."""\n\n\nclass MadeUpError(ValueError):\n    """Raised."""\n', encoding="utf-8"
        )
        (folder / name).write_text(source, encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        importlib.invalidate_caches()
        return importlib.import_module("made_up")

    yield make
    for name in [name for name in sys.modules if name.partition(".")[0] == "made_up"]:
        del sys.modules[name]


# -- the package ---------------------------------------------------------------


def test_no_public_name_lacks_anything() -> None:
    assert problems(lstmref) == []


def test_the_names_are_found() -> None:
    found = {name.label for name in names(lstmref)}
    cells = [cell.replace("-", "_") for cell in lstmref.cells()]
    assert {
        f"lstmref.cells.{cell}.{name}" for cell in cells for name in ("forward", "step_backward")
    } <= found
    assert {
        "lstmref.errors.ShapeError",
        "lstmref.network.architecture.Architecture.parameter_shapes",
    } <= found
    assert not any("._" in name for name in found)


@pytest.mark.parametrize("module", modules(lstmref), ids=lambda module: str(module.__name__))
def test_the_examples_are_true(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


def test_what_is_raised_is_found_where_it_comes_from() -> None:
    function = next(name for name in names(lstmref) if name.label == "lstmref.cells.lstm.forward").function()
    assert function is not None
    found = raised(function)
    assert {one.__name__ for one in found} == {"ShapeError", "KindError", "NameSetError", "NotFiniteError"}


# -- the check itself ----------------------------------------------------------


@pytest.mark.parametrize("source", [WHOLE, WHOLE + CALLS])
def test_what_lacks_nothing_passes(made_up: Callable[..., ModuleType], source: str) -> None:
    assert problems(made_up(HEAD + source)) == []


@pytest.mark.parametrize(
    ("old", "new", "lacks"),
    [
        ('    """Twice', '    _ = """Twice', "a docstring"),
        ("        x: any shape", "        y: any shape", "what x is"),
        ("    Args:\n        x: any shape.\n", "    x: any shape.\n", "what x is"),
        ("any shape", "numbers", "shapes"),
        ("    Dtypes:\n        float32, float64.\n\n", "", "dtypes"),
        ("    Raises:\n        MadeUpError: for an empty one.\n\n", "", "that it raises MadeUpError"),
        ("    Raises:\n        MadeUpError: for", "    Raises MadeUpError for", "that it raises MadeUpError"),
        (
            "        MadeUpError:",
            "        OtherError: never.\n        MadeUpError:",
            "OtherError: no such exception",
        ),
        ("    Source:\n        arithmetic.\n\n", "", "source"),
        ("    Source:\n        arithmetic.\n", "    Source: arithmetic.\n", "source"),
        ("int(twice(np.array(2)))", "2 + 2", "an example"),
        (">>> int", "int", "an example"),
        ("    Examples:\n", "", "an example"),
    ],
)
def test_what_is_lacking_is_told(made_up: Callable[..., ModuleType], old: str, new: str, lacks: str) -> None:
    assert WHOLE.count(old) == 1
    assert problems(made_up(HEAD + WHOLE.replace(old, new))) == [f"made_up.module.twice: {lacks}"]


def test_a_reference_that_leads_nowhere_states_nothing(made_up: Callable[..., ModuleType]) -> None:
    found = problems(made_up(HEAD + WHOLE + CALLS.replace("see `twice`", "see `thrice`")))
    same = [line.removeprefix("made_up.module.same: ") for line in found]
    assert same == ["what x is", "shapes", "dtypes", "that it raises MadeUpError"]


@pytest.mark.parametrize(
    ("body", "lacking"),
    [
        ("    _check(x)\n", True),
        ("    try:\n        _check(x)\n    except ValueError:\n        pass\n", False),
        ("    try:\n        _check(x)\n    except KeyError:\n        pass\n", True),
        ("    try:\n        pass\n    finally:\n        _check(x)\n", True),
        ("    for one in x:\n        with np.errstate():\n            _check(one)\n", True),
        ("    return [_check(one) for one in x]\n", True),
        ("    with _catching(ValueError):\n        _check(x)\n", False),
        ("    with np.errstate():\n        _check(x)\n", True),
        ("    same(x)\n", False),
    ],
)
def test_what_a_call_raises_must_be_told_unless_caught(
    made_up: Callable[..., ModuleType], body: str, lacking: bool
) -> None:
    source = CALLS.replace(
        "Raises and takes what `twice` does: see `twice`.",
        "The same.\n\n    Args:\n        x: any shape, float64.",
    )
    found = problems(made_up(HEAD + source.replace("    _check(x)\n", body)))
    assert found == ["made_up.module.same: that it raises MadeUpError"] * lacking


@pytest.mark.parametrize(
    ("source", "lacks"),
    [
        ('class Thing:\n    """A thing."""\n', []),
        ('class Thing:\n    """Thing(x)."""\n', ["Thing: a docstring"]),
        ("class Thing:\n    x = 1\n", ["Thing: a docstring"]),
        ("from typing import NamedTuple\n\n\nclass Thing(NamedTuple):\n    x: int\n", ["Thing: a docstring"]),
        (
            'class Thing:\n    """A thing."""\n\n    def f(self) -> int:\n        """One."""\n        return 1\n',
            ["Thing: an example", "Thing.f: an example"],
        ),
        (
            'class Thing:\n    """A thing.\n\n    Examples:\n        >>> Thing().f()\n        1\n    """\n\n'
            "    @property\n    def g(self) -> int:\n        return 1\n\n"
            '    @staticmethod\n    def f() -> int:\n        """One."""\n        return 1\n',
            ["Thing.g: a docstring"],
        ),
        (
            'class Thing:\n    """A thing."""\n\n    def __init__(self) -> None:\n        raise MadeUpError("no")\n',
            ["Thing: that it raises MadeUpError"],
        ),
        ("def _private():\n    pass\n", []),
        ("from pathlib import Path\n", []),
    ],
)
def test_classes_and_methods(made_up: Callable[..., ModuleType], source: str, lacks: list[str]) -> None:
    assert problems(made_up(HEAD + source)) == [f"made_up.module.{line}" for line in lacks]


def test_a_module_without_a_docstring_is_told_and_a_private_one_is_not(
    made_up: Callable[..., ModuleType],
) -> None:
    assert problems(made_up("x = 1\n")) == ["made_up.module: a docstring"]


def test_what_a_private_module_defines_counts_where_it_is_exported(
    made_up: Callable[..., ModuleType], tmp_path: Path
) -> None:
    made_up("def f():\n    pass\n\n\ndef g():\n    pass\n", "_hidden.py")
    (tmp_path / "made_up" / "seen.py").write_text(
        '"""Seen."""\nfrom made_up._hidden import f, g\n\n__all__ = ["f"]\n', encoding="utf-8"
    )
    importlib.invalidate_caches()
    assert problems(importlib.import_module("made_up")) == ["made_up.seen.f: a docstring"]
