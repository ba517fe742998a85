"""The matrix products of forward and backward alone, as few and as large as the recurrence allows.

K is the number of gates times H. Forward: x W^T for all steps at once, and one h' U^T a step. Backward: one da U a
step, and after the loop dx = da W, dW = da^T x and dU = da^T h'. Every product is written into memory that is there,
and the recurrent products find both U and its transpose in the layout that BLAS takes fastest, so nothing but the
products is timed.
"""

from __future__ import annotations

import numpy as np

from benchmarks.case import Case
from benchmarks.contestant import Contestant


def prepare(case: Case) -> Contestant:
    """All products of a forward and backward pass, or of a forward pass alone; the values are any, for no product's
    time depends on them."""
    T, B, D, H = case.size.T, case.size.B, case.size.D, case.size.H
    W = np.concatenate([value for name, value in case.params.items() if name.startswith("W")])  # (K, D)
    U = np.concatenate([value for name, value in case.params.items() if name.startswith("U")])  # (K, H)
    x = case.x.reshape(T * B, D)
    h = case.dh.reshape(T * B, H)
    U_transposed = np.ascontiguousarray(
        U.T
    )  # (H, K); through a view of U these products take up to a third longer
    K = len(W)
    a = np.empty((T, B, K), case.dtype)
    a_flat = a.reshape(T * B, K)
    recurrent = np.empty((B, K), case.dtype)
    dh = np.empty((B, H), case.dtype)
    dx, dW, dU = np.empty_like(x), np.empty_like(W), np.empty_like(U)

    def run() -> None:
        np.matmul(x, W.T, out=a_flat)
        for t in range(T):
            np.matmul(case.dh[t], U_transposed, out=recurrent)
        if case.forward_alone:
            return
        for t in range(T):
            np.matmul(a[t], U, out=dh)
        np.matmul(a_flat, W, out=dx)
        np.matmul(a_flat.T, x, out=dW)
        np.matmul(a_flat.T, h, out=dU)

    return Contestant(run, None)
