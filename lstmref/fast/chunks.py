"""How sequence passes walk through time: in chunks of steps that share products, and those in blocks.

A chunk is long enough for BLAS to be fast, and short enough that what is made for it is small beside the
cache of a long sequence. A block is what elementwise work is done for at once: its numbers stay in the
processor's own cache, and are many enough for the overhead of a NumPy call to be small. Arrays are of any
dtype.

Source:
    this project.
"""

from collections.abc import Iterator

from lstmref.check import Array

# Steps times batch. Backward has less memory to spare, and more if the weights are large, for their gradients are added
# up each time.
ROWS_FORWARD, ROWS_BACKWARD = 512, 256
NUMBERS_OF_A_BLOCK = 2**13  # steps times batch times H


def forward_chunk(T: int, B: int) -> int:
    """How many steps share a product going forward: 1 or more.

    Examples:
        >>> forward_chunk(T=1000, B=8)
        64
    """
    return _steps(T, B, ROWS_FORWARD)


def backward_chunk(T: int, B: int, K: int) -> int:
    """How many steps share products with weights, and for gradients of weights, of K rows going backward: 1 or more.

    Examples:
        >>> backward_chunk(T=1000, B=8, K=512)
        32
    """
    return _steps(T, B, max(ROWS_BACKWARD, K // 4))


def _steps(T: int, B: int, rows: int) -> int:
    return max(1, min(T, rows // max(B, 1)))


def block_length(T: int, B: int, H: int) -> int:
    """How many steps are worked at together, elementwise: 1 or more.

    Examples:
        >>> block_length(T=1000, B=8, H=128)
        8
    """
    return max(1, min(T, NUMBERS_OF_A_BLOCK // max(B * H, 1)))


def cut(T: int, length: int) -> list[slice]:
    """0..T cut into slices of so many steps, the last perhaps shorter.

    Examples:
        >>> cut(5, 2)
        [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    return [slice(start, min(start + length, T)) for start in range(0, T, length)]


def backwards(*arrays: Array) -> Iterator[tuple[Array, ...]]:
    """The steps of several arrays (T, ...) together, as views, the last step first.

    Args:
        arrays: (T, ...) each.

    Examples:
        >>> import numpy as np
        >>> [float(x + y) for x, y in backwards(np.array([1.0, 2.0]), np.array([10.0, 20.0]))]
        [22.0, 11.0]
    """
    return zip(*(array[::-1] for array in arrays), strict=True)


def rows(array: Array) -> Array:
    """Steps and batch of an array as one axis: (T, B, N) -> (T B, N); a view, where the two are contiguous.

    Args:
        array: (T, B, N).

    Examples:
        >>> import numpy as np
        >>> rows(np.zeros((5, 2, 3))).shape
        (10, 3)
    """
    T, B, N = array.shape
    return array.reshape(T * B, N)
