"""What a reader must believe: the lines that decide what is proved, counted, and what they use of others.

Read off the source, so that the list cannot grow stale.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent.parent
# What a proof rests on. The derivation is not among it: a mistake there shows as a refuted formula.
DECIDES = tuple(
    f"prove/{path.name}" for path in sorted((PACKAGE / "prove").glob("*.py")) if path.name != "__init__.py"
)
# What a proof is about: the nodes that statements are made of, and the vocabulary of the cells.
SAYS = ("language/expressions.py", "language/symbols.py", "language/cell.py", "derive/formula.py")
OTHERS = ("sympy", "flint")


def trusted_base() -> dict[str, Any]:
    """Lines of code by file, and the names that the deciding files take from SymPy and python-flint."""
    return {
        "decides": [{"file": f"derivations/{name}", "lines": code_lines(PACKAGE / name)} for name in DECIDES],
        "says": [{"file": f"derivations/{name}", "lines": code_lines(PACKAGE / name)} for name in SAYS],
        "uses": {other: names_from(other) for other in OTHERS},
    }


def code_lines(path: Path) -> int:
    """Lines that hold code: neither blank, nor comment, nor docstring."""
    source = path.read_text(encoding="utf-8")
    prose: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            text = body[0].value
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                prose |= set(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    lines = enumerate(source.splitlines(), 1)
    return sum(
        1 for n, line in lines if n not in prose and line.strip() and not line.lstrip().startswith("#")
    )


def names_from(library: str) -> list[str]:
    """Every name that the deciding files import from a library."""
    found: set[str] = set()
    for name in DECIDES:
        for node in ast.walk(ast.parse((PACKAGE / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == library:
                found |= {alias.name for alias in node.names}
    return sorted(found)
