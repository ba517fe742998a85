"""A formula is data: ID, statement, shapes of its symbols, assumptions, source or derivation, hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sympy import Expr, MatrixSymbol
from sympy.core.symbol import Str
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language import Source, Symbol
from derivations.language.expressions import symbols_in

Pass = Literal["forward", "backward", "count"]
Kind = Literal["uses", "local", "substitute", "rewrite", "result"]


@dataclass(frozen=True)
class DerivationStep:
    """One step of a derivation, as a reader follows it.

    Attributes:
        kind: ``uses`` shows an equation in which the quantity is used, ``local`` what comes back from it,
            ``substitute`` the sum of what comes back, ``rewrite`` a more readable form, ``result`` the statement.
        rules: names of the rules applied, outermost first.
        refs: IDs of the formulas that the step rests on.
        left, right: the step's statement.
    """

    kind: Kind
    rules: tuple[str, ...]
    refs: tuple[str, ...]
    left: MatrixExpr
    right: MatrixExpr


@dataclass(frozen=True)
class Formula:
    """A statement ``left = right`` about a cell.

    Attributes:
        cell, pass_, quantity: the three parts of the ID, e.g. ``lstm``, ``backward``, ``c``.
        left: the symbol that the statement defines.
        right: a matrix expression, or a scalar one for a count.
        symbols: every symbol that may be printed, by name.
        assumptions: keys of what the statement takes for granted, worded by the docs.
        source: for a forward formula, where it comes from; a derived one has steps instead.
    """

    cell: str
    pass_: Pass
    quantity: str
    left: Symbol
    right: MatrixExpr | Expr
    symbols: Mapping[str, Symbol]
    assumptions: tuple[str, ...]
    source: Source | None = None
    steps: tuple[DerivationStep, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.cell}.{self.pass_}.{self.quantity}"

    @property
    def used(self) -> tuple[Symbol, ...]:
        """The symbols of the statement, the left side's first, each once."""
        names = [self.left.name]
        if isinstance(self.right, MatrixExpr):
            names += [node.name for node in symbols_in(self.right)]
        return tuple(self.symbols[n] for n in dict.fromkeys(names))

    @property
    def hash(self) -> str:
        """A digest of what the formula says: ID, statement, shapes and assumptions, not of how it is printed."""
        shapes = " ".join(f"{s.name}:{'×'.join(map(str, s.shape))}" for s in self.used)
        said = "\n".join(
            (self.id, f"{self.left.name} = {canonical(self.right)}", shapes, " ".join(self.assumptions))
        )
        return f"sha256:{hashlib.sha256(said.encode()).hexdigest()}"


def canonical(node: MatrixExpr | Expr) -> str:
    """An expression as nested parentheses, the same on every version of SymPy."""
    if isinstance(node, MatrixSymbol):
        return str(node.name)
    if isinstance(node, Str):
        return str(node.name)
    if not node.args:
        return str(node)
    return f"({type(node).__name__} {' '.join(canonical(a) for a in node.args)})"
