"""Affine maps of many time steps at once.

Every pre-activation is x W^T + h U^T + b. The input part needs no recurrence: its products serve many steps
and all gates at once. Backward, the gradient of a weight is a sum over time and batch, hence one product for
many steps, too. An input of ones stands beside x, so that b is one more column of W. K stands for the rows of
the stacked matrix, usually the number of gates times H.

The arrays are checked already, and of one dtype, which the results have.

Source:
    the chain rule.
"""

from collections.abc import Callable

import numpy as np

from lstmref.check import Array
from lstmref.fast.alignment import aligned
from lstmref.fast.chunks import ROWS_BACKWARD, ROWS_FORWARD, cut, rows
from lstmref.fast.tiles import tile_shape, tiled


def with_one(x: Array) -> Array:
    """x (T, B, D) and the input of ones, (T, B, D + 1): a private, C-contiguous copy.

    Args:
        x: (T, B, D).

    Examples:
        >>> with_one(np.array([[[2.0, 3.0]]]))
        array([[[2., 3., 1.]]])
    """
    T, B, D = x.shape
    copy = aligned((T, B, D + 1), x.dtype)
    copy[:, :, :D], copy[:, :, D] = x, 1
    return copy


def projection(W: Array, T: int, B: int) -> Callable[[Array, Array], Array]:
    """A function that writes x W^T into the first steps of an array, and returns these, for T steps of B rows in all:
    (T, B, N), (K, N) -> (T, B, K). W must not change while the function is in use; any dtype.

    Of many steps it is cut into tiles (`lstmref.fast.tiles`) where a step's product is; measured (one thread,
    AVX-512, B = 32), that takes 0.83 to 0.94 of the time of one large product.

    Args:
        W: (K, N).

    Examples:
        >>> projection(np.ones((1, 3)), T=1, B=2)(np.ones((1, 2, 3)), np.zeros((5, 2, 1)))
        array([[[3.],
                [3.]]])
    """
    K, N = W.shape
    k, n = tile_shape(B, (N, K), W.itemsize) if W.dtype.char in "fd" and T * B >= ROWS_FORWARD else (N, K)
    cut_up = tiled(W.T, k, n)[0] if k == N and n < K else None  # (K/n, N, n)

    def apply(x: Array, out: Array) -> Array:
        found = out[: len(x)]
        if cut_up is None:
            np.matmul(rows(x), W.T, out=rows(found))
        else:
            np.matmul(x[:, None], cut_up, out=found.reshape(len(x), B, K // n, n).swapaxes(1, 2))
        return found

    return apply


def project_back(da: Array, W: Array, out: Array) -> None:
    """Write da W, the gradient of the input of a projection, into `out`: (T, B, K), (K, N) -> (T, B, N).

    Args:
        da: (T, B, K).
        W: (K, N).
        out: (T, B, N), written to.

    Examples:
        >>> dx = np.empty((1, 1, 2))
        >>> project_back(np.ones((1, 1, 2)), np.array([[1.0, 2.0], [3.0, 4.0]]), dx)
        >>> dx
        array([[[4., 6.]]])
    """
    np.matmul(rows(da), W, out=rows(out))


def bias_gradient(da: Array) -> Array:
    """Sum of da over time and batch: (T, B, K) -> (K,).

    Args:
        da: (T, B, K).

    Examples:
        >>> bias_gradient(np.ones((5, 2, 3)))
        array([10., 10., 10.])
    """
    T, B, _ = da.shape
    total: Array = np.dot(np.ones(T * B, da.dtype), rows(da))  # faster than a sum over the rows
    return total


class WeightGradient:
    """Sum over time and batch of da v^T, v being what the weight (K, N) met; added up chunk by chunk.

    Examples:
        >>> total = WeightGradient(1, 3, np.dtype(float))
        >>> total.add(np.ones((5, 2, 1)), np.ones((5, 2, 3)))
        >>> total.add(np.ones((1, 2, 1)), np.ones((1, 2, 3)))
        >>> total.value()
        array([[12., 12., 12.]])
    """

    def __init__(self, K: int, N: int, dtype: np.dtype[np.generic]) -> None:
        self._shape, self._dtype = (K, N), dtype
        self._turned = False
        self._sum: Array | None = None

    def add(self, da: Array, v: Array) -> None:
        """Add the steps of a chunk: da (T, B, K), v (T, B, N).

        Args:
            da: (T, B, K).
            v: (T, B, N).
        """
        left, right = rows(da), rows(v)
        if self._sum is None:
            # In float64 BLAS multiplies v^T da faster, which many rows repay with the time that it takes to turn it.
            self._turned = self._dtype == np.float64 and len(left) >= ROWS_BACKWARD
        if self._turned:
            left, right = right, left
        product = np.dot if len(left) == 1 else np.matmul  # of a single row matmul is slow
        if self._sum is None:
            self._sum = product(left.T, right)
            return
        for part in cut(len(self._sum), max(1, len(self._sum) // 4)):  # four parts, to need little memory
            self._sum[part] += product(left.T[part], right)

    def value(self) -> Array:
        """The sum (K, N), C-contiguous, the caller's own; zeros if nothing was added."""
        if self._sum is None:
            return np.zeros(self._shape, self._dtype)
        return np.ascontiguousarray(self._sum.T) if self._turned else self._sum
