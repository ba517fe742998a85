"""What the method page says in numbers is what the proofs do."""

from __future__ import annotations

from pathlib import Path

import pytest

from derivations.prove.all_sizes import COMPOSED_UP_TO
from derivations.prove.unrolled import SIZES

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(("language", "symbols"), [("en", "{} symbols"), ("zh", "{} 个符号")])
def test_the_limit_of_the_composed_proof(language: str, symbols: str) -> None:
    page = (DOCS / language / "method.md").read_text(encoding="utf-8")
    assert symbols.format(COMPOSED_UP_TO) in page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_sizes_of_the_unrolled_proof(language: str) -> None:
    page = (DOCS / language / "method.md").read_text(encoding="utf-8")
    assert all(f"{name} = {size}" in page for name, size in SIZES.items())
