"""Reference recurrent cells in NumPy, forward and backward, written by hand from the papers.

`lstmref.cells()` finds the cells; each is a module with one step (`step_forward`, `step_backward`) to read
and a sequence (`forward`, `backward`) to use. Arrays are time-major and batched: x (T, B, D), states (B, H).
`lstmref.network` stacks them in layers and directions, over sequences of unequal lengths; `lstmref.stream` runs a
network over a stream that does not fit memory; LSTM, GRU and RNN hold the parameters as well. `lstmref.convert` moves
weights to and from PyTorch, Keras, ONNX and files. `accelerated()` has some loops compiled.

>>> import numpy as np
>>> from lstmref import lstm
>>> draw = np.random.default_rng(0).normal
>>> params = {name: draw(size=shape) for name, shape in lstm.parameter_shapes(D=3, H=4).items()}
>>> outputs, cache = lstm.forward(params, draw(size=(5, 2, 3)), h_0=np.zeros((2, 4)), c_0=np.zeros((2, 4)))
>>> gradients = lstm.backward({"h": np.ones((5, 2, 4))}, cache)
>>> gradients["U_f"].shape, gradients["x"].shape
((4, 4), (5, 2, 3))
"""

from lstmref.architecture import Architecture
from lstmref.compiled import accelerated
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
from lstmref.layers import GRU, LSTM, RNN

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
