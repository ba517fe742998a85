"""Parameters to start from."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from lstmref import check
from lstmref.check import Array
from lstmref.errors import KindError
from lstmref.network.architecture import Architecture


def uniform(
    architecture: Architecture,
    rng: np.random.Generator | None = None,
    dtype: npt.DTypeLike = np.float64,
) -> dict[str, Array]:
    """Every parameter of a network, each entry drawn uniformly from [-1 / sqrt(H), 1 / sqrt(H)).

    Args:
        rng: where the numbers come from; None is a new `np.random.default_rng()`. The same seed gives the
            same parameters, up to rounding in every dtype.
        dtype: float32, float64, longdouble or complex128 (real numbers all the same).

    Raises:
        KindError: a value of the wrong type or dtype.

    Source:
        pytorch-gru, which draws its two biases like this; here their sum is one parameter, but for the
        candidate of gru-after, and is drawn once.

    Examples:
        >>> params = uniform(Architecture("lstm", D=3, H=4), np.random.default_rng(0))
        >>> params["0.forward.U_f"].shape, bool(abs(params["0.forward.U_f"]).max() < 0.5)
        ((4, 4), True)
    """
    if not isinstance(architecture, Architecture):
        raise KindError(f"architecture: expected an Architecture, got {type(architecture).__name__}")
    if rng is not None and not isinstance(rng, np.random.Generator):
        raise KindError(f"rng: expected a numpy.random.Generator, got {type(rng).__name__}")
    kind = parameter_dtype(dtype)
    source = np.random.default_rng() if rng is None else rng
    bound = 1 / math.sqrt(max(architecture.H, 1))
    shapes = architecture.parameter_shapes()
    return {name: source.uniform(-bound, bound, shape).astype(kind) for name, shape in shapes.items()}


def parameter_dtype(dtype: npt.DTypeLike) -> np.dtype[Any]:
    """`dtype` as NumPy has it, if parameters can be kept in it.

    Raises:
        KindError: a value of the wrong type or dtype.

    Examples:
        >>> parameter_dtype("float32")
        dtype('float32')
    """
    expected = ", ".join(str(kind) for kind in check.DTYPES)
    try:
        found = np.dtype(dtype)
    except TypeError:
        raise KindError(f"dtype: expected one of {expected}, got {dtype!r}") from None
    if found not in check.DTYPES:
        raise KindError(f"dtype: expected one of {expected}, got {found}")
    return found
