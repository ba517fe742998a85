"""One file a cell. Cells are found here by looking, not by a list kept elsewhere."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from derivations.language import Cell


@cache
def cells() -> dict[str, Cell]:
    """Every cell by its name, in the order of their names.

    Raises:
        CellError: a file's cell is refused.
        ValueError: a file's name is not its cell's name with hyphens as underscores.
    """
    found: dict[str, Cell] = {}
    for info in iter_modules(__path__):
        cell: Cell = import_module(f"{__name__}.{info.name}").CELL
        if cell.name.replace("-", "_") != info.name:
            raise ValueError(
                f"cells/{info.name}.py: expected a cell named {info.name.replace('_', '-')}, got {cell.name}"
            )
        found[cell.name] = cell
    return dict(sorted(found.items()))
