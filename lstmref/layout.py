"""What a cell reads and gives, by name and axes: from this the loop through time and every check follow.

Axes are letters: D inputs, H hidden units, P for a projection, K and V for a matrix state. To the axes of one step come
the batch B and, over time, the steps T. A scalar has no axes of its own: ().
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Axes = tuple[str, ...]
NONE: dict[str, Axes] = {}


class Layout(NamedTuple):
    """The arguments and results of a cell, in the order in which its functions take and give them.

    A layer above reads the first of the outputs. An output is a state as well or not; of a state that is no
    output the loss sees the last value alone. A name belongs to one group, but for outputs that are states.

    Examples:
        >>> lstm = Layout(inputs={"x": ("D",)}, states={"h": ("H",), "c": ("H",)}, outputs={"h": ("H",)})
        >>> lstm.arguments(time=True)
        {'x': ('T', 'B', 'D'), 'h_0': ('B', 'H'), 'c_0': ('B', 'H')}
        >>> lstm.results(time=True)
        {'h': ('T', 'B', 'H'), 'h_T': ('B', 'H'), 'c_T': ('B', 'H')}
    """

    inputs: dict[str, Axes] = NONE  # read at every step
    states: dict[str, Axes] = NONE  # carried from step to step
    outputs: dict[str, Axes] = NONE  # what the loss may read at every step
    data: dict[str, Axes] = NONE  # like inputs, but nobody asks for their gradient
    constants: dict[str, Axes] = NONE  # data given once, without T and B

    @property
    def apart(self) -> dict[str, Axes]:
        """The outputs that are not carried.

        Examples:
            >>> Layout(states={"S": ("K", "V")}, outputs={"o": ("V",)}).apart
            {'o': ('V',)}
        """
        return {name: axes for name, axes in self.outputs.items() if name not in self.states}

    @property
    def letters(self) -> Axes:
        """The axes of all, each once; `parameter_shapes` takes a size by each of these names.

        Examples:
            >>> Layout(inputs={"x": ("D",)}, states={"h": ("P",), "c": ("H",)}).letters
            ('D', 'P', 'H')
        """
        return tuple(dict.fromkeys(letter for group in self for axes in group.values() for letter in axes))

    def arguments(self, *, time: bool) -> dict[str, Axes]:
        """The arguments after params, in order, of a step or, with `time`, of a sequence; see `Layout`."""
        lead, ending = (("T", "B"), "_0") if time else (("B",), "_prev")
        return {
            **{name: (*lead, *axes) for name, axes in {**self.inputs, **self.data}.items()},
            **{name + ending: ("B", *axes) for name, axes in self.states.items()},
            **self.constants,
        }

    def results(self, *, time: bool) -> dict[str, Axes]:
        """What a step or, with `time`, a sequence gives, in order: these have cotangents. See `Layout`."""
        if not time:
            return {name: ("B", *axes) for name, axes in {**self.states, **self.apart}.items()}
        return {
            **{name: ("T", "B", *axes) for name, axes in self.outputs.items()},
            **{f"{name}_T": ("B", *axes) for name, axes in self.states.items()},
        }


def shapes(axes: Mapping[str, Axes], sizes: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """The shape of each name, once the sizes of the letters are known.

    Examples:
        >>> shapes({"h": ("T", "B", "H")}, {"T": 5, "B": 2, "H": 4})
        {'h': (5, 2, 4)}
    """
    return {name: tuple(sizes[letter] for letter in letters) for name, letters in axes.items()}


def over_time(
    axes: Mapping[str, Axes], sizes: Mapping[str, int], dtype: np.dtype[Any]
) -> dict[str, npt.NDArray[Any]]:
    """An array (T, B, ...) of any values for each name, to be filled step by step.

    Examples:
        >>> over_time({"h": ("H",)}, {"T": 5, "B": 2, "H": 4}, np.dtype(np.float32))["h"].shape
        (5, 2, 4)
    """
    every = shapes({name: ("T", "B", *letters) for name, letters in axes.items()}, sizes)
    return {name: np.empty(shape, dtype) for name, shape in every.items()}
