"""The bibliography (`references.bib`): entries by key, and how one is cited and listed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bibtexparser.entrypoint import parse_string
from bibtexparser.model import Entry
from pylatexenc.latex2text import LatexNodes2Text

# Addresses hold % and ~ as they stand; everything else may be written in LaTeX.
_VERBATIM = frozenset({"url", "doi", "urldate"})
_DECODE = LatexNodes2Text(keep_comments=True)


class BibliographyError(ValueError):
    """`references.bib` cannot be read, or does not hold a key."""


@dataclass(frozen=True)
class Reference:
    """One entry as plain text; `names` are the authors, as `Family, Given` or an organisation."""

    key: str
    kind: str
    names: tuple[str, ...]
    fields: dict[str, str]

    @property
    def authors(self) -> list[str]:
        """Each author as `Given Family`, or the name of an organisation."""
        return [" ".join(reversed(name.split(", ", 1))) for name in self.names]

    @property
    def families(self) -> list[str]:
        """Each author's family name (all of an organisation's)."""
        return [name.split(", ", 1)[0] for name in self.names]

    @property
    def year(self) -> str:
        """The year, or nothing."""
        return self.fields.get("year") or self.fields.get("date", "")[:4]

    @property
    def url(self) -> str | None:
        """Where to read it: the DOI first."""
        if doi := self.fields.get("doi"):
            return f"https://doi.org/{doi}"
        return self.fields.get("url")

    @property
    def venue(self) -> str:
        """Journal, book or publisher with volume and pages."""
        fields = self.fields
        place = (
            fields.get("journal")
            or fields.get("booktitle")
            or fields.get("publisher")
            or fields.get("howpublished")
            or fields.get("organization")
            or ""
        )
        volume = fields.get("volume", "")
        if volume and (number := fields.get("number")):
            volume = f"{volume} ({number})"
        pages = fields.get("pages", "").replace("--", "–")
        return ", ".join(part for part in (" ".join(p for p in (place, volume) if p), pages) if part)

    def short(self, language: str) -> str:
        """`Gers et al. (2000)`, as a citation in running text."""
        families = self.families or [self.fields.get("title", self.key)]
        if len(families) > 2:
            who = f"{families[0]} 等" if language == "zh" else f"{families[0]} et al."
        else:
            who = (" 和 " if language == "zh" else " and ").join(families)
        if not self.year:
            return who
        return f"{who}（{self.year}）" if language == "zh" else f"{who} ({self.year})"


@dataclass(frozen=True)
class Bibliography:
    """All references, in the order of the file."""

    references: dict[str, Reference]

    def __iter__(self) -> Iterator[Reference]:
        return iter(self.references.values())

    def get(self, key: str) -> Reference:
        """The reference of this key; raises `BibliographyError`."""
        if key not in self.references:
            raise BibliographyError(f"unknown reference {key!r}; known: {', '.join(sorted(self.references))}")
        return self.references[key]


def load(path: Path) -> Bibliography:
    """Read a BibTeX file; raises `BibliographyError` for one that is missing, malformed or repeats a key."""
    if not path.exists():
        raise BibliographyError(f"{path.name}: not found")
    library = parse_string(path.read_text(encoding="utf-8"))
    if library.failed_blocks:
        lines = ", ".join(str((block.start_line or 0) + 1) for block in library.failed_blocks)
        raise BibliographyError(f"{path.name}: cannot be parsed at line {lines}")
    return Bibliography({entry.key: _reference(entry) for entry in library.entries})


def _reference(entry: Entry) -> Reference:
    raw = {field.key.lower(): " ".join(str(field.value).split()) for field in entry.fields}
    names = tuple(_plain(name) for name in _names(raw.get("author", "")))
    fields = {key: value if key in _VERBATIM else _plain(value) for key, value in raw.items()}
    return Reference(entry.key, entry.entry_type, names, fields)


def _names(text: str) -> list[str]:
    """The names in an author field: split at each `and` that stands outside braces."""
    names: list[list[str]] = [[]]
    depth = 0
    for word in text.split():
        if word == "and" and depth == 0:
            names.append([])
            continue
        names[-1].append(word)
        depth += word.count("{") - word.count("}")
    return [" ".join(name) for name in names if name]


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[{}]", "", _DECODE.latex_to_text(text)).split())
