"""The sigmoid, and the derivatives of sigmoid and tanh, stated through their outputs.

If y = sigmoid(a) then dy/da = y (1 - y); if y = tanh(a) then dy/da = 1 - y**2. A backward pass therefore
needs the outputs only, which the forward pass has kept.

Source:
    the derivatives of 1 / (1 + exp(-a)) and of tanh(a), written through their values.
"""

from functools import cache
from typing import Any

import numpy as np

from lstmref.check import Array


@cache
def held_at(dtype: np.dtype[Any]) -> float:
    """A whole number whose exp, and 1 more, is finite in the dtype, and nearly the largest one.

    Examples:
        >>> held_at(np.dtype(np.float32)), held_at(np.dtype(np.float64))
        (87.0, 708.0)
    """
    return float(np.floor(np.log(np.finfo(dtype.type).max))) - 1


def sigmoid(a: Array, out: Array | None = None) -> Array:
    """1 / (1 + exp(-a)), elementwise; never overflows and never warns, at any finite `a`.

    Args:
        a: any shape, float32, float64, longdouble or complex128.
        out: where to write the result, `a` itself allowed.

    Returns:
        An array of a's shape and dtype. Accurate to a few units in the last place, also where the value is
        tiny. Outside of +-708 (+-87 in float32, +-11355 in most longdoubles) the exponent is held there: the
        result is then off by less than a few of the smallest normal numbers of the dtype. For complex `a`
        only the real part of the exponent is held, so the imaginary part, and with it complex-step
        differentiation, stays exact to rounding.

    Examples:
        >>> import numpy as np
        >>> sigmoid(np.array([0.0, 2.0, 1e4]))
        array([0.5       , 0.88079708, 1.        ])
    """
    limit = held_at(a.dtype)
    e: Array = np.empty_like(a) if out is None else out
    np.negative(a, out=e)
    np.clip(e.real, -limit, limit, out=e.real)
    np.exp(e, out=e)
    e += 1
    np.divide(1, e, out=e)
    return e


def sigmoid_slope(y: Array) -> Array:
    """d sigmoid(a) / da = y (1 - y), where y = sigmoid(a); same shape and dtype as y.

    Args:
        y: any shape.

    Examples:
        >>> import numpy as np
        >>> sigmoid_slope(np.array([0.5, 0.25]))
        array([0.25  , 0.1875])
    """
    slope: Array = y * (1 - y)
    return slope


def tanh_slope(y: Array) -> Array:
    """d tanh(a) / da = 1 - y**2, where y = tanh(a); same shape and dtype as y.

    Args:
        y: any shape.

    Examples:
        >>> import numpy as np
        >>> tanh_slope(np.array([0.0, 0.5]))
        array([1.  , 0.75])
    """
    slope: Array = 1 - y * y
    return slope


def relu(a: Array) -> Array:
    """max(a, 0), elementwise; any shape, float32, float64, longdouble or complex128.

    Complex `a` is kept whole where its real part is positive: so the function is the same on both sides of
    the real axis, as complex-step differentiation needs it.

    Args:
        a: any shape.

    Examples:
        >>> import numpy as np
        >>> relu(np.array([-2.0, 0.0, 3.0])), relu(np.array([2 - 1j]))
        (array([0., 0., 3.]), array([2.-1.j]))
    """
    return np.where(a.real > 0, a, a.dtype.type(0))


def relu_slope(y: Array) -> Array:
    """d relu(a) / da, where y = relu(a): 1 where y is positive, else 0, also at a = 0; same shape and dtype as y.

    Args:
        y: any shape.

    Examples:
        >>> import numpy as np
        >>> relu_slope(np.array([0.0, 3.0]))
        array([0., 1.])
    """
    return (y.real > 0).astype(y.dtype)


def log_softmax(a: Array) -> Array:
    """log(exp(a) / sum(exp(a))) along the last axis; never overflows, and never is the log of 0, at any finite `a`.

    Args:
        a: (..., C), float32, float64, longdouble or complex128.

    Returns:
        An array of a's shape and dtype. The largest real part is subtracted before exp: the same number from
        every entry, so the result is the same.

    Examples:
        >>> import numpy as np
        >>> log_softmax(np.array([[0.0, -1e4], [7.0, 7.0]]))
        array([[ 0.00000000e+00, -1.00000000e+04],
               [-6.93147181e-01, -6.93147181e-01]])
    """
    if a.shape[-1] == 0:  # nothing to find the largest of
        return a
    shifted = a - a.real.max(axis=-1, keepdims=True)
    found: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return found
