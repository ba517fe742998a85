"""One cell of a network over a whole batch: forward or backward in time, with equal or unequal lengths."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from lstmref.check import Array
from lstmref.discovery import Cell
from lstmref.discovery import cell as cell_named
from lstmref.network.lengths import Segment
from lstmref.sequence import Kept


class Pass(NamedTuple):
    """What `backward` needs: the segments in the order in which they ran, and what the cell left of each."""

    cell: Cell
    shapes: dict[str, tuple[int, ...]]  # of the parameters
    segments: list[Segment]
    caches: list[Any]

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy, or what is read back from a file, names its cell, as a module cannot be copied."""
        name = str(getattr(self.cell, "__name__", "")).rpartition(".")[2].replace("_", "-")
        return _passed, (name, self.shapes, self.segments, self.caches)


def _passed(name: str, *rest: Any) -> Pass:
    return Pass(cell_named(name), *rest)


def forward(
    cell: Cell,
    params: dict[str, Array],
    x: Array,
    states: Mapping[str, Array],
    segments: list[Segment],
    h: Array,
) -> tuple[dict[str, Array], Pass]:
    """Run the segments from `states` and write h of every step into `h`, at the step that was read.

    All are taken to be right, and of one dtype.

    Args:
        params: by the cell's own names.
        x: (T, B, D).
        states: (B, H) by name.
        h: (T, B, H), zeros, of which the padding stays zero.

    Returns:
        Each sample's states after its last step, (B, H) by name, and what `backward` needs.

    Examples:
        >>> from lstmref import cell
        >>> from lstmref.network import lengths
        >>> rnn = cell("rnn")
        >>> params = {name: np.zeros(shape) for name, shape in rnn.parameter_shapes(1, 1).items()} | {"b": np.ones(1)}
        >>> h, ends = np.zeros((3, 2, 1)), np.array([3, 1])
        >>> pieces = lengths.cut(ends, reverse=False)
        >>> states, done = forward(rnn, params, np.ones((3, 2, 1)), {"h": np.zeros((2, 1))}, pieces, h)
        >>> h[:, :, 0].round(2).tolist()
        [[0.76, 0.76], [0.76, 0.0], [0.76, 0.0]]
    """
    now = {name: state.copy() for name, state in states.items()}
    caches: list[Any] = []
    for segment in segments:
        before = (now[name][segment.samples] for name in cell.STATES)
        outputs, cache = cell.forward(params, x[segment], *before)
        h[segment] = outputs[0]
        for name in cell.STATES:
            now[name][segment.samples] = getattr(outputs, f"{name}_T")
        caches.append(_sharing(cache, caches[0]) if caches else cache)
    return now, Pass(cell, {name: value.shape for name, value in params.items()}, segments, caches)


def backward(
    done: Pass, dh: Array, d_final: Mapping[str, Array], dx: Array
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Gradients of `forward`; that of x is added to `dx`.

    Args:
        dh: (T, B, H).
        d_final: (B, H) by name.
        dx: (T, B, D).

    Returns:
        The gradients of the initial states and of the parameters, both by name.

    Dtypes:
        That of the forward pass.

    Examples:
        >>> from lstmref import cell
        >>> from lstmref.network import lengths
        >>> rnn = cell("rnn")
        >>> params = {name: np.zeros(shape) for name, shape in rnn.parameter_shapes(1, 1).items()}
        >>> h, ends = np.zeros((3, 2, 1)), np.array([3, 1])
        >>> pieces = lengths.cut(ends, reverse=False)
        >>> states, done = forward(rnn, params, np.ones((3, 2, 1)), {"h": np.zeros((2, 1))}, pieces, h)
        >>> d_states, gradients = backward(done, np.ones((3, 2, 1)), {"h": np.zeros((2, 1))}, np.zeros((3, 2, 1)))
        >>> gradients["b"]  # one for each of the 3 + 1 steps
        array([4.])
    """
    cell, first = done.cell, next(iter(done.cell.LAYOUT.outputs))
    d_states = {name: d_final[name].copy() for name in cell.STATES}
    total: dict[str, Array] = {}
    for segment, cache in zip(reversed(done.segments), reversed(done.caches), strict=True):
        after = {f"{name}_T": d_states[name][segment.samples] for name in cell.STATES}
        found = cell.backward({first: dh[segment], **after}, cache)
        dx[segment] += found["x"]
        for name in cell.STATES:
            d_states[name][segment.samples] = found[f"{name}_0"]
        for name in done.shapes:
            total[name] = total[name] + found[name] if name in total else found[name]
    if not total:  # no sample has a step
        total = {name: np.zeros(shape, dh.dtype) for name, shape in done.shapes.items()}
    return d_states, total


def _sharing(cache: Any, first: Any) -> Any:
    """`cache` with the arrays of `first` in place of its own equal ones: the weights, which each call copies.

    Caches are named tuples of arrays that nobody writes to. Without this, many lengths would mean many copies.
    """
    if isinstance(cache, np.ndarray) and isinstance(first, np.ndarray):
        return first if np.array_equal(cache, first) else cache
    if isinstance(cache, Kept) and isinstance(first, Kept):
        params = {name: _sharing(value, first.params[name]) for name, value in cache.params.items()}
        steps = [step._make(params if one is cache.params else one for one in step) for step in cache.steps]
        return Kept(params, steps)
    if isinstance(cache, tuple) and hasattr(cache, "_make") and type(cache) is type(first):
        return cache._make(map(_sharing, cache, first))
    return cache
