"""Products in tiles are products; tiles are used where they should be, and so is aligned memory."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmref.check import Array
from lstmref.fast import alignment, tiles

DTYPES = [np.float32, np.float64, np.longdouble, np.complex128]


def draw(shape: tuple[int, ...], dtype: type[Any], seed: int) -> Array:
    values = np.random.default_rng(seed).standard_normal(shape)
    return values.astype(dtype)


def error(B: int, K: int, N: int, dtype: type[Any], *, turned: bool = False, strided: bool = False) -> float:
    """The largest error of a product, with M as it is or as a view of its transpose, relative to eps and to K."""
    M = draw((N, K), dtype, 1).T if turned else draw((K, N), dtype, 1)
    v = draw((B, 2 * K), dtype, 2)[:, :K] if strided else draw((B, K), dtype, 2)
    found = np.full((B, N), np.nan, dtype)
    tiles.times(M, B)(v, found)
    return float(
        np.abs(found - np.einsum("bk,kn->bn", v, M)).max(initial=0) / np.finfo(dtype).eps / max(K, 1)
    )


# The large ones are cut: into columns only, into rows and columns, at the limit of rows, and not at all.
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("B", "K", "N"),
    [(1, 5, 8), (3, 5, 8), (2, 256, 2048), (4, 1024, 256), (64, 192, 96), (65, 192, 96), (0, 5, 8)],
)
def test_the_product_is_right(B: int, K: int, N: int, dtype: type[Any]) -> None:
    for turned in (False, True):
        for strided in (False, True):
            assert error(B, K, N, dtype, turned=turned, strided=strided) < 4


@given(B=st.integers(2, 64), K=st.integers(1, 700), N=st.integers(1, 700), size=st.sampled_from([4, 8]))
def test_tiles_fill_the_matrix_and_are_small(B: int, K: int, N: int, size: int) -> None:
    k, n = tiles.tile_shape(B, (K, N), size)
    assert K % k == 0
    assert N % n == 0
    if (k, n) != (K, N):
        assert B * k * n <= tiles.SMALL
        assert k * n * size <= tiles.TILE_BYTES
        assert k >= tiles.LEAST_TILE_ROWS
        assert n % tiles.WIDTH == 0


@pytest.mark.parametrize(
    ("B", "shape", "size", "expected"),
    [
        (32, (256, 1024), 4, (256, 64)),
        (32, (1024, 256), 4, (256, 64)),
        (64, (512, 2048), 4, (256, 32)),
        (64, (512, 2048), 8, (256, 32)),
        (1, (512, 2048), 4, (512, 2048)),  # one row: nothing is copied anyway
        (65, (512, 2048), 4, (512, 2048)),  # many rows
        (2, (256, 1024), 4, (256, 1024)),  # small enough as it is
        (32, (257, 1024), 4, (257, 1024)),  # no divisor
        (32, (256, 1000), 4, (256, 1000)),
    ],
)
def test_what_is_cut(B: int, shape: tuple[int, int], size: int, expected: tuple[int, int]) -> None:
    assert tiles.tile_shape(B, shape, size) == expected


def test_a_tile_left_out_or_twice_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison above can fail."""
    real = alignment.copied

    def spoilt(array: Array) -> Array:
        cut = real(array)
        cut[0, 1] = cut[0, 0]
        return cut

    assert error(32, 1024, 256, np.float64) < 4
    monkeypatch.setattr(tiles, "copied", spoilt)
    assert error(32, 1024, 256, np.float64) > 1e6


def test_the_matrix_may_change_afterwards_unless_one_row_is_multiplied() -> None:
    for B in (2, 32):
        M = draw((256, 256), np.float64, 1)
        v, out = draw((B, 256), np.float64, 2), np.empty((B, 256))
        expected = v @ M
        apply = tiles.times(M, B)
        M[...] = 0
        apply(v, out)
        np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", [*DTYPES, np.float16])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 5), (7, 11), (3, 5, 577)])
def test_aligned_memory(shape: tuple[int, ...], dtype: type[Any]) -> None:
    for found in (
        alignment.aligned(shape, np.dtype(dtype)),
        alignment.copied(np.ones(shape, dtype)),
        alignment.copied(np.ones(shape[::-1], dtype).T),
    ):
        assert found.shape == shape
        assert found.dtype == dtype
        assert found.flags.c_contiguous
        assert found.flags.writeable
        assert found.nbytes < alignment.LEAST or found.ctypes.data % alignment.LINE == 0
    assert (found == 1).all()
