"""TeX, in the subset that KaTeX and LaTeX share."""

from __future__ import annotations

from derivations.write.typeset import (
    At,
    Bar,
    BigSum,
    Box,
    Fence,
    Frac,
    Function,
    Letter,
    Number,
    Operator,
    Row,
    Sub,
    Sup,
    Tilde,
)


def tex(box: Box) -> str:
    """The TeX of a box, without delimiters."""
    match box:
        case Letter(tex=written):
            return written
        case Number(value=value):
            return str(value)
        case Operator(tex=written):
            return written
        case Function(name=name, argument=argument, power=power):
            exponent = f"^{{{power}}}" if power != 1 else ""
            left, right = (r"\left(", r"\right)") if _tall(argument) else ("(", ")")
            return f"{name.tex}{exponent}{left}{tex(argument)}{right}"
        case Sub(base=base, below=below):
            return f"{_base(base)}_{{{_small(below)}}}"
        case Sup(base=base, above=above):
            return f"{_base(base)}^{{{_small(above)}}}"
        case Bar(base=base):
            return rf"\bar{{{tex(base)}}}"
        case Tilde(base=base):
            return rf"\tilde{{{tex(base)}}}"
        case Frac(above=above, below=below):
            return rf"\frac{{{tex(above)}}}{{{tex(below)}}}"
        case At(base=base, index=index):
            return rf"\left.{tex(base)}\right|_{{{_small(index)}}}"
        case Fence(inner=inner, opening="⟨"):
            return rf"\langle {_small(inner)} \rangle"
        case Fence(inner=inner, opening=opening, closing=closing):
            grow = (r"\left", r"\right") if _tall(inner) else ("", "")
            return f"{grow[0]}{opening}{tex(inner)}{grow[1]}{closing}"
        case BigSum(index=index, first=first, last=last):
            return rf"\sum_{{{tex(index)}={tex(first)}}}^{{{tex(last)}}}"
        case Row(parts=parts):
            return " ".join(tex(p) for p in parts)
        case _:
            raise TypeError(f"no TeX for {type(box).__name__}")


def aligned(left: Box, rows: list[Box]) -> str:
    """A statement for display; where the right side has several lines, aligned at the equals sign."""
    if len(rows) == 1:
        return f"{tex(left)} = {tex(rows[0])}"
    first, *rest = (tex(row) for row in rows)
    body = "".join(rf" \\ &\quad {row}" for row in rest)
    return rf"\begin{{aligned}} {tex(left)} &= {first}{body} \end{{aligned}}"


def _small(box: Box) -> str:
    """Indices are set tight: t-1, not t - 1."""
    return "".join(tex(p) for p in box.parts) if isinstance(box, Row) else tex(box)


def _base(box: Box) -> str:
    """What carries an index: a second index of the same kind needs braces, as in {b_{n}}_{t}."""
    return f"{{{tex(box)}}}" if isinstance(box, Frac | At | Row) else tex(box)


def _tall(box: Box) -> bool:
    match box:
        case Frac() | At() | BigSum():
            return True
        case Row(parts=parts):
            return any(_tall(p) for p in parts)
        case Fence(inner=inner) | Function(argument=inner) | Sub(base=inner) | Sup(base=inner):
            return _tall(inner)
        case _:
            return False
