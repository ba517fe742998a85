"""Loops over time compiled by Numba: an extra, used where `accelerated()` asks for it.

The sequence passes of `lstm` and `lstm_linear` have such loops, for float32 and float64; all other calls run as ever
inside `accelerated()` too. The two agree to rounding, and a cache that one has written the other can read. They save
what NumPy spends on each of many small calls, so the gain is largest for a batch of one; the products of larger
batches are NumPy's in both. The first call with a dtype compiles, for some seconds; the result is kept beside the
package, or, where that cannot be written to, in the user's cache.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from lstmref.errors import ExtraError

__all__ = ["accelerated", "loops"]

DTYPES = (np.dtype(np.float32), np.dtype(np.float64))
_LOOPS: ContextVar[ModuleType | None] = ContextVar("loops", default=None)


@contextmanager
def accelerated() -> Iterator[None]:
    """Within the `with`, sequence passes run compiled loops where there are such: see the head of the package.

    Shapes, dtypes and errors of the calls stay what they are. It holds for the calls of this thread or task
    alone, and not for threads that are started within.

    Raises:
        ExtraError: where Numba is not installed: `pip install "lstmref[numba]"`.

    Source:
        this project.

    Examples:
        >>> from lstmref import lstm
        >>> params = {name: np.zeros(shape) for name, shape in lstm.parameter_shapes(D=1, H=1).items()}
        >>> with accelerated():
        ...     outputs, cache = lstm.forward(params, np.ones((2, 1, 1)), np.zeros((1, 1)), np.ones((1, 1)))
        >>> float(outputs.c_T[0, 0])  # f_1 f_2 = 1/4
        0.25
    """
    try:
        import_module("numba")
    except ImportError as error:
        raise ExtraError(
            f'accelerated: expected Numba, got {error}: pip install "lstmref[numba]", or leave accelerated() out'
        ) from error
    token = _LOOPS.set(import_module("lstmref.fast.compiled.lstm"))
    try:
        yield
    finally:
        _LOOPS.reset(token)


def loops(dtype: np.dtype[Any]) -> ModuleType | None:
    """The compiled loops of the cells with a memory, `lstmref.fast.compiled.lstm`; None if they are not to be used.

    Examples:
        >>> loops(np.dtype(float)) is None
        True
    """
    return _LOOPS.get() if dtype in DTYPES else None
