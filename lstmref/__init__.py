"""Reference recurrent cells in NumPy, forward and backward, written by hand from the papers.

`lstmref.cells()` finds the cells; each is a module with one step (`step_forward`, `step_backward`) to read
and a sequence (`forward`, `backward`) to use. Arrays are time-major and batched: x (T, B, D), states (B, H).
`lstmref.network` stacks them in layers and directions, over sequences of unequal lengths;
`lstmref.network.stream` runs a network over a stream that does not fit memory; LSTM, GRU and RNN hold the
parameters as well. `lstmref.convert` moves weights to and from PyTorch, Keras, ONNX and files.
`accelerated()` has some loops compiled.

Examples:
    >>> import numpy as np
    >>> from lstmref import lstm
    >>> draw = np.random.default_rng(0).normal
    >>> params = {name: draw(size=shape) for name, shape in lstm.parameter_shapes(D=3, H=4).items()}
    >>> outputs, cache = lstm.forward(params, draw(size=(5, 2, 3)), h_0=np.zeros((2, 4)), c_0=np.zeros((2, 4)))
    >>> gradients = lstm.backward({"h": np.ones((5, 2, 4))}, cache)
    >>> gradients["U_f"].shape, gradients["x"].shape
    ((4, 4), (5, 2, 3))
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from lstmref import cells as _cells  # noqa: F401 -- before the function of that name, whose the name is then
from lstmref import convert as convert
from lstmref import network as network
from lstmref.discovery import Cell, cell, cells
from lstmref.errors import (
    ArgumentError,
    ConversionError,
    ExtraError,
    KindError,
    NameSetError,
    NotFiniteError,
    OrderError,
    ShapeError,
)
from lstmref.fast.compiled import accelerated
from lstmref.network import initial as initial
from lstmref.network import stream as stream
from lstmref.network.architecture import Architecture
from lstmref.network.layers import GRU, LSTM, RNN

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Architecture",
    "ArgumentError",
    "Cell",
    "ConversionError",
    "ExtraError",
    "KindError",
    "NameSetError",
    "NotFiniteError",
    "OrderError",
    "ShapeError",
    "accelerated",
    "cell",
    "cells",
]


def __getattr__(name: str) -> Any:
    """The module of a cell, by its name: `lstmref.lstm` is `lstmref.cells.lstm`."""
    # Python asks here for every submodule that is not imported yet, so no other cell may be imported on the way.
    if not name.startswith("_") and find_spec(f"{__name__}.cells.{name}") is not None:
        return import_module(f"{__name__}.cells.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
