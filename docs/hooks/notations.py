"""The formulas in other notations: the marks on a page by which they are found, and the files that hold them.

A page shows the site's own notation and needs nothing else. Each formula that a notation writes differently carries a
mark, `data-math="lstm:d12"`. A reader who has chosen a notation gets one more file for each cell on the page,
`assets/notations/<hash>/pytorch.lstm.json`, in which `d12` is that formula as KaTeX sets it. Both languages share them.

KaTeX's HTML repeats itself: a file lists each tag and text once and a formula as their numbers, a fifth of the size.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

from docs.hooks.catalogue import Catalogue, Record
from docs.hooks.math import Math, options, render
from docs.hooks.paths import npm_version

FOLDER: Final = "assets/notations"
# Sets a formula in a line as if it were displayed.
LARGE: Final = r"\displaystyle "
FORMAT: Final = 1

Mode = Literal["display", "inline", "large", "tex"]
# Displayed formulas are broken into lines, all else is not: their TeX differs.
_TEXTS: Final[dict[Mode, str]] = {
    "display": "display",
    "inline": "inline",
    "large": "inline",
    "tex": "inline",
}
_PIECE: Final = re.compile(r"<[^>]*>|[^<]+")
_MARK: Final = re.compile(r'\bdata-(?:math|tex)="([^":]+):([a-z]\d+)"')
_CELLS: Final = re.compile(r'\bdata-math="([^":]+):')


class Notations:
    """What the catalogue says of other notations."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.records = catalogue.notations

    @cached_property
    def folder(self) -> str:
        """Where the files lie below the site's root; another one whenever anything in them could differ."""
        said = json.dumps([FORMAT, npm_version("katex"), options(), self.records], sort_keys=True)
        return f"{FOLDER}/{hashlib.sha256(said.encode()).hexdigest()[:12]}"

    @cached_property
    def _places(self) -> dict[tuple[str, str], dict[str, int]]:
        """For each cell, what any notation writes differently, numbered: by its TeX in the site's own notation."""
        found: dict[tuple[str, str], dict[str, int]] = {}
        for record in self.records:
            for cell, use in record["cells"].items():
                for kind in ("display", "inline"):
                    places = found.setdefault((cell, kind), {})
                    for own in use[kind]:
                        places.setdefault(own, len(places))
        return found

    def mark(self, cell: str, mode: Mode, tex: str) -> str:
        """The attribute by which a formula of a cell is found; empty where every notation writes it like the site."""
        place = self._places.get((cell, _TEXTS[mode]), {}).get(tex)
        if place is None:
            return ""
        name = "data-tex" if mode == "tex" else "data-math"
        return f' {name}="{cell}:{mode[0]}{place}"'

    def written(self) -> dict[str, list[str]]:
        """The cells that each notation writes."""
        return {record["name"]: list(record["cells"]) for record in self.records}

    def files(self) -> Iterator[tuple[str, str]]:
        """Each file's address below the site's root, and its text.

        Raises MathError where KaTeX refuses a formula.
        """
        uses = [
            (record["name"], cell, use) for record in self.records for cell, use in record["cells"].items()
        ]
        wanted = [self._wanted(cell, use) for _, cell, use in uses]
        html = iter(render([math for maths in wanted for math in maths.values()]))
        for (name, cell, use), maths in zip(uses, wanted, strict=True):
            made = {key: next(html) for key in maths}
            yield f"{self.folder}/{name}.{cell}.json", self._file(cell, use, made)

    def _wanted(self, cell: str, use: Record) -> dict[str, Math]:
        """What a notation writes differently, by its key, in every way in which a page may show it."""
        found = {}
        for mode in ("display", "inline", "large"):
            for own, other in use[_TEXTS[mode]].items():
                key = f"{mode[0]}{self._places[cell, _TEXTS[mode]][own]}"
                found[key] = Math((LARGE if mode == "large" else "") + other, mode == "display")
        return found

    def _file(self, cell: str, use: Record, made: dict[str, str]) -> str:
        pieces: dict[str, int] = {}
        math = {
            key: [pieces.setdefault(piece, len(pieces)) for piece in _PIECE.findall(html)]
            for key, html in made.items()
        }
        places = self._places[cell, "inline"]
        tex = {f"t{places[own]}": other for own, other in use["inline"].items()}
        # What this notation writes like the site: a key that is in neither list is an error.
        same = [
            f"{mode[0]}{place}"
            for mode in _TEXTS
            for own, place in self._places[cell, _TEXTS[mode]].items()
            if own not in use[_TEXTS[mode]]
        ]
        held = {"pieces": list(pieces), "math": math, "tex": tex, "same": same}
        return json.dumps(held, ensure_ascii=False, separators=(",", ":")) + "\n"


def on_page(html: str) -> list[str]:
    """The cells of which a page shows formulas that some notation writes differently."""
    return sorted(set(_CELLS.findall(html)))


def check(site: Path) -> list[str]:
    """What is wrong between the pages and the files of a built site, one line each."""
    problems, held = [], {}
    for path in sorted((site / FOLDER).glob("*/*.json")):
        here = path.relative_to(site).as_posix()
        try:
            held[path.stem] = _keys(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            problems.append(f"/{here}: damaged: {error!r}")
            held[path.stem] = set()
    for path in sorted(site.rglob("*.html")):
        here = "/" + path.relative_to(site).as_posix()
        for cell, key in sorted(set(_MARK.findall(path.read_text(encoding="utf-8")))):
            holding = [name for name in held if name.partition(".")[2] == cell]
            if not holding:
                problems.append(f"{here}: {cell}:{key}: no notation writes this cell")
            problems += [
                f"{here}: {cell}:{key}: not in {name}.json" for name in holding if key not in held[name]
            ]
    return problems


def _keys(file: Record) -> set[str]:
    """The keys that a file answers.

    Raises ValueError where a formula is not what KaTeX makes, IndexError where it has a piece that is not listed.
    """
    for key, numbers in file["math"].items():
        html = "".join(file["pieces"][number] for number in numbers)
        if not html.startswith('<span class="katex') or html.count("<span") != html.count("</span>"):
            raise ValueError(f"{key}: {html[:60]!r}")
    return {*file["math"], *file["tex"], *file["same"]}
