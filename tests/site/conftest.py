"""The site of a small project, built once a run; nobody writes to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.hooks.build import build
from tests.once import once
from tests.site import fixture


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project whose site is built."""

    def make(folder: Path) -> None:
        root = fixture.tree(folder)
        assert build(root / "site", root)

    return once(tmp_path_factory, "site", make)
