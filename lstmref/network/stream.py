"""Truncated backpropagation through time over a stream, chunk by chunk, in the memory of one chunk.

Forward, the states after a chunk are the initial states of the next, so the outputs are those of the whole
stream. Backward, the gradient is cut between chunks: every chunk's gradients are those of its own losses,
with its initial states held fixed. With one chunk that is backpropagation through time in full.

Source:
    williams1990, the algorithm BPTT(h; h') with h = h' = the steps of a chunk.
"""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from lstmref import check, network
from lstmref.check import Array, Given, Parameters
from lstmref.errors import KindError, NameSetError, OrderError, ShapeError
from lstmref.network import Masks, Outputs
from lstmref.network.architecture import Architecture
from lstmref.network.lengths import whole_numbers


class Chunk:
    """The outputs of a chunk, and its backward pass for as long as it is the latest of its stream."""

    def __init__(self, outputs: Outputs, cache: network.Cache) -> None:
        self.outputs = outputs
        self._cache: network.Cache | None = cache

    def backward(self, cotangents: Mapping[str, Given]) -> dict[str, Array]:
        """Gradients of this chunk alone; cotangents, results and errors: `lstmref.network.backward`.

        "h_0" and "c_0" are what the truncation cuts off.

        Raises:
            OrderError: once the next chunk has been asked for.
        """
        if self._cache is None:
            raise OrderError("backward: expected a call before the next chunk is asked for, got one after it")
        return network.backward(cotangents, self._cache)

    def close(self) -> None:
        """Forget what `backward` needs; the outputs stay."""
        self._cache = None


def forward(
    architecture: Architecture,
    params: Parameters,
    chunks: Iterable[Given],
    states: Mapping[str, Given] | None = None,
    *,
    lengths: npt.ArrayLike | None = None,
    masks: Masks | None = None,
    batch_first: bool = False,
    steps: int | None = None,
) -> Iterator[Chunk]:
    """Run the network over a stream, and yield a `Chunk` for each chunk of it.

    Other arguments, results and errors: `lstmref.network.forward`.

    A reverse network reads the stream from its end: give the last chunk first, as `split` with `reverse`
    does. Where a chunk lies must be known to tell which of its steps a sample has, so with lengths it needs
    `steps`, the number of steps of the whole stream.

    When the next chunk is asked for, what the last one kept for its `backward` is freed: no more than one
    chunk's is held.

    Args:
        params: read anew for each chunk: what you do to it between two chunks is seen by the second.
        chunks: the x of one chunk after the other, (T, B, D) or with `batch_first` (B, T, D), as many steps
            in each as you like, all of one batch and dtype; read when they are needed, so the stream may come
            from a file or never end.
        states: before the first chunk; zero if None.
        lengths: (B,) whole numbers >= 0, steps of the whole stream; None if every sample lasts as long as the
            stream.
        masks: those of every chunk, so their time axis has length 1.

    Raises:
        ShapeError: for a bidirectional network, whose reverse direction would start at the stream's end.
        NameSetError: for lengths of a reverse network without `steps`.

    Source:
        williams1990.

    Examples:
        >>> one = Architecture("rnn", D=1, H=1)
        >>> params = {name: np.zeros(shape) for name, shape in one.parameter_shapes().items()}
        >>> for chunk in forward(one, params, split(np.ones((5, 2, 1)), steps=2)):
        ...     gradients = chunk.backward({"h": np.ones_like(chunk.outputs.h)})
        ...     print(len(chunk.outputs.h), gradients["0.forward.b"])
        ...     chunk.close()  # at once; else when the next is asked for
        2 [4.]
        2 [4.]
        1 [2.]
    """
    if not isinstance(architecture, Architecture):
        raise KindError(f"architecture: expected an Architecture, got {type(architecture).__name__}")
    if architecture.bidirectional:
        raise ShapeError("architecture: expected one direction for a stream, got a bidirectional one")
    ends = None if lengths is None else whole_numbers(lengths)
    end = None if steps is None else check.size("steps", steps)
    if architecture.reverse and ends is not None and end is None:
        raise NameSetError(
            "steps: expected the number of steps of the whole stream, as it is read from its end, got none"
        )
    return _forward(architecture, params, chunks, states, ends, masks, batch_first, end)


