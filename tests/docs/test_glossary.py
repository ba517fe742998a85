"""The glossary, the words of the generated parts, the terms in prose: complete in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import yaml

DOCS = Path(__file__).resolve().parents[2] / "docs"
LANGUAGES = ("en", "zh")
TERM = re.compile(r"\{\{\s*term\s+([^\s|}]+)")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Chinese punctuation belongs to Chinese text; a full stop after a Chinese character does not.
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;:?!]|[\u4e00-\u9fff]\.(?!\w)")
CLOSE = re.compile(r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]")
# What is the same in every language: names of formats.
UNTRANSLATED = {"latex", "mathml", "sympy", "numpy", "json", "bibtex", "ris", "csl", "title"}
# Names of programs and people.
UNTRANSLATED |= {"cudnn", "flax", "keras", "onednn", "onnx", "pytorch", "colah", "to-torch"}
UNTRANSLATED |= {"version-lstmref", "version-numba", "version-numpy", "version-python", "version-torch"}
# Names of functions.
UNTRANSLATED |= {"sigmoid", "tanh"}


class OnceLoader(yaml.SafeLoader):
    """A YAML reader that refuses a key given twice, where the usual one keeps the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise ValueError(f"line {node.start_mark.line + 1}: given twice: {', '.join(sorted(twice))}")
        return super().construct_mapping(node, deep=deep)


def read_text(text: str) -> dict[str, Any]:
    data: dict[str, Any] = yaml.load(text, OnceLoader)
    return data


def read(name: str) -> dict[str, Any]:
    return read_text((DOCS / name).read_text(encoding="utf-8"))


def words(language: str) -> dict[str, Any]:
    return read(f"words.{language}.yml")


def glossary_problems(glossary: dict[str, Any]) -> Iterator[str]:
    """What is missing or misplaced in a glossary, an entry a line."""
    for key, entry in glossary.items():
        if not re.fullmatch(r"[a-z]+(-[a-z]+)*", key):
            yield f"{key}: expected lower-case words joined by hyphens"
        if set(entry) != set(LANGUAGES):
            yield f"{key}: expected {LANGUAGES}, got {tuple(entry)}"
            continue
        for language, one in entry.items():
            if not {"term", "text"} <= set(one) <= {"term", "text", "also"}:
                yield f"{key}.{language}: expected term, text and perhaps also, got {tuple(one)}"
            for name in ("term", "text"):
                if not str(one.get(name, "")).strip():
                    yield f"{key}.{language}.{name}: empty"
            yield from language_problems(f"{key}.{language}.text", language, str(one.get("text", "")))
    for language in LANGUAGES:
        terms = [str(entry[language]["term"]) for entry in glossary.values() if language in entry]
        for term in {t for t in terms if terms.count(t) > 1}:
            yield f"{term}: the {language} term of more than one key"


def language_problems(place: str, language: str, text: str) -> Iterator[str]:
    """Text in the wrong language; Chinese with half-width punctuation or no space beside Latin letters."""
    if language == "en" and CHINESE.search(text):
        yield f"{place}: Chinese in English text"
    if language == "zh":
        if not CHINESE.search(text):
            yield f"{place}: no Chinese in Chinese text"
        if found := HALF_WIDTH.search(text):
            yield f"{place}: half-width punctuation at {found[0]!r}"
        if found := CLOSE.search(text):
            yield f"{place}: no space at {found[0]!r}"


