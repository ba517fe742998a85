"""Reads Python sources without running them: what they import and what they call, anywhere in a file."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

IMPORTERS = {"__import__", "import_module", "find_spec", "run_module"}


def modules(folder: Path) -> list[Path]:
    """Every Python file below `folder`, sorted."""
    return sorted(folder.rglob("*.py"))


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of each import, also inside functions and by name through importlib.

    What stays within the package is left out: a relative import, or a name that starts with `__package__` or
    `__name__`. Of a name put together at run time only its start is known: `import_module(f"jax.{name}")`
    gives `jax.`, and a name that starts with anything else gives `?`.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module
        elif isinstance(node, ast.Call) and called(node) in IMPORTERS and node.args:
            name = start(node.args[0])
            if not name.startswith("."):
                yield node.lineno, name


def start(name: ast.expr) -> str:
    """What is known of a module's name before running it; `.` for the package's own."""
    if isinstance(name, ast.JoinedStr) and name.values:
        return start(name.values[0])
    if isinstance(name, ast.FormattedValue):
        return start(name.value)
    if isinstance(name, ast.Constant) and isinstance(name.value, str):
        return name.value
    return "." if isinstance(name, ast.Name) and name.id in {"__package__", "__name__"} else "?"


def called(call: ast.Call) -> str:
    """The last name of what is called: `f` for both `f(x)` and `m.f(x)`."""
    function = call.func
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def foreign_imports(root: Path, package: str, allowed: Collection[str]) -> list[str]:
    """`file:line: imports name` for what `package` imports beyond itself, Python's own and `allowed`."""
    known = {package, *allowed} | sys.stdlib_module_names
    return [
        f"{path.relative_to(root).as_posix()}:{line}: imports {name}"
        for path in modules(root / package)
        for line, name in imported(ast.parse(path.read_bytes()))
        if name.split(".")[0] not in known
    ]


def text_run_as_code(root: Path, folder: str) -> list[str]:
    """`file:line: calls name` for each call that would run text as Python."""
    found = []
    for path in modules(root / folder):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call):
                plain = isinstance(node.func, ast.Name) and node.func.id in {"eval", "exec"}
                if plain or called(node) in {"sympify", "parse_expr"}:
                    where = f"{path.relative_to(root).as_posix()}:{node.lineno}"
                    found.append(f"{where}: calls {called(node)}")
    return found
