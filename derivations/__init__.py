"""Derives, proves and prints the equations of recurrent cells. SymPy only: no NumPy, no natural language.

One direction, each module reading only what stands above it::

    language ─ cells/            a cell is its forward equations
    rules ─ reverse ─ rewrite    the backward equations, step by step
    prove/                       shows each one right, sharing no code with the derivation
    catalogue ─ evidence         every formula by its ID, with what was proved of it
    render/ ─ cli                the same formula as TeX, MathML, SymPy, NumPy, JSON, a citation
"""
