"""What the forward functions return: small named tuples of arrays.

The arrays are the caller's own; changing them in place does not reach the cache.
"""

from typing import NamedTuple

from lstmref.check import Array


class HiddenStep(NamedTuple):
    """One step of a cell whose only state is h."""

    h: Array  # (B, H)


class HiddenSequence(NamedTuple):
    """A sequence of such a cell: h after every step, and after the last (h_0 when T = 0)."""

    h: Array  # (T, B, H)
    h_T: Array  # (B, H)


class MemoryStep(NamedTuple):
    """One step of a cell with a memory c beside h."""

    h: Array  # (B, H)
    c: Array  # (B, H)


class MemorySequence(NamedTuple):
    """A sequence of such a cell: h after every step, then the two final states (h_0, c_0 when T = 0)."""

    h: Array  # (T, B, H)
    h_T: Array  # (B, H)
    c_T: Array  # (B, H)
