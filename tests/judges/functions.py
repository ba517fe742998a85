"""The functions that formulas are written with, for real and for complex arguments.

A complex-step derivative disturbs the imaginary part by next to nothing. A function in pieces is holomorphic within
each piece: which piece an argument is in is told by its real part, and examples are drawn away from the borders.
Written here once more, so that no code of the reference is used to judge it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Function = Callable[..., Any]


def sigmoid(a: Any) -> Any:
    """1 / (1 + exp(−a))."""
    return 1 / (1 + np.exp(-a))


def softplus(a: Any) -> Any:
    """log(1 + exp(a)); arguments here are small."""
    return np.log(1 + np.exp(a))


def maximum(a: Any, b: Any) -> Any:
    """The argument with the larger real part."""
    return np.where(np.real(a) >= np.real(b), a, b)


def minimum(a: Any, b: Any) -> Any:
    """The argument with the smaller real part."""
    return np.where(np.real(a) <= np.real(b), a, b)


def relu(a: Any) -> Any:
    """a where it is positive, else 0."""
    return np.where(np.real(a) > 0, a, 0)


def absolute(a: Any) -> Any:
    """a or −a, by the sign of the real part; no modulus, which is not holomorphic."""
    return np.where(np.real(a) < 0, -a, a)


def sign(a: Any) -> Any:
    """−1, 0 or 1, by the real part: the slope of the absolute value."""
    return np.sign(np.real(a))


def positive(a: Any) -> Any:
    """1 where a is positive, else 0: the slope of relu."""
    return np.where(np.real(a) > 0, 1.0, 0.0)


def inside(a: Any) -> Any:
    """1 where a lies between −3 and 3, else 0: six times the slope of the hard sigmoid."""
    return positive(3 - absolute(a))


def greater(a: Any, b: Any) -> Any:
    """1 where a is greater than b, else 0: the slope of the maximum in its first argument."""
    return positive(a - b)


def clip(a: Any, low: Any, high: Any) -> Any:
    """a between two bounds, by the real part."""
    return minimum(maximum(a, low), high)


def hard_sigmoid(a: Any) -> Any:
    """a / 6 + 1/2 between 0 and 1."""
    return clip(a / 6 + 0.5, 0, 1)


def softmax(a: Any, axis: int = -1) -> Any:
    """exp(a) over its sum along an axis; arguments here are small, so nothing is subtracted from them."""
    grown = np.exp(a)
    return grown / grown.sum(axis=axis, keepdims=True)


# By the names that expressions use.
ENTRYWISE: dict[str, Function] = {
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "relu": relu,
    "exp": np.exp,
    "log": np.log,
    "softplus": softplus,
    "sqrt": np.sqrt,
    "reciprocal": lambda a: 1 / a,
    "square": lambda a: a * a,
    "abs": absolute,
    "sign": sign,
    "positive": positive,
    "hard-sigmoid": hard_sigmoid,
    "inside": inside,
}

# Of several arguments, each with its two axes at the end: a number (1, 1), a column (m, 1).
OF_ARRAYS: dict[str, Function] = {
    "max": maximum,
    "min": minimum,
    "greater": greater,
    "quotient": lambda a, b: a / b,
    "scale": lambda s, A: s * A,
    "rows": lambda v, S: v * S,
    "total": lambda A: A.sum(axis=(-1, -2), keepdims=True),
    "softmax": lambda a: softmax(a, axis=-2),
}

# How far an argument is from where the function has no derivative, its pieces meeting there or its value being none.
BORDERS: dict[str, Function] = {
    "relu": lambda a: np.abs(a),
    "abs": lambda a: np.abs(a),
    "sign": lambda a: np.abs(a),
    "positive": lambda a: np.abs(a),
    "hard-sigmoid": lambda a: np.minimum(np.abs(a - 3), np.abs(a + 3)),
    "quotient": lambda a, b: np.abs(b),
    "reciprocal": lambda a: np.abs(a),
    "max": lambda a, b: np.abs(a - b),
    "min": lambda a, b: np.abs(a - b),
}
