"""What prose may hold: words and markers. Finds the markers, refuses raw math, compares the languages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^\s*(`{3,}|~{3,})")
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_MARKER = re.compile(r"\{\{([^{}]*)\}\}")
_RAW_MATH = re.compile(r"\$|\\\(|\\\[|\\begin\{|<math\b")
_HEADING = re.compile(r"^\s*#{1,6}\s")


@dataclass(frozen=True)
class Problem:
    """Something on a page that fails the build."""

    page: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Marker:
    """`{{name argument …|words}}` at a line of a page; `alone` when nothing else stands on the line."""

    name: str
    args: tuple[str, ...]
    words: str | None
    line: int
    alone: bool

    @property
    def identity(self) -> str:
        """What both languages must share: the name and the arguments, not the words shown."""
        return " ".join((self.name, *self.args))

    def __str__(self) -> str:
        return "{{" + self.identity + (f"|{self.words}" if self.words is not None else "") + "}}"


def _visible_lines(text: str) -> Iterator[tuple[int, str, str]]:
    """Each line outside fenced code with its number, and the same with code spans blanked out."""
    fence: str | None = None
    for number, line in enumerate(text.split("\n"), start=1):
        found = _FENCE.match(line)
        if fence is None and found:
            fence = found[1]
        elif fence is not None:
            if found and found[1].startswith(fence) and line.strip() == found[1]:
                fence = None
        else:
            yield number, line, _CODE_SPAN.sub(lambda span: "\0" * len(span[0]), line)


def _parse(body: str, line: int, alone: bool) -> Marker:
    call, bar, words = body.partition("|")
    name, *args = call.split() or [""]
    return Marker(name, tuple(args), words.strip() if bar else None, line, alone)


def markers(text: str) -> list[Marker]:
    """The markers of a page, in order; those in code are words like any other."""
    return [
        _parse(found[1], number, masked.strip() == found[0])
        for number, _, masked in _visible_lines(text)
        for found in _MARKER.finditer(masked)
    ]


def replace(text: str, put: Callable[[Marker], str]) -> str:
    """`text` with each marker replaced by what `put` gives for it."""
    lines = text.split("\n")
    for number, line, masked in _visible_lines(text):
        for found in reversed(list(_MARKER.finditer(masked))):
            marker = _parse(found[1], number, masked.strip() == found[0])
            line = line[: found.start()] + put(marker) + line[found.end() :]
        lines[number - 1] = line
    return "\n".join(lines)


def pieces(text: str, name: str) -> Iterator[tuple[Marker | None, str]]:
    """`text` cut at each line that holds a marker of this name: the marker, and what follows it up to the next.

    What stands above the first comes with None.
    """
    lines = text.split("\n")
    cuts = [marker for marker in markers(text) if marker.name == name]
    starts = [0, *(marker.line for marker in cuts)]
    ends = [*(marker.line - 1 for marker in cuts), len(lines)]
    for marker, start, end in zip([None, *cuts], starts, ends, strict=True):
        yield marker, "\n".join(lines[start:end])


def problems(page: str, text: str) -> list[Problem]:
    """Raw math, unclosed markers, and markers in headings."""
    found = []
    for number, _, masked in _visible_lines(text):
        if raw := _RAW_MATH.search(masked):
            found.append(
                Problem(page, number, f"raw math {raw[0]!r} in prose: use a marker such as {{{{inline ID}}}}")
            )
        rest = _MARKER.sub("", masked)
        if "{{" in rest or "}}" in rest:
            found.append(Problem(page, number, "unbalanced marker: expected {{name arguments}} on one line"))
        if _HEADING.match(masked) and (inside := _MARKER.search(masked)):
            found.append(Problem(page, number, f"{inside[0]}: a marker cannot stand in a heading"))
    return found


def check_tree(docs: Path, languages: tuple[str, ...]) -> list[Problem]:
    """Every page's own problems, and where the languages differ in pages or markers."""
    trees = {language: _tree(docs / language) for language in languages}
    found = [
        problem
        for language, tree in trees.items()
        for name, text in tree.items()
        for problem in problems(f"{docs.name}/{language}/{name}", text)
    ]
    first, *others = languages
    for other in others:
        found += _compare(docs.name, first, other, trees[first], trees[other])
    return found


def _tree(folder: Path) -> dict[str, str]:
    paths = sorted(folder.rglob("*.md"))
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def _compare(docs: str, one: str, two: str, ones: dict[str, str], twos: dict[str, str]) -> Iterator[Problem]:
    missing_in = {two: ones.keys() - twos.keys(), one: twos.keys() - ones.keys()}
    for language, name in sorted((one, name) for one, names in missing_in.items() for name in names):
        yield Problem(f"{docs}/{language}/{name}", 1, "missing: the page exists in the other language only")
    for name in sorted(ones.keys() & twos.keys()):
        found = {one: markers(ones[name]), two: markers(twos[name])}
        counts = {language: Counter(m.identity for m in list_) for language, list_ in found.items()}
        for identity in sorted(counts[one].keys() | counts[two].keys()):
            fewer, more = sorted((one, two), key=lambda language: counts[language][identity])
            if counts[fewer][identity] == counts[more][identity]:
                continue
            yield Problem(
                f"{docs}/{more}/{name}",
                next(m.line for m in found[more] if m.identity == identity),
                f"{{{{{identity}}}}}: {counts[more][identity]} times here, "
                f"{counts[fewer][identity]} times in {docs}/{fewer}/{name}",
            )
