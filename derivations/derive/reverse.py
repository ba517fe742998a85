"""The backward walk: every use of a quantity sends back a share of a cotangent, and the shares add up.

A quantity is used by the equations of its own step, and beside that by what stands outside of it: the loss, which puts
Δ_t on every output of every step, and step t + 1, from which the rest of a state's cotangent arrives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sympy import MatrixSymbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language import expressions
from derivations.language.cell import Cell, Equation
from derivations.language.expressions import Atom
from derivations.language.primitives import pull_back
from derivations.language.symbols import Symbol, part_of


@dataclass(frozen=True)
class Use:
    """One place where a quantity is used, and the share of the cotangent that comes back from it.

    Attributes:
        user: the name of the quantity whose equation uses it, or None where the use lies outside of the step.
        rules: the rules applied on the way from the equation's left side to the place, outermost first.
        share: the contribution, as the rules give it.
    """

    user: str | None
    rules: tuple[str, ...]
    share: MatrixExpr


def cotangent(s: Symbol) -> Atom:
    """∂L/∂v of step t, named ``dv`` and of the shape of v."""
    return part_of(s, f"d{s.name}", "cotangent", "t" if s.when else "")


def arriving(s: Symbol) -> Atom:
    """The part of ∂L/∂s_t that comes through step t + 1."""
    return part_of(s, f"d{s.name}_next", "arriving", "t")


def from_loss(s: Symbol) -> Atom:
    """Δ_t: what the loss, or the layer above, puts on an output of step t."""
    return part_of(s, f"d{s.name}_loss", "loss", "t")


def uses(cell: Cell, symbol: Symbol) -> list[Use]:
    """Every use of the symbol, in the order of the equations; what arrives from outside comes last."""
    found = [use for equation in cell.steps for use in _uses_in(equation, symbol)]
    if symbol in cell.outputs:
        found.append(Use(None, ("loss",), from_loss(symbol)))
    if symbol in cell.states:
        found.append(Use(None, ("next-step",), arriving(symbol)))
    return found


def _uses_in(equation: Equation, symbol: Symbol) -> Iterator[Use]:
    left = equation.left
    walk = [(equation.right.node, cotangent(left), tuple[str, ...]())]
    while walk:
        node, d, rules = walk.pop(0)
        if isinstance(node, MatrixSymbol):
            if node == symbol.node:
                yield Use(left.name, rules or ("identity",), d)
            continue
        walk[:0] = [(argument, share, (*rules, rule)) for argument, share, rule in pull_back(node, d)]


def accumulate(found: list[Use]) -> MatrixExpr:
    """The sum of the shares: used in several places, a quantity receives from all of them."""
    return expressions.add(*(use.share for use in found))
