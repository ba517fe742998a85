"""Every block of Python in the prose runs, and the languages show the same code."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.docs import blocks

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, CHINESE = ROOT / "docs" / "en", ROOT / "docs" / "zh"
PAGES = [ROOT / "README.md", *sorted(ENGLISH.rglob("*.md"))]
# Not installed everywhere; `make witnesses` has them all.
MAY_BE_ABSENT = {"flax", "jax", "keras", "onnx", "onnxruntime", "safetensors", "torch"}


def pages() -> list[object]:
    """Each page that has blocks; marked as a witness if it needs a program written by others."""
    found: list[object] = []
    for page in PAGES:
        if here := blocks.read(page):
            marks = [pytest.mark.witness] if blocks.imported(here) & MAY_BE_ABSENT else []
            found.append(pytest.param(page, id=page.relative_to(ROOT).as_posix(), marks=marks))
    return found


# Not called `page`: that name belongs to the browser.
@pytest.mark.parametrize("source", pages())
def test_the_blocks_of_a_page_run_in_order(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # As tests/witnesses has it: Keras on JAX, and its settings neither read nor written in the user's home.
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    try:
        blocks.run(blocks.read(source))
    except ModuleNotFoundError as error:
        name = (error.name or "").split(".")[0]
        if name not in MAY_BE_ABSENT or os.environ.get("LSTMREF_REQUIRE_WITNESSES"):
            raise
        pytest.skip(f"{name} is not installed; `make witnesses` installs it")


@pytest.mark.parametrize(
    "source", [page for page in PAGES if page.is_relative_to(ENGLISH)], ids=lambda page: page.name
)
def test_the_languages_show_the_same_code(source: Path) -> None:
    other = CHINESE / source.relative_to(ENGLISH)
    if not other.exists():
        assert not blocks.read(source) or source.parent.name == "api"  # the API reference is English
        return
    english, chinese = blocks.read(source), blocks.read(other)
    assert len(english) == len(chinese)
    for one, two in zip(english, chinese, strict=True):
        assert blocks.without_comments(one) == blocks.without_comments(two), f"{other.name}:{two.line}"


def written(folder: Path, text: str) -> list[blocks.Block]:
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    return blocks.read(page)


def test_blocks_share_their_names(tmp_path: Path) -> None:
    text = (
        "a\n```python\nx = 1\n```\nb\n```pycon\n>>> x + 1\n2\n>>> y = 5\n```\n```python\nassert y == 5\n```\n"
    )
    found = written(tmp_path, text)
    assert [(block.line, block.word) for block in found] == [(3, "python"), (7, "pycon"), (12, "python")]
    blocks.run(found)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("```python\n1 / 0\n```\n", ZeroDivisionError, "division by zero"),
        ("```pycon\n>>> 1 + 1\n3\n```\n", AssertionError, r"Expected:\n    3\nGot:\n    2"),
        ("```pycon\n>>> 1 / 0\n```\n", AssertionError, "ZeroDivisionError"),
        ("```pycon\n1 + 1\n```\n", AssertionError, r"page\.md:2: a block of pycon without >>>"),
        ("```python\nimport nowhere_to_be_found\n```\n", ModuleNotFoundError, "nowhere_to_be_found"),
    ],
)
def test_a_block_that_is_wrong_is_found(
    tmp_path: Path, text: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        blocks.run(written(tmp_path, text))


def test_a_traceback_gives_the_line_of_the_page(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        blocks.run(written(tmp_path, "text\n\n```python\nx = 0\n1 / x\n```\n"))
    assert (str(caught.traceback[-1].path), caught.traceback[-1].lineno + 1) == ("page.md", 5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "1. a\n\n    ```python\n    x = 1\n    ```\n",
            r"page\.md:3: an indented block of python would not be run",
        ),
        ("```python\nx = 1\n", r"page\.md:1: this block does not end"),
    ],
)
def test_a_block_that_would_be_missed_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        written(tmp_path, text)


def test_other_blocks_are_not_run(tmp_path: Path) -> None:
    assert (
        written(tmp_path, "```py\nquoted\n```\n```sh\nls\n```\n````md\n```python\nshown\n```\n````\n") == []
    )


def test_languages_may_differ_in_comments_only(tmp_path: Path) -> None:
    def essence(text: str) -> list[list[str]]:
        return [blocks.without_comments(block) for block in written(tmp_path, text)]

    one = essence(
        "```python\nx = 1  # a number\n\n# more\nif x:\n    y = 2\n```\n```pycon\n>>> y  # two\n2\n```\n"
    )
    assert one == essence(
        "```python\nx = 1  # 一个数\nif x:\n    y = 2\n```\n```pycon\n>>> y  # 二\n2\n```\n"
    )
    assert one != essence("```python\nx = 1\nif x:\n    y = 3\n```\n```pycon\n>>> y\n2\n```\n")
    assert one != essence("```python\nx = 1\nif x:\n    pass\ny = 2\n```\n```pycon\n>>> y\n2\n```\n")
    assert one != essence("```python\nx = 1\nif x:\n    y = 2\n```\n```pycon\n>>> y\n3\n```\n")


def test_what_a_page_imports(tmp_path: Path) -> None:
    text = "```python\nimport torch.nn\nfrom keras import layers\n```\n```pycon\n>>> import onnx\n```\n"
    assert blocks.imported(written(tmp_path, text)) == {"torch", "keras", "onnx"}
