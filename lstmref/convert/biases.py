"""Two biases of a framework where a cell has one, and back, to the last bit.

PyTorch and ONNX have a bias on the input's side and one on the state's; where only their sum acts, the cell has the
sum. The pair is kept beside it, so that it comes back as it was as long as the sum has not changed.
"""

from collections.abc import Container

import numpy as np

from lstmref.check import Array

Pair = tuple[Array, Array]


def of_two(name: str, names: Container[str]) -> bool:
    """Whether a bias is one of the two of a gate that the cell itself keeps apart, as both act: b_nx or b_nh.

    Examples:
        >>> of_two("b_nx", ("b_z", "b_nx", "b_nh")), of_two("b_z", ("b_z", "b_nx", "b_nh"))
        (True, False)
    """
    return name[-1:] in ("x", "h") and all(name[:-1] + side in names for side in "xh")


def part(b: Array, pair: Pair | None) -> Pair:
    """Two biases (H,) whose sum, rounded to the dtype of b, is b (H,) to the last bit.

    Entry by entry: the pair itself where its sum still is b. Else the state's bias stays, and the input's
    takes the rest, where that rounds to b. Else, and where there is no pair, the input's bias is b and the
    state's zero.

    Args:
        b: (H,).

    Examples:
        >>> part(np.array([3.0, 5.0]), (np.array([1.0, 1.0]), np.array([2.0, 2.0])))
        (array([1., 3.]), array([2., 2.]))
    """
    # -0 + 0 is +0, so the zero beside a -0 is -0.
    zero = np.where(b == 0, b, b.dtype.type(0))
    if pair is None:
        return b.copy(), zero
    with np.errstate(all="ignore"):  # of a dtype that the pair may not fit; then the sums below are not b
        x, h = (half.astype(b.dtype) for half in pair)
        rest = b - h
        kept, fits = _same(x + h, b), _same(rest + h, b)
    return np.where(kept, x, np.where(fits, rest, b)), np.where(kept | fits, h, zero)


def whole(pair: Pair) -> Array:
    """The sum of the pair, (H,) as each of the two, rounded to their dtype; infinite where it is too large for it.

    Examples:
        >>> whole((np.array([1.0, 2.0]), np.array([0.5, -2.0])))
        array([1.5, 0. ])
    """
    with np.errstate(over="ignore"):
        total: Array = pair[0] + pair[1]
    return total


def _same(a: Array, b: Array) -> Array:
    """Where two arrays are the same bit by bit; neither holds NaN where it matters."""
    same: Array = (a == b) & (np.signbit(a) == np.signbit(b))
    return same
