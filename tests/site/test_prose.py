"""What prose may hold, and that both languages hold the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.hooks import prose
from docs.hooks.prose import Marker, check_tree, markers, problems, replace


def _tree(root: Path, **pages: str) -> Path:
    docs = root / "docs"
    for key, text in pages.items():
        language, name = key.split("_")
        path = docs / language / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return docs


def test_markers_are_found_with_their_place() -> None:
    text = "# Title\n\n{{formula lstm.backward.c rnn.forward.h}}\n\n{{term forget-gate|gate}} {{inline a}}.\n"
    assert markers(text) == [
        Marker("formula", ("lstm.backward.c", "rnn.forward.h"), None, 3, True),
        Marker("term", ("forget-gate",), "gate", 5, False),
        Marker("inline", ("a",), None, 5, False),
    ]


def test_code_is_left_alone() -> None:
    text = "`{{a}}` and `` `$x$` ``\n\n```python\n{{b}} $y$\n```\n\n~~~\n{{c}}\n```\n{{d}}\n~~~\n{{e}}"
    assert [marker.name for marker in markers(text)] == ["e"]
    assert problems("page", text) == []
    assert replace(text, lambda marker: marker.name.upper()) == text.replace("{{e}}", "E")


def test_markers_on_a_line_are_replaced_in_place() -> None:
    assert (
        replace("a {{x}} b `{{x}}` {{y z}}\nend", lambda m: f"<{m.identity}>") == "a <x> b `{{x}}` <y z>\nend"
    )


@pytest.mark.parametrize("text", ["$a$", r"\(a\)", r"\[a\]", r"\begin{aligned}", "<math>", "costs $5"])
def test_raw_math_is_refused(text: str) -> None:
    (problem,) = problems("docs/en/a.md", f"fine\n\n{text}\n")
    assert str(problem).startswith("docs/en/a.md:3: raw math")


@pytest.mark.parametrize("text", ["{{formula", "formula}}", "{{a {{b}}"])
def test_unbalanced_markers_are_refused(text: str) -> None:
    assert any("unbalanced" in problem.message for problem in problems("page", text))


def test_a_marker_in_a_heading_is_refused() -> None:
    (problem,) = problems("page", "## On {{inline a}}")
    assert "heading" in problem.message


def test_two_equal_trees_pass(tmp_path: Path) -> None:
    docs = _tree(tmp_path, en_a="A {{term x|words}}\n{{cells}}\n", zh_a="{{cells}}\n\n甲{{term x}}\n")
    assert check_tree(docs, ("en", "zh")) == []


@pytest.mark.parametrize(("only", "missing"), [("en", "zh"), ("zh", "en")])
def test_a_page_in_one_language_only_is_refused(tmp_path: Path, only: str, missing: str) -> None:
    docs = _tree(tmp_path, en_a="A", zh_a="甲", **{f"{only}_b": "B"})
    (problem,) = check_tree(docs, ("en", "zh"))
    assert str(problem).startswith(f"docs/{missing}/b.md:1: missing")


def test_a_marker_more_often_in_one_language_is_refused(tmp_path: Path) -> None:
    docs = _tree(tmp_path, en_a="A\n\n{{formula a}} {{cite b}}", zh_a="甲\n{{cite b}}{{formula a}}{{cite b}}")
    (problem,) = check_tree(docs, ("en", "zh"))
    assert str(problem) == "docs/zh/a.md:2: {{cite b}}: 2 times here, 1 times in docs/en/a.md"


def test_a_marker_with_other_arguments_is_another_marker(tmp_path: Path) -> None:
    docs = _tree(tmp_path, en_a="{{formula a}}", zh_a="{{formula b}}")
    assert len(check_tree(docs, ("en", "zh"))) == 2


def test_the_projects_own_prose_passes(repository: Path) -> None:
    found = check_tree(repository / "docs", prose_languages())
    assert found == [], "\n".join(map(str, found))


def prose_languages() -> tuple[str, ...]:
    return tuple(sorted(path.name for path in (Path(prose.__file__).parents[1]).glob("[a-z][a-z]")))
