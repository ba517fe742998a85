"""The sigmoid and tanh for compiled loops, written so that a compiler does many numbers at once.

Both come from e = exp(2x) = 2**n exp(r), with n whole and |r| <= ln(2)/2. There exp(r) is (Q + P) / (Q - P)
to rounding, with P odd and Q even in r: its Padé approximant, of degree 6 in float64 and 3 in float32. So

    sigmoid(2x) = e / (e + 1) = 2**n (Q + P) / ((2**n + 1) Q + (2**n - 1) P)
    tanh(x) = (e - 1) / (e + 1) = ((2**n - 1) Q + (2**n + 1) P) / ((2**n + 1) Q + (2**n - 1) P)

In this form neither loses digits where it is tiny. The relative error of both is at most 2 eps.

Source:
    the Padé approximants of exp; cody1980 (the reduction by n, with ln(2) in two parts).
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.extending import overload

Function = TypeVar("Function", bound=Callable[..., Any])

# A product and a sum may become one rounding; nothing else of floating-point arithmetic may be rearranged.
CONTRACT = {"contract"}


def kernel(function: Function) -> Function:
    """Compile a loop: when first called, once for each dtype; without the interpreter's lock, so threads do not wait.

    The result is kept on disk, where there is a place that can be written to: beside the package, in the
    user's cache, or in the folder that the variable NUMBA_CACHE_DIR names. Numba compiles anew when the
    loop's own file has changed, but not when this one has: after a change here, remove
    lstmref/fast/compiled/__pycache__.

    Examples:
        >>> float(kernel(tanh.py_func)(0.0))
        0.0
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": CONTRACT}
    try:
        compiled = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no such place: an installation that is read-only, a user without a home
        compiled = numba.njit(**options)(function)
    return cast(Function, compiled)


def inlined(function: Function) -> Function:
    """Compile a function of numbers into each loop that calls it.

    Examples:
        >>> inlined(lambda x: x + x)(2.0)
        4.0
    """
    compiled: Any = numba.njit(inline="always", error_model="numpy", fastmath=CONTRACT)(function)
    return cast(Function, compiled)


# ln(2): HIGH has 9 bits, so that n * HIGH is exact; LOW is the rest.
HIGH, LOW, PER_LN2 = 355 / 512, -2.12194440054690582768e-4, 1.44269504088896340736
# Added to a number and subtracted, these leave it rounded to a whole one, whose bits stand last in the sum.
ROUND, ROUND_SINGLE = 1.5 * 2**52, np.float32(1.5 * 2**23)
BIAS, MANTISSA = 1023, 52
BIAS_SINGLE, MANTISSA_SINGLE = 127, 23
# Where 2x is held. Beyond, tanh is 1 and the sigmoid 1, or below 1e-34, and 2**n Q would come near overflow.
HELD, HELD_SINGLE = 690.0, np.float32(80)
HIGH_SINGLE, LOW_SINGLE, PER_LN2_SINGLE = np.float32(HIGH), np.float32(LOW), np.float32(PER_LN2)
ONE_SINGLE, TWELVE, SIXTY, HUNDRED_AND_TWENTY = map(np.float32, (1, 12, 60, 120))


def _parts(x: float) -> Any:
    """2**n, 2**n - 1, 2**n + 1, P and Q, as above, for a float32 or a float64; for compiled code alone."""
    raise NotImplementedError("expected a call from compiled code")


@overload(_parts, jit_options={"error_model": "numpy", "fastmath": CONTRACT}, inline="always")
def _choose_parts(x: Any) -> Any:
    def single(x: Any) -> Any:
        r = min(max(x + x, -HELD_SINGLE), HELD_SINGLE)
        shifted = np.float32(r * PER_LN2_SINGLE + ROUND_SINGLE)
        n = shifted - ROUND_SINGLE
        r = (r - n * HIGH_SINGLE) - n * LOW_SINGLE
        square = r * r
        P = r * (SIXTY + square)
        Q = HUNDRED_AND_TWENTY + TWELVE * square
        bits = np.int32((shifted.view(np.int32) << MANTISSA_SINGLE) + (BIAS_SINGLE << MANTISSA_SINGLE))
        power = bits.view(np.float32)
        return power, power - ONE_SINGLE, power + ONE_SINGLE, P, Q

    def double(x: Any) -> Any:
        r = min(max(x + x, -HELD), HELD)
        shifted = np.float64(r * PER_LN2 + ROUND)
        n = shifted - ROUND
        r = (r - n * HIGH) - n * LOW
        square = r * r
        P = r * (332640.0 + square * (10080.0 + square * 42.0))
        Q = 665280.0 + square * (75600.0 + square * (840.0 + square))
        bits = np.int64((shifted.view(np.int64) << MANTISSA) + (BIAS << MANTISSA))
        power = bits.view(np.float64)
        return power, power - 1.0, power + 1.0, P, Q

    return single if x == numba.float32 else double


@inlined
def tanh(x: Any) -> Any:
    """tanh(x), of x's dtype.

    Examples:
        >>> float(tanh(0.0)), float(tanh(1e4))
        (0.0, 1.0)
    """
    _, less, more, P, Q = _parts(x)
    return (less * Q + more * P) / (more * Q + less * P)


@inlined
def sigmoid_of_twice(x: Any) -> Any:
    """1 / (1 + exp(-2x)), of x's dtype.

    Examples:
        >>> float(sigmoid_of_twice(0.0)), float(sigmoid_of_twice(1e4))
        (0.5, 1.0)
    """
    power, less, more, P, Q = _parts(x)
    return power * (Q + P) / (more * Q + less * P)