def _forward(
    architecture: Architecture,
    params: Parameters,
    chunks: Iterable[Given],
    states: Mapping[str, Given] | None,
    lengths: Array | None,
    masks: Masks | None,
    batch_first: bool,
    end: int | None,
) -> Iterator[Chunk]:
    done = 0
    for given in chunks:
        x = check.read("x", given)
        T = x.shape[int(batch_first)] if x.ndim == 3 else 0  # another shape is refused below
        if end is not None and done + T > end:
            raise ShapeError(f"steps: expected at least {done + T}, as the chunks have so many, got {end}")
        start = done if end is None or not architecture.reverse else end - done - T
        here = None if lengths is None else np.clip(lengths - start, 0, T)
        outputs, cache = network.forward(
            architecture, params, x, states, lengths=here, masks=masks, batch_first=batch_first
        )
        done += T
        states = {name: state.copy() for name, state in outputs.states.items()}
        chunk = Chunk(outputs, cache)
        # Whoever reads the stream decides how long the outputs live; nothing here may hold on to them.
        del given, x, outputs, cache
        yield chunk
        chunk.close()
        del chunk
    if end is not None and done != end:
        raise ShapeError(f"steps: expected {done}, as the chunks have so many in all, got {end}")


def split(x: Array, steps: int, *, batch_first: bool = False, reverse: bool = False) -> Iterator[Array]:
    """x (T, B, ...), with `batch_first` (B, T, ...), in chunks of that many steps, as views; the last may be shorter.

    Any dtype. With `reverse` the same chunks, the last first, as a reverse network reads them. Of an array
    that lies in a file (`np.memmap`) only the chunk that is in use is read.

    Args:
        x: (T, B, ...), with `batch_first` (B, T, ...).

    Raises:
        ShapeError: unless `steps` is a whole number >= 1 and x has two axes.
        KindError: unless `steps` is a whole number >= 1 and x has two axes.

    Examples:
        >>> [chunk.shape for chunk in split(np.ones((5, 2, 3)), steps=2)]
        [(2, 2, 3), (2, 2, 3), (1, 2, 3)]
    """
    if check.size("steps", steps) < 1:
        raise ShapeError(f"steps: expected a whole number >= 1, got {steps}")
    if not isinstance(x, np.ndarray):
        raise KindError(f"x: expected an array, got {type(x).__name__}")
    if x.ndim < 2:
        raise ShapeError(f"x: expected (T, B, ...), got {x.shape}")
    starts = range(0, x.shape[int(batch_first)], steps)
    if reverse:
        starts = starts[::-1]
    return (x[:, k : k + steps] if batch_first else x[k : k + steps] for k in starts)


def total(gradients: Iterable[Mapping[str, Array]]) -> dict[str, Array]:
    """The sum of the gradients of the parameters over chunks; x and the initial states belong to one chunk each.

    Args:
        gradients: what `Chunk.backward` returns, one chunk after the other, all of one dtype, which the sum
            has, with the shapes of the parameters, such as (H, D). Empty if there is none.

    Examples:
        >>> one = Architecture("rnn", D=1, H=1)
        >>> params = {name: np.zeros(shape) for name, shape in one.parameter_shapes().items()}
        >>> chunks = forward(one, params, split(np.ones((5, 2, 1)), steps=2))
        >>> total(chunk.backward({"h": np.ones_like(chunk.outputs.h)}) for chunk in chunks)["0.forward.b"]
        array([10.])
    """
    found: dict[str, Array] = {}
    for each in gradients:
        for name, value in each.items():
            if "." not in name:  # as every parameter of a network has it, and nothing else
                continue
            if name in found:
                found[name] += value
            else:
                found[name] = check.own(value)
    return found
