"""How large a cell's step is once it is written out: what the efforts of the proofs grow with."""

from __future__ import annotations

from derivations.language.cell import Cell
from derivations.language.expressions import key_of, symbols_in


def written_out(cell: Cell) -> int:
    """How many symbols the step has once it is composed: what the composed proof's effort grows with."""
    symbols: dict[str, int] = {}
    for e in cell.steps:
        found = [key_of(s) for s in symbols_in(e.right.node)]
        symbols[e.left.key.base] = sum(
            symbols.get(k.base, 1) if k.anchor == "t" and not k.offset else 1 for k in found
        )
    handed_out = {s.name for s in (*cell.states, *cell.outputs)}
    return sum(n for name, n in symbols.items() if name in handed_out)
