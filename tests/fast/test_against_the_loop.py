"""A fast loop gives what the general loop of `lstmref.sequence` makes of the same step, to rounding."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, strategies

from lstmref import Cell, fast, sequence
from lstmref.check import Array
from lstmref.fast import affine, tiles
from tests.arrays.given import ANY_SIZES, fixed
from tests.lstmref import checker
from tests.lstmref.checker import SEEDS, Sizes

DTYPES = (np.float32, np.float64, np.longdouble, np.complex128)
# Of the largest entry of an array, or of 1, in units of eps: terms are of magnitude 1, and may cancel in their sum.
ROUNDING = 100
# Enough steps and columns for the products with x to be cut into tiles, and those with h.
TILED = Sizes(20, 32, 255, 128)


def plainly(cell: Cell) -> Cell:
    """The cell by the general loop."""
    forward, backward = sequence.passes(cell.__name__, fast_loop=False)
    parts: dict[str, Any] = {"LAYOUT": cell.LAYOUT, "parameter_shapes": cell.parameter_shapes}
    return cast(Cell, SimpleNamespace(**parts, STATES=cell.STATES, forward=forward, backward=backward))


def apart(cell: Cell, sizes: Sizes, seed: int, dtype: type[Any]) -> dict[str, float]:
    """The results that differ by more than rounding, and by how many eps."""
    drawn = checker.example(cell, sizes, seed, dtype=dtype)
    tame = {name: (value / np.sqrt(max(sizes.H, 1))).astype(dtype) for name, value in drawn.params.items()}
    found, expected = (everything(one, drawn.replace(params=tame)) for one in (cell, plainly(cell)))
    assert found.keys() == expected.keys()
    errors = {}
    for name, array in expected.items():
        assert (found[name].shape, found[name].dtype) == (array.shape, array.dtype), name
        largest = np.abs(array).max(initial=1)
        error = float(np.abs(found[name] - array).max(initial=0) / largest / np.finfo(dtype).eps)
        if not error <= ROUNDING:
            errors[name] = error
    return errors


def everything(cell: Cell, drawn: checker.Example) -> dict[str, Array]:
    """Outputs and gradients."""
    outputs, cache = checker.run(cell, drawn)
    return {**outputs._asdict(), **cell.backward(drawn.cotangents, cache)}


@fixed(20)
@given(sizes=ANY_SIZES, seed=SEEDS, dtype=strategies.sampled_from(DTYPES))
def test_any_sizes_and_dtypes(cell: Cell, sizes: Sizes, seed: int, dtype: type[Any]) -> None:
    """Every axis may be empty."""
    assert apart(cell, sizes, seed, dtype) == {}


@pytest.mark.parametrize("sizes", [Sizes(70, 1, 5, 13), Sizes(9, 70, 3, 17), TILED])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_chunks_blocks_and_tiles(cell: Cell, sizes: Sizes, dtype: type[Any]) -> None:
    assert apart(cell, sizes, 1, dtype) == {}


def test_a_tile_of_the_products_with_x_that_is_wrong_shows(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So these sizes do have such tiles."""

    def spoilt(M: Array, k: int, n: int) -> Array:
        cut_up = tiles.tiled(M, k, n)
        cut_up[0, -1, 0, 0] *= 1.001
        return cut_up

    monkeypatch.setattr(affine, "tiled", spoilt)
    assert "h" in apart(cell, TILED, 1, np.float64)


def test_the_fast_loop_is_the_one_that_runs(cell: Cell) -> None:
    """Else this compares the general loop with itself."""
    given = checker.example(cell, Sizes(3, 2, 2, 3), seed=1)
    _, cache = checker.run(cell, given)
    _, general = checker.run(plainly(cell), given)
    assert isinstance(general.kept, sequence.Kept)
    assert not isinstance(cache.kept, sequence.Kept)


def test_a_fault_in_a_loop_shows(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gradient that is off by a millionth, in a loop of this cell alone."""
    name = cell.__name__.rpartition(".")[2]
    right = fast._found()[name]

    def backward(*arguments: Any) -> dict[str, Array]:
        found = right.backward(*arguments)
        return found | {"h_0": found["h_0"] * (1 + 1e-6)}

    monkeypatch.setitem(fast._found(), name, right._replace(backward=backward))
    assert set(apart(cell, Sizes(3, 2, 2, 3), 1, np.float64)) == {"h_0"}


def test_every_loop_serves_a_cell() -> None:
    """A loop under a name that no cell has would never run."""
    import lstmref

    assert set(fast._found()) <= {name.replace("-", "_") for name in lstmref.cells()}
