"""Products with a matrix that stays the same over the steps of a sequence.

A recurrence multiplies a few rows, v (B, K), with one matrix M (K, N), T times. BLAS copies both factors into its own
order before each product, which for few rows takes as long as the product. OpenBLAS, which NumPy's wheels bring, does
without the copy where a product has at most 100**3 multiplications. So M is cut, once, into tiles small enough for
that and for the processor's innermost cache, and a step multiplies with all tiles in one call. Measured (one thread,
AVX-512, H from 128 to 1024) that takes 0.3 to 0.95 of the time at 2 to 64 rows.
"""

from collections.abc import Callable

import numpy as np

from lstmref.check import Array
from lstmref.fast.alignment import aligned, copied

Apply = Callable[[Array, Array], object]  # v (B, K), out (B, N): writes v M to out

SMALL = 100**3  # multiplications up to which OpenBLAS does not copy (its *gemm_small_matrix_permit)
ROWS = 64  # above, the copy is paid for by the many rows that use it
TILE_ROWS, LEAST_TILE_ROWS = 256, 64
TILE_BYTES = 2**16
WIDTH = 16  # columns, of which a tile has a multiple: with other widths the tiles are slower than the copy


def times(M: Array, B: int) -> Apply:
    """A function that writes v M (B, N) to its second argument, C-contiguous, for v (B, K) and a fixed M (K, N).

    M is not copied if B is 1; it must not change while the function is in use. Any float or complex dtype.
    One thread at a time may use the function: it keeps the sums of some tiles between them.

    Args:
        M: (K, N).

    Source:
        this project.

    Examples:
        >>> apply, out = times(np.array([[1.0, 2.0]]), B=1), np.empty((1, 2))
        >>> apply(np.array([[3.0]]), out)
        array([[3., 6.]])
    """
    k, n = _shape(M, B)
    K = len(M)
    if (k, n) == M.shape:
        # A product of one row reads M once, in whatever order; one of several rows is faster with M in C order.
        matrix = M if B == 1 else copied(M)
        dot = np.dot  # less overhead a call than matmul
        return lambda v, out: dot(v, matrix, out)
    if k == K:
        cut_up = tiled(M, k, n)
        return lambda v, out: _multiply(v, cut_up, out[None])[0]
    multiply, sums = times_in_shares(M, B)

    def apply(v: Array, out: Array) -> Array:
        multiply(v)
        np.add(sums[0], sums[1], out)
        for share in sums[2:]:
            np.add(out, share, out)
        return out

    return apply


def times_in_shares(M: Array, B: int) -> tuple[Callable[[Array], object], Array]:
    """Like `times`, for who adds up the shares of the tiles on the way: a function of v (B, K) that writes them, and
    the array (number of shares, B, N) that it writes them to; their sum is v M.

    Args:
        M: (K, N).

    Source:
        this project.

    Examples:
        >>> multiply, shares = times_in_shares(np.array([[1.0, 2.0]]), B=1)
        >>> _ = multiply(np.array([[3.0]]))
        >>> shares
        array([[[3., 6.]]])
    """
    k, n = _shape(M, B)
    K, N = M.shape
    shares = aligned((K // k if K else 1, B, N), M.dtype)
    if (k, n) == M.shape:
        apply, total = times(M, B), shares[0]
        return lambda v: apply(v, total), shares
    cut_up = tiled(M, k, n)
    return lambda v: _multiply(v, cut_up, shares), shares


def tile_shape(B: int, shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Rows and columns of the tiles that a (K, N) matrix should be cut into, (K, N) itself if into none.

    Examples:
        >>> tile_shape(32, (256, 1024), 4), tile_shape(1, (256, 1024), 4)
        ((256, 64), (256, 1024))
    """
    K, N = shape
    if not 1 < B <= ROWS or B * K * N <= SMALL:
        return shape
    k = _divisor(K, TILE_ROWS)
    n = WIDTH * _divisor(N // WIDTH, min(TILE_BYTES // itemsize // TILE_ROWS, SMALL // (B * k)) // WIDTH)
    return (k, n) if k >= LEAST_TILE_ROWS and N % WIDTH == 0 else shape


def _divisor(size: int, limit: int) -> int:
    """The largest divisor of `size` that does not exceed `limit`."""
    return next(n for n in range(min(size, limit), 0, -1) if size % n == 0)


def _shape(M: Array, B: int) -> tuple[int, ...]:
    return tile_shape(B, M.shape, M.itemsize) if M.dtype.char in "fd" else M.shape


def tiled(M: Array, k: int, n: int) -> Array:
    """M (K, N) as tiles: (K/k, N/n, k, n), a copy of its dtype.

    Args:
        M: (K, N).

    Examples:
        >>> tiled(np.array([[1.0, 2.0]]), 1, 1).shape
        (1, 2, 1, 1)
    """
    K, N = M.shape
    return copied(M.reshape(K // k, k, N // n, n).swapaxes(1, 2))


def _multiply(v: Array, tiles: Array, shares: Array) -> Array:
    """Write to `shares` (K/k, B, N) what each row of tiles adds to v M."""
    rows, columns, k, n = tiles.shape
    B = len(v)
    by_tile = v.reshape(B, rows, 1, k).transpose(1, 2, 0, 3)  # (K/k, 1, B, k)
    np.matmul(by_tile, tiles, out=shares.reshape(rows, B, columns, n).swapaxes(1, 2))
    return shares
