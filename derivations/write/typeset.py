"""What a formula is made of once it is laid out: letters, operators and the ways they stack.

Every writer (TeX, MathML, plain text) turns these few boxes into its format and decides nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

CLOSING = {"(": ")", "[": "]", "⟨": "⟩"}


@dataclass(frozen=True)
class Box:
    """Anything that can be printed."""


@dataclass(frozen=True)
class Letter(Box):
    """An identifier: the character, and its TeX."""

    text: str
    tex: str


@dataclass(frozen=True)
class Number(Box):
    value: int


@dataclass(frozen=True)
class Operator(Box):
    """A binary operator or a relation, with space on both sides; a sign, with none."""

    text: str
    tex: str
    sign: bool = False


@dataclass(frozen=True)
class Function(Box):
    """The name of a function with its argument in parentheses; ``power`` stands on the name."""

    name: Letter
    argument: Box
    power: int = 1


@dataclass(frozen=True)
class Sub(Box):
    base: Box
    below: Box


@dataclass(frozen=True)
class Sup(Box):
    base: Box
    above: Box


@dataclass(frozen=True)
class Bar(Box):
    """A bar over a letter: a pre-activation."""

    base: Box


@dataclass(frozen=True)
class Tilde(Box):
    """A tilde over a letter: a candidate, as some write it."""

    base: Box


@dataclass(frozen=True)
class Frac(Box):
    above: Box
    below: Box


@dataclass(frozen=True)
class At(Box):
    """A vertical bar with an index after a box: the part of a cotangent that arrives through a step."""

    base: Box
    index: Box


@dataclass(frozen=True)
class Fence(Box):
    """Parentheses, brackets or angle brackets."""

    inner: Box
    opening: Literal["(", "[", "⟨"] = "("

    @property
    def closing(self) -> str:
        return CLOSING[self.opening]


@dataclass(frozen=True)
class BigSum(Box):
    """The sum sign with its limits."""

    index: Box
    first: Box
    last: Box


@dataclass(frozen=True)
class Row(Box):
    """Boxes side by side."""

    parts: tuple[Box, ...]


def joined(boxes: Sequence[Box], between: Operator) -> Box:
    """Boxes with an operator between them."""
    parts: list[Box] = []
    for made in boxes:
        parts += [between, made] if parts else [made]
    return parts[0] if len(parts) == 1 else Row(tuple(parts))


def raised(base: Box, above: Box) -> Sup:
    """A base with something above; in parentheses where it is tall, or has a superscript already, as y^t may have."""
    return Sup(Fence(base) if isinstance(base, Frac | At) or _has_superscript(base) else base, above)


def _has_superscript(box: Box) -> bool:
    match box:
        case Sup():
            return True
        case Sub(base=base):
            return _has_superscript(base)
        case Row(parts=parts):
            return any(map(_has_superscript, parts))
        case _:
            return False


def width(box: Box) -> float:
    """A rough width in em, enough to decide where a long line is broken."""
    match box:
        case Letter(text=text):
            return 0.6 * len(text)
        case Number(value=value):
            return 0.5 * len(str(value))
        case Operator(sign=sign):
            return 0.8 if sign else 1.3
        case Function(name=name, argument=argument):
            return width(name) + 0.8 + width(argument)
        case Sub(base=base, below=small) | Sup(base=base, above=small) | At(base=base, index=small):
            return width(base) + 0.7 * width(small)
        case Bar(base=base) | Tilde(base=base):
            return width(base)
        case Frac(above=above, below=below):
            return max(width(above), width(below)) + 0.3
        case Fence(inner=inner):
            return width(inner) + 0.8
        case BigSum():
            return 1.6
        case Row(parts=parts):
            return sum(width(p) for p in parts)
        case _:
            raise TypeError(f"no width for {type(box).__name__}")
