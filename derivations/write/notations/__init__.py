"""One file a notation. Notations are found here by looking, not by a list kept elsewhere."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from derivations.cells import cells
from derivations.write.dialect import Notation, NotationError, check


@cache
def notations() -> dict[str, Notation]:
    """Every notation by its name, in the order of their names.

    Raises:
        NotationError: one writes a cell that there is not, or leaves one of a cell's symbols without a name.
        ValueError: a file's name is not its notation's name.
    """
    found: dict[str, Notation] = {}
    for info in iter_modules(__path__):
        notation: Notation = import_module(f"{__name__}.{info.name}").NOTATION
        if notation.name != info.name:
            raise ValueError(
                f"notations/{info.name}.py: expected a notation named {info.name}, got {notation.name}"
            )
        for use in notation.uses:
            if use.cell not in cells():
                raise NotationError(f"{notation.name}: no cell {use.cell!r}")
            check(notation, use, cells()[use.cell])
        found[notation.name] = notation
    return dict(sorted(found.items()))
