"""The words of the site in one language: the glossary and what the generated parts say."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from docs.hooks.catalogue import Record

_TAG = re.compile(r"<[^>]*>")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Za-z0-9(§]")


class WordsError(ValueError):
    """A key that the glossary or the words do not hold."""


@dataclass(frozen=True)
class Words:
    """Glossary and words of one language; every lookup of an unknown key raises `WordsError`."""

    language: str
    glossary: dict[str, Any]
    table: dict[str, Any]

    def say(self, key: str, **places: object) -> str:
        """The words at `section.key`, its places filled."""
        section, _, name = key.partition(".")
        table = self.table.get(section, {})
        found = table.get(name)
        if not isinstance(found, str):
            raise WordsError(f"words.{self.language}.yml: no words for {key!r}{_near(name, table)}")
        return found.format(**places) if places else found

    def knows(self, key: str) -> bool:
        """Whether there are words at `section.key`."""
        section, _, name = key.partition(".")
        return name in self.table.get(section, {})

    def entry(self, key: str) -> dict[str, Any]:
        """A glossary entry in this language: term, text, perhaps also."""
        if key not in self.glossary:
            raise WordsError(f"glossary.yml: unknown term {key!r}{_near(key, self.glossary)}")
        entry: dict[str, Any] = self.glossary[key][self.language]
        return entry

    def term(self, key: str) -> str:
        """What a glossary key is called."""
        return str(self.entry(key)["term"])

    def meaning(self, symbol: Record) -> str:
        """What a symbol means, e.g. `input weight of the forget gate`."""
        meaning = self.term(symbol["meaning"])
        if not symbol.get("of"):
            return meaning
        return self.say("phrase.meaning-of", meaning=meaning, of=self.term(symbol["of"]))

    def sentences(self, said: Sequence[str]) -> str:
        """Sentences one after the other; Chinese sets no space between them."""
        return ("" if self.language == "zh" else " ").join(said)

    def listed(self, parts: Sequence[str]) -> str:
        """Parts one after the other, as in a table: `a, b, c`."""
        return self.say("phrase.list-separator").join(parts)

    def number(self, count: int) -> str:
        """A count as this language writes it: `3,421`, and 3421 in Chinese."""
        return str(count) if self.language == "zh" else f"{count:,}"

    def percent(self, share: float) -> str:
        """A share as whole percent; what is not nothing is not written as nothing."""
        return self.say("phrase.percent", n="< 1" if 0 < share < 0.005 else f"{100 * share:.0f}")

    def join(self, parts: Sequence[str]) -> str:
        """A list as running text: `a, b and c`."""
        if len(parts) < 2:
            return "".join(parts)
        separator, last = self.say("phrase.list-separator"), self.say("phrase.list-last")
        before, after = separator.join(parts[:-1]), parts[-1]
        return before + self._space(before, last) + last + self._space(last, after) + after

    def _space(self, before: str, after: str) -> str:
        """What stands between two pieces of text: where Chinese meets Latin letters or digits, a space."""
        if self.language != "zh":
            return ""
        sides = _TAG.sub("", before)[-1:], _TAG.sub("", after)[:1]
        return " " if any(map(_CHINESE.match, sides)) and any(map(_LATIN.match, sides)) else ""


def _near(key: str, table: dict[str, Any]) -> str:
    near = difflib.get_close_matches(key, table, n=3, cutoff=0.5)
    return f"; nearest: {', '.join(near)}" if near else ""


def load(docs: Path, language: str) -> Words:
    """Read `glossary.yml` and `words.<language>.yml` in `docs`; raises `WordsError` when one is missing."""
    tables = []
    for name in ("glossary.yml", f"words.{language}.yml"):
        path = docs / name
        if not path.exists():
            raise WordsError(f"{name}: not found")
        tables.append(yaml.safe_load(path.read_text(encoding="utf-8")))
    return Words(language, *tables)
