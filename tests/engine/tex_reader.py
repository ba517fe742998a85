r"""Reads an equation back from TeX, far enough to compare it with one that somebody else has written.

The order of terms and of elementwise factors is free, and so are braces, spaces and ``h_{(t-1)}`` for ``h_{t-1}``; a
matrix product keeps its order. What is read is nested tuples.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Tree = tuple[object, ...]
_TOKEN = re.compile(
    r"\\(?:odot|cdot|sigma|tanh|langle|rangle|top)(?![a-zA-Z])|\\(?:tilde|bar|mathit)\{\w+\}|[A-Za-z0-9]|[-+=(),\[\]{}_^']"
)
_FUNCTIONS = (r"\sigma", r"\tanh")


def equation(tex: str) -> Tree:
    """Left and right side.

    Raises:
        ValueError: something that is not understood; the message quotes what is left.
    """
    reader = _Reader(list(_tokens(tex)))
    left = reader.sum()
    reader.take("=")
    right = reader.sum()
    if reader.left:
        raise ValueError(f"{tex}: {' '.join(reader.left)} is left over")
    return left, right


def _tokens(tex: str) -> Iterator[str]:
    tight = tex.replace(r"\prime", "'")
    place = 0
    while place < len(tight):
        if tight[place].isspace():
            place += 1
            continue
        found = _TOKEN.match(tight, place)
        if not found:
            raise ValueError(f"{tex}: {tight[place:]!r}")
        yield found[0]
        place = found.end()


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.left = tokens

    def take(self, token: str) -> None:
        if not self.left or self.left[0] != token:
            raise ValueError(f"expected {token}, got {' '.join(self.left) or 'the end'}")
        self.left.pop(0)

    def ahead(self, *tokens: str) -> bool:
        return bool(self.left) and self.left[0] in tokens

    def sum(self) -> Tree:
        terms = [self.hadamard()]
        while self.ahead("+", "-"):
            sign = self.left.pop(0)
            term = self.hadamard()
            terms.append(term if sign == "+" else ("-", term))
        return terms[0] if len(terms) == 1 else ("+", *sorted(terms, key=repr))

    def hadamard(self) -> Tree:
        factors = [self.product()]
        while self.ahead(r"\odot"):
            self.left.pop(0)
            factors.append(self.product())
        return factors[0] if len(factors) == 1 else ("⊙", *sorted(factors, key=repr))

    def product(self) -> Tree:
        factors = [self.atom()]
        while self.left and not self.ahead("+", "-", "=", ")", "]", "}", ",", r"\odot", r"\rangle"):
            if self.ahead(r"\cdot"):
                self.left.pop(0)
            factors.append(self.atom())
        return factors[0] if len(factors) == 1 else ("·", *factors)

    def atom(self) -> Tree:
        token = self.left.pop(0)
        if token in _FUNCTIONS:
            self.take("(")
            made: Tree = (token, self.sum())
            self.take(")")
            return made
        if token in ("(", "["):
            parts = [self.sum()]
            while self.ahead(","):
                self.left.pop(0)
                parts.append(self.sum())
            self.take(")" if token == "(" else "]")
            return parts[0] if token == "(" else ("[]", *parts)
        marks = []
        while self.ahead("_", "^", "'"):
            mark = self.left.pop(0)
            index = "'" if mark == "'" else self.index()
            marks.append(("^", index) if mark == "'" else (mark, index))
        return (token, *sorted(marks))

    def index(self) -> str:
        """What stands in an index, run together."""
        if not self.ahead("{"):
            return self.left.pop(0)
        depth, parts = 0, list[str]()
        while True:
            token = self.left.pop(0)
            depth += (token == "{") - (token == "}")
            if not depth:
                return "".join(parts)
            # Braces and the parentheses of h_{(t-1)} say nothing; the two ends of an index with a prime in it do.
            if token not in ("{", "}", "(", ")", "^"):
                parts.append(token)
