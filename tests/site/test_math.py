"""KaTeX at build time: one process, a cache, and no formula let through that KaTeX would not set."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from docs.hooks.math import Batch, Math, MathError, render


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every program started by the module, as it starts."""
    started: list[Any] = []
    run = subprocess.run

    def noting(command: Any, **options: Any) -> Any:
        started.append(command)
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", noting)
    return started


def test_a_formula_is_set_for_eyes_and_for_ears(tmp_path: Path) -> None:
    (html,) = render([Math(r"\frac{\partial L}{\partial c_{t}}", display=True)], tmp_path / "cache")
    assert 'class="katex-display"' in html
    assert "<math " in html
    assert 'aria-hidden="true"' in html


def test_display_and_inline_differ(tmp_path: Path) -> None:
    inline, displayed = render([Math(r"\sum_t a"), Math(r"\sum_t a", display=True)], tmp_path / "cache")
    assert inline != displayed


def test_one_process_renders_all(tmp_path: Path, runs: list[Any]) -> None:
    render([Math(f"x_{{{n}}}") for n in range(30)], tmp_path / "cache")
    assert len(runs) == 1


def test_the_cache_answers_without_a_process(tmp_path: Path, runs: list[Any]) -> None:
    first = render([Math("a"), Math("b")], tmp_path / "cache")
    assert render([Math("b"), Math("a")], tmp_path / "cache") == first[::-1]
    assert len(runs) == 1


def test_another_version_of_katex_is_another_formula() -> None:
    assert Math("a").key("0.19.1") != Math("a").key("0.19.2")


@pytest.mark.parametrize("tex", [r"\frac{a}", r"\unknown{a}", "a_b_c", "梯度", r"\text{a"])
def test_what_katex_refuses_is_quoted_and_not_cached(tmp_path: Path, tex: str) -> None:
    for _ in range(2):
        with pytest.raises(MathError, match=r"KaTeX|LaTeX") as raised:
            render([Math("a"), Math(tex)], tmp_path / "cache")
        assert repr(tex) in str(raised.value)


def test_a_batch_puts_each_formula_where_its_token_stood(tmp_path: Path, runs: list[Any]) -> None:
    batch = Batch(tmp_path / "cache")
    text = f"<p>{batch.token('a')} and {batch.token('b', display=True)} and {batch.token('a')}</p>"
    assert "katex" not in text
    batch.render()
    assert len(runs) == 1
    inline, displayed = render([Math("a"), Math("b", display=True)], tmp_path / "cache")
    assert batch.fill(text) == f"<p>{inline} and {displayed} and {inline}</p>"


def _spoil(change: str) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        with closing(sqlite3.connect(path)) as base:
            base.executescript(change)

    return spoil


def _write(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(change(path.read_bytes()))

    return write


DAMAGE: dict[str, Callable[[Path], None]] = {
    "cut in half": _write(lambda content: content[: len(content) // 2]),
    "no database": _write(lambda content: b"<html>" * 1000),
    "noise in the middle": _write(lambda content: content[:2000] + b"\xa5" * 4096 + content[6096:]),
    "a row edited": _spoil("UPDATE rendered SET html = 'wrong' WHERE html LIKE '%<mi>a</mi>%'"),
    "rows exchanged": _spoil(
        "UPDATE rendered SET (html, digest) = (SELECT html, digest FROM rendered AS other "
        "WHERE other.key != rendered.key)"
    ),
    "a row that is no text": _spoil("UPDATE rendered SET html = x'ff00'"),
    "a row without text": _spoil("UPDATE rendered SET html = NULL"),
    "another table": _spoil("DROP TABLE rendered; CREATE TABLE rendered (a TEXT)"),
    "no table": _spoil("DROP TABLE rendered"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_cache_is_made_anew(tmp_path: Path, runs: list[Any], name: str) -> None:
    formulas, path = [Math("a"), Math("b")], tmp_path / "cache"
    right = render(formulas, path)
    DAMAGE[name](path)
    assert render(formulas, path) == right
    assert len(runs) == 2
    assert render(formulas, path) == right
    assert len(runs) == 2


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    with pytest.raises(MathError, match=r"^cache: unable to open database file"):
        render([Math("a")], tmp_path / "cache")
