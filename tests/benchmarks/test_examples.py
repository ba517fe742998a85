"""Every example in the docstrings of the benchmarks gives what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import benchmarks
from docs.hooks import plot

MODULES = [found.name for found in pkgutil.iter_modules(benchmarks.__path__, "benchmarks.")]
NEED_TORCH = {"benchmarks.pytorch", "benchmarks.worker"}


@pytest.mark.parametrize("name", [*MODULES, plot.__name__])
def test_examples(name: str) -> None:
    if name in NEED_TORCH:
        pytest.importorskip("torch", reason="PyTorch is not installed; make setup-witnesses installs it")
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples() -> None:
    tried = [
        doctest.testmod(importlib.import_module(name)).attempted for name in ("benchmarks.fit", plot.__name__)
    ]
    assert min(tried) > 0
