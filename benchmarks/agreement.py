"""Whether contestants compute the same numbers. Who computes something else is not timed."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.case import Numbers

# Of the largest entry of an array; about a hundred times what is found, and far below what any slip makes.
TOLERANCE = {np.dtype("float32"): 3e-4, np.dtype("float64"): 1e-12}


class DisagreementError(ValueError):
    """Two contestants do not compute the same."""


def deviation(name: str, found: Numbers, expected: Numbers, dtype: np.dtype[Any]) -> float:
    """The largest deviation, relative to the largest entry of the array that it is in.

    Raises DisagreementError when it is beyond the tolerance of the dtype, or not a number, or when `name` does not
    give the same arrays in the same shapes.
    """
    if found.keys() != expected.keys():
        raise DisagreementError(f"{name}: expected {', '.join(expected)}, got {', '.join(found)}")
    worst = 0.0
    for key, array in expected.items():
        if found[key].shape != array.shape or found[key].dtype != dtype:
            raise DisagreementError(
                f"{name}: {key}: expected {array.shape} {dtype}, got {found[key].shape} {found[key].dtype}"
            )
        largest = float(np.abs(array).max(initial=0.0))
        off = float(np.abs(found[key] - array).max(initial=0.0)) / (largest or 1.0)
        if not off <= TOLERANCE[dtype]:
            raise DisagreementError(
                f"{name}: {key} deviates by {off:.1e}, allowed are {TOLERANCE[dtype]:.0e}"
            )
        worst = max(worst, off)
    return worst