def flat(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """`section.key` -> words, for a table of any depth."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def places(template: str) -> list[str]:
    """The names that a template leaves open."""
    return sorted(name for _, name, _, _ in Formatter().parse(template) if name is not None)


def words_problems(english: dict[str, Any], chinese: dict[str, Any]) -> Iterator[str]:
    """Where the two tables of words differ in more than language."""
    en, zh = flat(english), flat(chinese)
    for key in sorted(en.keys() ^ zh.keys()):
        yield f"{key}: in words.{'en' if key in en else 'zh'}.yml only"
    for key in sorted(en.keys() & zh.keys()):
        for language, text in (("en", en[key]), ("zh", zh[key])):
            if not isinstance(text, str) or not text:
                yield f"{key}: expected text in {language}, got {text!r}"
                return
        if places(en[key]) != places(zh[key]):
            yield f"{key}: places {places(en[key])} in English, {places(zh[key])} in Chinese"
        if is_proper_name(key, en[key], zh[key]):
            continue
        # A template of places and punctuation alone has nothing to translate.
        if key.rpartition(".")[2] not in UNTRANSLATED and re.search(r"\w", re.sub(r"\{\w+\}", "", zh[key])):
            yield from language_problems(f"zh {key}", "zh", zh[key])
        yield from language_problems(f"en {key}", "en", en[key])


def is_proper_name(key: str, english: str, chinese: str) -> bool:
    """Whether a cell is called by one word that both languages share, as JANET is."""
    return key.startswith("cells.") and english == chinese and " " not in chinese


def unknown_terms(text: str, glossary: dict[str, Any]) -> list[str]:
    """Keys that `{{term …}}` names and the glossary does not hold."""
    return [key for key in TERM.findall(text) if key not in glossary]


def pages(*languages: str) -> list[Path]:
    return sorted(path for language in languages for path in (DOCS / language).rglob("*.md"))


def test_the_glossary_is_complete_in_both_languages() -> None:
    glossary = read("glossary.yml")
    assert len(glossary) > 50
    assert list(glossary_problems(glossary)) == []


def test_both_languages_have_words_for_the_same_keys() -> None:
    assert list(words_problems(words("en"), words("zh"))) == []


@pytest.mark.parametrize("path", pages(*LANGUAGES), ids=lambda path: path.relative_to(DOCS).as_posix())
def test_every_term_in_prose_is_in_the_glossary(path: Path) -> None:
    assert unknown_terms(path.read_text(encoding="utf-8"), read("glossary.yml")) == []


@pytest.mark.parametrize("path", pages(*LANGUAGES), ids=lambda path: path.relative_to(DOCS).as_posix())
def test_every_page_has_a_title_and_a_description_in_its_language(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    head = yaml.safe_load(text.split("---\n")[1])
    assert head["title"].strip()
    assert 20 <= len(head["description"]) <= 160
    assert bool(CHINESE.search(head["description"])) == (path.relative_to(DOCS).parts[0] == "zh")


@pytest.mark.parametrize("path", pages("en"), ids=lambda path: path.name)
def test_english_pages_hold_no_chinese(path: Path) -> None:
    assert CHINESE.search(path.read_text(encoding="utf-8")) is None


@pytest.mark.parametrize("path", pages("zh"), ids=lambda path: path.name)
def test_chinese_pages_have_chinese_punctuation_and_spacing(path: Path) -> None:
    body = path.read_text(encoding="utf-8").split("---\n", 2)[2]
    # Markers, code, and the addresses of links are not prose.
    prose = re.sub(r"```.*?```|`[^`]*`|\{\{.*?\}\}|\]\([^)]*\)|<[^>]*>", "", body, flags=re.DOTALL)
    found = [m[0] for line in prose.splitlines() for m in (*HALF_WIDTH.finditer(line), *CLOSE.finditer(line))]
    assert found == []


# The checks themselves must be able to fail.

GOOD = {"a-b": {"en": {"term": "a", "text": "One."}, "zh": {"term": "甲", "text": "第 1 个。"}}}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"a-b": {"en": {"term": "a", "text": "One."}}}, "a-b: expected"),
        ({"A b": GOOD["a-b"]}, "A b: expected lower-case"),
        ({"a-b": {**GOOD["a-b"], "zh": {"term": "甲", "text": " "}}}, "a-b.zh.text: empty"),
        ({"a-b": {**GOOD["a-b"], "zh": {"term": "甲", "text": "One."}}}, "no Chinese"),
        ({"a-b": {**GOOD["a-b"], "zh": {"term": "甲", "text": "第1个。"}}}, "no space"),
        ({"a-b": {**GOOD["a-b"], "zh": {"term": "甲", "text": "甲,乙。"}}}, "half-width"),
        ({"a-b": {**GOOD["a-b"], "en": {"term": "a", "text": "甲"}}}, "Chinese in English"),
        ({"a-b": {**GOOD["a-b"], "en": {"term": "a", "txt": "One."}}}, "a-b.en: expected term"),
        ({**GOOD, "c": GOOD["a-b"]}, "more than one key"),
    ],
)
def test_a_faulty_glossary_is_found(change: dict[str, Any], complaint: str) -> None:
    assert list(glossary_problems(GOOD)) == []
    assert any(complaint in problem for problem in glossary_problems(change))


@pytest.mark.parametrize(
    ("chinese", "complaint"),
    [
        ({"s": {}}, "in words.en.yml only"),
        ({"s": {"k": "甲"}}, "places"),
        ({"s": {"k": ""}}, "expected text"),
        ({"s": {"k": "{a} b"}}, "no Chinese"),
        ({"s": {"k": "{a}甲;"}}, "half-width"),
    ],
)
def test_faulty_words_are_found(chinese: dict[str, Any], complaint: str) -> None:
    english = {"s": {"k": "{a} one"}}
    assert list(words_problems(english, {"s": {"k": "{a}甲"}})) == []
    assert any(complaint in problem for problem in words_problems(english, chinese))


def test_the_name_of_a_cell_may_be_the_same_in_both_languages_if_it_is_one_word() -> None:
    name, phrase, other = {"cells": {"k": "JANET"}}, {"cells": {"k": "Cell of one"}}, {"s": {"k": "JANET"}}
    assert list(words_problems(name, name)) == []
    for table in (phrase, other):
        assert any("no Chinese" in problem for problem in words_problems(table, table))


def test_a_key_given_twice_is_found() -> None:
    assert read_text("s:\n  k: a\n") == {"s": {"k": "a"}}
    with pytest.raises(ValueError, match="line 2: given twice: k"):
        read_text("s:\n  k: a\n  k: b\n")


def test_an_unknown_term_is_found() -> None:
    assert unknown_terms("{{term a-b}} {{term c|words}}", GOOD) == ["c"]
