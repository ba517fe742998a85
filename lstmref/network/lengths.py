"""Sequences of unequal lengths: a batch cut into segments, none of which holds a step of padding.

The samples of a batch that still run take the steps up to the next end together; then those that end there drop
out. Sorted by length this is PyTorch's packed sequence. Nothing is computed on padding, so what it holds cannot
matter; the work is that of the sum of the lengths, and each distinct length costs one call of the cell.

       t  0 1 2 3 4
    b = 0 a a b b c      lengths (5, 2, 4): three segments, a of the samples 0, 1, 2,
    b = 1 a a . . .      b of 0 and 2, c of 0 alone
    b = 2 a a b b .
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lstmref import check
from lstmref.check import Array
from lstmref.errors import KindError, ShapeError


class Segment(NamedTuple):
    """Steps that some samples take together: `array[segment]` of a (T, B, ...) is (steps, samples, ...)."""

    times: Any  # a slice, or whole numbers (steps, 1) or (steps, samples)
    samples: Any  # a slice, or whole numbers (samples,)


def read_lengths(given: npt.ArrayLike | None, T: int, B: int) -> Array | None:
    """The lengths of B samples, (B,) whole numbers 0..T, as an array; None where every sample has T steps.

    Args:
        given: an array or a list, of any dtype of whole numbers.

    Returns:
        An array of intp.

    Raises:
        KindError: a value of the wrong type or dtype.
        ShapeError: a wrong shape or size.

    Examples:
        >>> read_lengths([3, 0, 5], T=5, B=3)
        array([3, 0, 5])
        >>> read_lengths([5, 5, 5], T=5, B=3) is None
        True
    """
    if given is None:
        return None
    found = whole_numbers(given)
    check.same_shape("lengths", found, (B,))
    if (found > T).any():
        k = int(np.argmax(found > T))
        raise ShapeError(f"lengths: expected whole numbers from 0 to {T}, got {found[k]} at ({k},)")
    return None if (found == T).all() else found


def whole_numbers(given: npt.ArrayLike) -> Array:
    """Lengths whose number and bound are not known yet: whole numbers >= 0 along one axis.

    Args:
        given: (B,), an array or a list, of any dtype of whole numbers.

    Returns:
        An array of intp, where they fit.

    Raises:
        KindError: a value of the wrong type or dtype.
        ShapeError: a wrong shape or size.

    Examples:
        >>> whole_numbers([3, -1])
        Traceback (most recent call last):
        lstmref.errors.ShapeError: lengths: expected whole numbers >= 0, got -1 at (1,)
    """
    try:
        found = np.asarray(given)
    except Exception as error:  # whatever an object's own __array__ raises, or NumPy of a ragged list
        raise KindError(f"lengths: expected whole numbers, got {type(given).__name__}: {error}") from error
    if isinstance(given, np.ma.MaskedArray) or (found.dtype.kind not in "iu" and found.size):
        kind = "an array with a mask" if isinstance(given, np.ma.MaskedArray) else found.dtype
        raise KindError(f"lengths: expected whole numbers, got {kind}")
    if found.ndim != 1:
        raise ShapeError(f"lengths: expected (B,), got {found.shape}")
    if (found < 0).any():
        k = int(np.argmax(found < 0))
        raise ShapeError(f"lengths: expected whole numbers >= 0, got {found[k]} at ({k},)")
    # One that is too large for intp is too large for any T: it stays so, and is refused with that number.
    return found.astype(np.intp) if (found <= np.iinfo(np.intp).max).all() else found


def cut(lengths: Array | None, *, reverse: bool) -> list[Segment]:
    """The segments in the order in which they run; in reverse, every sample starts at its own last step.

    Args:
        lengths: (B,), of a dtype of whole numbers; None is one segment of all steps.

    Examples:
        >>> for times, samples in cut(np.array([3, 0, 1]), reverse=True):
        ...     print(times.tolist(), samples.tolist())
        [[2, 0]] [0, 2]
        [[1], [0]] [0]
    """
    if lengths is None:
        return [Segment(slice(None, None, -1 if reverse else 1), slice(None))]
    found = []
    start = 0
    for stop in np.unique(lengths[lengths > 0]).tolist():
        samples = np.flatnonzero(lengths >= stop)
        steps = np.arange(start, stop)[:, None]
        found.append(Segment(lengths[samples] - 1 - steps if reverse else steps, samples))
        start = stop
    return found


def without_padding(value: Array, lengths: Array | None, *, batch_first: bool) -> Array:
    """`value` (T, B, ...), batch-major (B, T, ...), with zeros in place of what lies beyond each end; same dtype.

    `value` is returned as it is where there is no padding, or where its shape fits no lengths: that is
    refused later.

    Args:
        value: (T, B, ...), or batch-major (B, T, ...).
        lengths: (B,) or None.

    Examples:
        >>> without_padding(np.ones((3, 2, 1)), np.array([3, 1]), batch_first=False)[:, 1, 0]
        array([1., 0., 0.])
    """
    if lengths is None or value.ndim != 3:
        return value
    within = np.arange(value.shape[1 if batch_first else 0])[:, None] < lengths  # (T, B)
    if batch_first:
        within = within.T
    if value.shape[:2] != within.shape:
        return value
    return np.where(within[..., None], value, value.dtype.type(0))
