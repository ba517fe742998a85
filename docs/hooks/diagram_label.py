"""Typesets the short labels of a diagram: LaTeX such as ``\\bar{f}_{t}`` becomes positioned runs of text.

SVG has no mathematics of its own, and a diagram needs only letters, Greek, accents and scripts. This module
reads that small part of LaTeX and measures it, so that Graphviz can lay out boxes of the right size before
any browser sees them. Anything outside that part is an error, never a label silently wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SIZE: Final = 16.0
_SCRIPT: Final = 0.7
_DROP: Final = 0.22
_RAISE: Final = 0.38

_SYMBOLS: Final = {
    "odot": "⊙", "oslash": "⊘", "cdot": "·", "times": "×", "top": "⊤", "prime": "′", "circ": "∘", "partial": "∂",
    "ell": "ℓ", "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "varepsilon": "ε", "theta": "θ", "lambda": "λ",
    "mu": "μ", "sigma": "σ", "phi": "φ", "Delta": "Δ", "Sigma": "Σ",
}  # fmt: skip
_WORDS: Final = frozenset({"tanh", "exp", "log", "max", "min"})
_UPRIGHT: Final = frozenset({"mathrm", "text", "operatorname", "mathbf", "mathsf"})
_ACCENTS: Final = {"bar": "\u0304", "overline": "\u0304", "hat": "\u0302", "tilde": "\u0303"}
_SPACES: Final = frozenset(" ,;:!")
_UPRIGHT_SYMBOLS: Final = frozenset("⊙⊘Δ·×⊤′∘Σ∂")

# Advance widths in em of KaTeX's fonts; what is not listed takes the average.
_WIDTHS: Final = {
    "i": 0.345, "j": 0.412, "l": 0.298, "t": 0.361, "f": 0.490, "o": 0.485, "g": 0.477, "c": 0.433,
    "h": 0.576, "x": 0.572, "z": 0.465, "r": 0.451, "n": 0.600, "m": 0.878, "w": 0.716, "b": 0.429,
    "W": 0.944, "U": 0.683, "R": 0.759, "T": 0.584, "L": 0.681, "H": 0.831, "M": 0.970, "σ": 0.571,
    "+": 0.778, "−": 0.778, "=": 0.778, "⊙": 0.778, "⊘": 0.778, "(": 0.389, ")": 0.389, ",": 0.278, "·": 0.278,
    "′": 0.275,
}  # fmt: skip
_AVERAGE: Final = 0.55


@dataclass(frozen=True)
class Run:
    """Text set in one style; ``x`` and ``y`` are its left end and baseline, seen from the label's own."""

    text: str
    x: float
    y: float
    size: float
    width: float
    italic: bool
    accent: str = ""


@dataclass(frozen=True)
class Label:
    """A measured label, and its words for a reader who hears it (``h t−1``)."""

    runs: tuple[Run, ...]
    width: float
    speech: str

    @property
    def text(self) -> str:
        """The characters alone, in order."""
        return "".join(run.text for run in self.runs)


def typeset(latex: str, size: float = SIZE) -> Label:
    """Read ``latex`` and measure it at ``size`` pixels.

    Raises ValueError for a command or a brace that this small reader does not know.
    """
    reader = _Reader(latex, size)
    width = reader.read()
    return Label(tuple(reader.runs), width, "".join(reader.speech).strip())


class _Reader:
    """A recursive descent over the label; ``runs`` and ``speech`` grow as it goes."""

    def __init__(self, latex: str, size: float) -> None:
        self.latex = latex
        self.size = size
        self.at = 0
        self.x = 0.0
        self.runs: list[Run] = []
        self.speech: list[str] = []

    def read(self) -> float:
        self._sequence(0.0, self.size, italic=True, until="")
        return self.x

    def _fail(self, what: str) -> ValueError:
        return ValueError(f"diagram label: {what} in {self.latex!r}")

    def _sequence(self, y: float, size: float, *, italic: bool, until: str) -> None:
        self._skip_spaces()
        while self.at < len(self.latex):
            if self.latex[self.at] == until:
                self.at += 1
                return
            self._atom(y, size, italic=italic)
            self._scripts(y, size, italic=italic)
            self._skip_spaces()
        if until:
            raise self._fail(f"expected {until!r} before the end")

    def _skip_spaces(self) -> None:
        while self.at < len(self.latex) and self.latex[self.at].isspace():
            self.at += 1

    def _scripts(self, y: float, size: float, *, italic: bool) -> None:
        """A subscript and a superscript on one base start at the same place."""
        start = end = self.x
        while self.at < len(self.latex) and self.latex[self.at] in "_^":
            down = self.latex[self.at] == "_"
            self.at += 1
            self.x = start
            self.speech.append(" ")
            shift = _DROP * size if down else -_RAISE * size
            self._atom(y + shift, size * _SCRIPT, italic=italic)
            end = max(end, self.x)
        self.x = end

    def _atom(self, y: float, size: float, *, italic: bool) -> None:
        self._skip_spaces()
        if self.at >= len(self.latex):
            raise self._fail("expected a symbol, got the end")
        char = self.latex[self.at]
        self.at += 1
        if char == "{":
            self._sequence(y, size, italic=italic, until="}")
        elif char == "\\":
            self._command(y, size, italic=italic)
        elif char in "_^}&$%#~":
            raise self._fail(f"unexpected {char!r}")
        else:
            self._glyph("−" if char == "-" else "′" if char == "'" else char, y, size, italic=italic)

    def _command(self, y: float, size: float, *, italic: bool) -> None:
        start = self.at
        while self.at < len(self.latex) and self.latex[self.at].isalpha():
            self.at += 1
        name = self.latex[start : self.at]
        if not name and self.at < len(self.latex) and self.latex[self.at] in _SPACES:
            self.at += 1
        elif name in _SYMBOLS:
            self._glyph(_SYMBOLS[name], y, size, italic=italic)
        elif name in _WORDS:
            self._run(name, y, size, italic=False)
        elif name in _UPRIGHT:
            self._atom(y, size, italic=False)
        elif name in _ACCENTS:
            first = len(self.runs)
            self._atom(y, size, italic=italic)
            self._accent(first, _ACCENTS[name], "bar" if name == "overline" else name)
        else:
            raise self._fail(f"unknown command {chr(92) + name!r}")

    def _accent(self, first: int, mark: str, name: str) -> None:
        if len(self.runs) != first + 1:
            raise self._fail(f"expected one symbol under the accent {name!r}")
        base = self.runs[first]
        self.runs[first] = Run(base.text, base.x, base.y, base.size, base.width, base.italic, mark)
        self.speech.append(f" {name}")

    def _glyph(self, char: str, y: float, size: float, *, italic: bool) -> None:
        self._run(char, y, size, italic=italic and char.isalpha() and char not in _UPRIGHT_SYMBOLS)

    def _run(self, text: str, y: float, size: float, *, italic: bool) -> None:
        width = size * sum(_WIDTHS.get(char, _AVERAGE) for char in text)
        self.runs.append(Run(text, self.x, y, size, width, italic))
        self.speech.append(text)
        self.x += width
