"""Plain text for a terminal: ``∂L/∂c[t] = o[t] ⊙ (1 − tanh²(c[t])) ⊙ ∂L/∂h[t] + ∂L/∂c[t]|t+1``."""

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

COMBINING_MACRON, COMBINING_TILDE = "\u0304", "\u0303"
SUPERSCRIPTS = {"2": "²", "⊤": "ᵀ", "′": "′"}


def text(box: Box) -> str:
    """One line of Unicode text."""
    match box:
        case Letter(text=written):
            return written
        case Number(value=value):
            return str(value)
        case Operator(text=written, sign=sign):
            return written if sign else f"{written} " if written == "," else f" {written} "
        case Function(name=name, argument=argument, power=power):
            exponent = SUPERSCRIPTS[str(power)] if power != 1 else ""
            return f"{name.text}{exponent}({text(argument)})"
        case Sub(base=base, below=Fence() as below):
            return f"{text(base)}{text(below)}"
        case Sub(base=base, below=below):
            index = text(below).replace(" ", "")
            return f"{text(base)}[{index}]" if _is_time(below) else f"{text(base)}_{index}"
        case Sup(base=base, above=above):
            raised = text(above).replace(" ", "")
            return f"{text(base)}{SUPERSCRIPTS.get(raised, f'[{raised}]')}"
        case Bar(base=base):
            return f"{text(base)}{COMBINING_MACRON}"
        case Tilde(base=base):
            return f"{text(base)}{COMBINING_TILDE}"
        case Frac(above=above, below=below):
            return f"{text(above).replace(' ', '')}/{text(below).replace(' ', '')}"
        case At(base=base, index=index):
            return f"{text(base)}|{text(index).replace(' ', '')}"
        case Fence(inner=inner, opening=opening, closing=closing):
            return f"{opening}{text(inner)}{closing}"
        case BigSum(index=index, first=first, last=last):
            return f"Σ[{text(index)}={text(first)}…{text(last)}] "
        case Row(parts=parts):
            return _row(parts)
        case _:
            raise TypeError(f"no text for {type(box).__name__}")


def _is_time(index: Box) -> bool:
    """Whether an index is a time step, t, t − 1 or a number, and not the name of a gate."""
    first = index.parts[0] if isinstance(index, Row) and len(index.parts) > 1 else index
    return isinstance(first, Number) or first == Letter("t", "t")


def _row(parts: tuple[Box, ...]) -> str:
    """Factors side by side are set apart by a space, except the ∂ of a derivative."""
    written = ""
    for k, part in enumerate(parts):
        tight = k == 0 or isinstance(part, Operator) or isinstance(parts[k - 1], Operator | BigSum)
        tight = tight or (isinstance(parts[k - 1], Letter) and parts[k - 1] == Letter("∂", r"\partial"))
        written += ("" if tight else " ") + text(part)
    return written
