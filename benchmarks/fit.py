"""Laws of growth, fitted by least squares to how long something takes at growing sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np


@dataclass(frozen=True)
class Power:
    """time = factor · size^exponent, a straight line between the logarithms; r2 is the share of their variance that it
    explains."""

    factor: float
    exponent: float
    r2: float


@dataclass(frozen=True)
class Polynomial:
    """time = coefficients[0] + coefficients[1] · size + …; `deviation` is the largest of any point from it, relative
    to the point."""

    coefficients: tuple[float, ...]
    deviation: float


def power(sizes: Sequence[float], times: Sequence[float]) -> Power:
    """The power law with the least squares between the logarithms. Raises ValueError for less than three points.

    >>> law = power([1, 10, 100], [3.0, 30.0, 300.0])
    >>> round(law.factor, 9), round(law.exponent, 9), round(law.r2, 9)
    (3.0, 1.0, 1.0)
    """
    _enough(sizes, times, 3)
    x, y = np.log(sizes), np.log(times)
    exponent, intercept = np.polyfit(x, y, 1)
    off, spread = y - (intercept + exponent * x), y - y.mean()
    varies = float(spread @ spread)
    return Power(float(np.exp(intercept)), float(exponent), 1 - float(off @ off) / varies if varies else 1.0)


def polynomial(sizes: Sequence[float], times: Sequence[float], degree: int) -> Polynomial:
    """The polynomial without negative coefficients that has the least squares of relative deviations.

    A cost has no negative part. The best such polynomial is the best one without constraint in some of the powers,
    so all choices of powers are tried. Raises ValueError for less points than coefficients.

    >>> [round(one, 9) for one in polynomial([1, 2, 3, 4], [6.0, 11.0, 18.0, 27.0], 2).coefficients]
    [3.0, 2.0, 1.0]
    """
    _enough(sizes, times, degree + 1)
    t = np.asarray(times, dtype=float)
    relative = np.vander(np.asarray(sizes, dtype=float), degree + 1, increasing=True) / t[:, None]
    scale = np.abs(relative).max(axis=0)
    best, least = np.zeros(degree + 1), np.inf
    for count in range(1, degree + 2):
        for chosen in map(list, combinations(range(degree + 1), count)):
            found = np.linalg.lstsq(relative[:, chosen] / scale[chosen], np.ones(len(t)), rcond=None)[0]
            candidate = np.zeros(degree + 1)
            candidate[chosen] = found / scale[chosen]
            off = float(np.sum((relative @ candidate - 1) ** 2))
            if (found >= 0).all() and off < least:
                best, least = candidate, off
    return Polynomial(tuple(map(float, best)), float(np.abs(relative @ best - 1).max()))


def _enough(sizes: Sequence[float], times: Sequence[float], least: int) -> None:
    if len(sizes) != len(times):
        raise ValueError(f"expected as many times as sizes, got {len(times)} and {len(sizes)}")
    if len(set(sizes)) < least:
        raise ValueError(f"expected {least} different sizes or more, got {len(set(sizes))}")
