"""Random weights of every kind that converts, and what it means for two to be the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from hypothesis import strategies

from lstmref import Architecture, convert
from lstmref.check import Array
from lstmref.convert import Weights

# The cells that each framework has, z turned where need be. Stated here once more, apart from the tables under test.
CELLS = {
    "pytorch": ("rnn", "lstm", "gru-after"),
    "keras": ("rnn", "lstm", "gru-after", "gru-cho", "gru"),
    "onnx": ("rnn", "lstm", "lstm-linear", "gru-after", "gru-cho", "gru"),
}
EVERY = [(framework, cell) for framework, cells in CELLS.items() for cell in cells]
WRITE: dict[str, Callable[..., Any]] = {
    "pytorch": convert.to_pytorch,
    "keras": convert.to_keras,
    "onnx": convert.to_onnx,
}
READ: dict[str, Callable[..., Weights]] = {
    "pytorch": convert.from_pytorch,
    "keras": convert.from_keras,
    "onnx": convert.from_onnx,
}
# float16 is read as float32, and written again where it came from a framework.
DTYPES = (np.float16, np.float32, np.float64, np.longdouble)


def said(framework: str, cell: str, bidirectional: bool = False) -> dict[str, Any]:
    """What must be said of arrays that come without the layer that has them."""
    if framework == "keras":
        gated = {} if cell == "rnn" else {"recurrent_activation": "sigmoid"}
        return {"activation": "tanh", **gated, **({"bidirectional": True} if bidirectional else {})}
    return {"nonlinearity": "tanh"} if (framework, cell) == ("pytorch", "rnn") else {}


def of(architecture: Architecture, seed: int, dtype: Any = np.float64, scale: float = 0.7) -> Weights:
    """Normal random weights."""
    rng = np.random.default_rng(seed)
    shapes = architecture.parameter_shapes()
    params = {name: rng.normal(0, scale, shape).astype(dtype) for name, shape in shapes.items()}
    return Weights(architecture, params)


Source = Callable[[tuple[int, ...]], Array]


@strategies.composite
def sources(draw: Any, dtype: Any) -> Source:
    """Makes arrays of any finite numbers: huge and subnormal ones, zeros of both signs, and usual ones among them.

    Hypothesis draws the numbers and a seed, from which any number of arrays is filled: far quicker than drawing each.
    """
    kind = np.dtype(dtype)
    width: Any = min(kind.itemsize, 8) * 8
    floats = strategies.floats(allow_nan=False, allow_infinity=False, width=width)
    pool = np.array(draw(strategies.lists(floats, min_size=1, max_size=8)), kind)
    rng = np.random.default_rng(draw(strategies.integers(0, 2**32 - 1)))

    def fill(shape: tuple[int, ...]) -> Array:
        usual = rng.normal(size=shape).astype(kind)
        # Of longdouble every bit counts, of which those of a float64 are a part.
        usual = usual / 3 if kind.itemsize > 8 else usual
        return np.where(rng.random(shape) < 0.5, rng.choice(pool, shape), usual)

    return fill


@strategies.composite
def architectures(draw: Any, cell: str) -> Architecture:
    """Small networks of a cell, D = 0 and D = H among them."""
    whole = strategies.integers
    return Architecture(
        cell, draw(whole(0, 3)), draw(whole(1, 3)), draw(whole(1, 3)), draw(strategies.booleans())
    )


@strategies.composite
def weights(draw: Any, cell: str) -> Weights:
    """Weights of any numbers."""
    architecture = draw(architectures(cell))
    source = draw(strategies.sampled_from(DTYPES).flatmap(sources))
    return Weights(
        architecture, {name: source(shape) for name, shape in architecture.parameter_shapes().items()}
    )


def bits(value: Array) -> tuple[Any, ...]:
    """What two arrays must have alike to be the same; of longdouble not the padding, which means nothing."""
    if value.dtype == np.longdouble:
        return value.dtype, value.shape, [(str(number), bool(np.signbit(number))) for number in value.flat]
    return value.dtype, value.shape, value.tobytes()


def same_arrays(one: Mapping[str, Array], other: Mapping[str, Array]) -> bool:
    """The same names in the same order, and the same bits."""
    return list(one) == list(other) and all(bits(one[name]) == bits(other[name]) for name in one)


def same_lists(one: Iterable[Any], other: Iterable[Any]) -> bool:
    """The same bits in lists of arrays, or of None, however nested."""
    one, other = list(one), list(other)
    if len(one) != len(other):
        return False
    for a, b in zip(one, other, strict=True):
        if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
            if bits(a) != bits(b):
                return False
        elif isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
            if not same_lists(a, b):
                return False
        elif a != b:
            return False
    return True


def same(one: Weights, other: Weights) -> bool:
    """The same network to the last bit, the parts of its biases apart."""
    return one.architecture == other.architecture and same_arrays(one.params, other.params)
