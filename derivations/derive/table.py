"""Every symbol that a formula of a cell may print: the cell's own, and the cotangents of all of them."""

from __future__ import annotations

from derivations.derive.reverse import arriving, cotangent, from_loss
from derivations.language.cell import Cell, CellError
from derivations.language.expressions import Atom
from derivations.language.symbols import State, Symbol, When, at_first_step, part_of

DELTA = "Δ"


def table(cell: Cell) -> dict[str, Symbol]:
    """The symbols by their name in code.

    Raises:
        CellError: two symbols have one name.
    """
    found: list[Symbol] = list(cell.symbols)
    for s in cell.quantities:
        found.append(_cotangent(s, cotangent(s)))
        if s in cell.states:
            found.append(_cotangent(s, arriving(s), through="t+1"))
    for state in cell.states:
        before, first = state.previous, state.initial
        found.append(_cotangent(before, _sent_back(state, f"d{before.name}", "t"), through="t"))
        found += [first, _cotangent(first, _sent_back(state, f"d{first.name}", "1"))]
    found += [_cotangent(s, cotangent(s)) for s in cell.inputs]
    for s in cell.parameters:
        contribution = part_of(s, f"d{s.name}_t", "contribution", "t")
        found += [_cotangent(s, cotangent(s)), _cotangent(s, contribution, through="t")]
    found += [loss_symbol(cell, s) for s in cell.outputs]
    running = [s for s in found if s.key.anchor == "t" and s.key.offset == 0 and s.key.part != "contribution"]
    found += [at_first_step(s, f"{s.name}_1") for s in running]
    known: dict[str, Symbol] = {}
    for s in found:
        if known.setdefault(s.name, s) != s:
            raise CellError(
                f"{cell.name}: {s.name} is the name of two things: a {known[s.name].role} and a {s.role}"
            )
    return known


def _sent_back(s: State, name: str, anchor: str) -> Atom:
    """What a step sends back to the state before it: the part that arrives there through this step."""
    return part_of(s, name, "arriving", "t" if anchor == "t" else "1", -1)


def _cotangent(of: Symbol, node: Atom, through: When = "") -> Symbol:
    """∂L/∂v of the symbol v; ``through`` the step by which a part of it arrives."""
    meaning = "cotangent" if of.role != "parameter" else "gradient"
    if through:
        meaning = "step-contribution" if of.role == "parameter" else "arriving-cotangent"
    return Symbol(
        node,
        str(node.name),
        of.letter,
        "cotangent",
        meaning,
        index=of.index,
        of=of.meaning,
        cotangent_of=of,
        through=through,
    )


def loss_symbol(cell: Cell, output: Symbol) -> Symbol:
    """Δ_t, what the loss or the layer above puts on an output of step t; of several outputs, with its letter."""
    node = from_loss(output)
    index = output.letter if len(cell.outputs) > 1 else ""
    name = str(node.name)
    return Symbol(node, name, DELTA, "cotangent", "loss-cotangent", index=index, when="t", of=output.meaning)
