"""One file a cell, or one file a family. Cells are found here by looking, not by a list kept elsewhere."""

from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from traceback import extract_tb

from derivations.language.cell import Cell, CellError
from derivations.language.expressions import ShapeError


@cache
def cells() -> dict[str, Cell]:
    """Every cell by its name, in the order of their names.

    Raises:
        CellError: a file's cell is refused.
        ValueError: a file of one cell is not named as the cell, with hyphens as underscores; two cells have one name.
    """
    found: dict[str, Cell] = {}
    for info in iter_modules(__path__):
        for cell in _read(info.name):
            if cell.name in found:
                raise ValueError(f"cells/{info.name}.py: there are two cells named {cell.name}")
            found[cell.name] = cell
    return dict(sorted(found.items()))


def _read(name: str) -> tuple[Cell, ...]:
    """The cells of one file: its ``CELL``, or its ``CELLS`` if it is a family.

    Raises:
        CellError: one is refused; with the file, and the line that holds the equation.
        ValueError: the file's name is not that of its cell.
    """
    try:
        module = import_module(f"{__name__}.{name}")
    except (ShapeError, CellError) as error:
        frames = extract_tb(error.__traceback__)
        place = next(f for f in reversed(frames) if Path(f.filename).stem == name)
        raise CellError(f"cells/{name}.py, line {place.lineno}: {place.line}: {error}") from error
    if hasattr(module, "CELLS"):
        return tuple(module.CELLS)
    cell: Cell = module.CELL
    if cell.name.replace("-", "_") != name:
        raise ValueError(f"cells/{name}.py: expected a cell named {name.replace('_', '-')}, got {cell.name}")
    return (cell,)
