"""One file a cell. Cells are found here by looking, not by a list kept elsewhere."""

from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from traceback import extract_tb

from derivations.language import Cell, CellError
from derivations.language.expressions import ShapeError


@cache
def cells() -> dict[str, Cell]:
    """Every cell by its name, in the order of their names.

    Raises:
        CellError: a file's cell is refused.
        ValueError: a file's name is not its cell's name with hyphens as underscores.
    """
    found: dict[str, Cell] = {}
    for info in iter_modules(__path__):
        cell = _read(info.name)
        if cell.name.replace("-", "_") != info.name:
            raise ValueError(
                f"cells/{info.name}.py: expected a cell named {info.name.replace('_', '-')}, got {cell.name}"
            )
        found[cell.name] = cell
    return dict(sorted(found.items()))


def _read(name: str) -> Cell:
    """The cell of one file.

    Raises:
        CellError: it is refused. Where shapes do not fit, with the line that holds the equation: an expression is
            built, and refused, before its equation is.
    """
    try:
        cell: Cell = import_module(f"{__name__}.{name}").CELL
    except ShapeError as error:
        frames = extract_tb(error.__traceback__)
        place = next(f for f in reversed(frames) if Path(f.filename).stem == name)
        raise CellError(f"cells/{name}.py, line {place.lineno}: {place.line}: {error}") from error
    return cell
