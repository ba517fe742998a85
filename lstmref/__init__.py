"""Reference recurrent cells in NumPy, forward and backward, written by hand from the papers.

`lstmref.cells()` finds the cells; each is a module with one step (`step_forward`, `step_backward`) to read
and a sequence (`forward`, `backward`) to use. Arrays are time-major and batched: x (T, B, D), states (B, H).

>>> import numpy as np
>>> from lstmref import lstm
>>> draw = np.random.default_rng(0).normal
>>> params = {name: draw(size=shape) for name, shape in lstm.parameter_shapes(D=3, H=4).items()}
>>> outputs, cache = lstm.forward(params, draw(size=(5, 2, 3)), h_0=np.zeros((2, 4)), c_0=np.zeros((2, 4)))
>>> gradients = lstm.backward({"h": np.ones((5, 2, 4))}, cache)
>>> gradients["U_f"].shape, gradients["x"].shape
((4, 4), (5, 2, 3))
"""

from lstmref.discovery import Cell, cell, cells
from lstmref.errors import ArgumentError, KindError, NameSetError, NotFiniteError, ShapeError

__all__ = [
    "ArgumentError",
    "Cell",
    "KindError",
    "NameSetError",
    "NotFiniteError",
    "ShapeError",
    "cell",
    "cells",
]
