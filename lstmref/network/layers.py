"""LSTM, GRU and RNN as objects that hold their parameters: a thin layer over `lstmref.network`.

An object remembers its last forward pass for `backward`. A thread whose pass another thread has replaced is told so
by `backward`; threads that run at once use the functions of `lstmref.network`, which keep nothing.
"""

import threading
from collections.abc import Mapping
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lstmref import network
from lstmref.check import Array, Given
from lstmref.errors import NameSetError, OrderError
from lstmref.network import Masks, Outputs, initial
from lstmref.network.architecture import Architecture

# The reset gate acts before or after the recurrent product; the update gate weighs what is kept, or what is new.
GRUS = {("after", "keep"): "gru-after", ("before", "keep"): "gru-cho", ("before", "new"): "gru"}


# A number for every thread; the system's own is given to another thread once one has ended.
HERE, NUMBERS = threading.local(), count(1)
# For the moment in which a pass is remembered. One for all objects: an object with a lock could not be copied.
REMEMBERING = threading.Lock()


def _this_thread() -> int:
    """The number of the thread that asks; no other ever has it.

    Examples:
        >>> _this_thread() == _this_thread()
        True
    """
    if not hasattr(HERE, "number"):
        HERE.number = next(NUMBERS)
    return int(HERE.number)


class Last(NamedTuple):
    """The last forward pass of an object, None where it failed or there was none."""

    cache: network.Cache | None = None
    thread: int = 0  # which ran it
    replaced: frozenset[int] = frozenset()  # threads whose own pass is gone since another thread's came


class Recurrent:
    """What LSTM, GRU and RNN have in common.

    `parameters` has every parameter by its name, such as "0.forward.W_i"; it may be assigned to and its
    arrays changed, and is checked when it is used.

    Args:
        architecture: which cells there are.
        batch_first: whether x and h are (B, T, ...).
        dtype: see `lstmref.network.initial.uniform`.
        rng: see `lstmref.network.initial.uniform`.

    Raises:
        KindError: a value of the wrong type or dtype.
    """

    def __init__(
        self,
        architecture: Architecture,
        batch_first: bool = False,
        dtype: npt.DTypeLike = np.float64,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.architecture = architecture
        self.batch_first = batch_first
        self.parameters: dict[str, Array] = initial.uniform(architecture, rng, dtype)
        self._last = Last()

    def forward(
        self,
        x: Given,
        states: Mapping[str, Given] | None = None,
        *,
        lengths: npt.ArrayLike | None = None,
        masks: Masks | None = None,
    ) -> Outputs:
        """`lstmref.network.forward` with these parameters: same arguments, outputs and errors.

        The dtype of x must be that of the parameters. If it raises, an earlier forward pass is forgotten as well.
        """
        self._remember(None)
        outputs, cache = network.forward(
            self.architecture,
            self.parameters,
            x,
            states,
            lengths=lengths,
            masks=masks,
            batch_first=self.batch_first,
        )
        self._remember(cache)
        return outputs

    def backward(self, cotangents: Mapping[str, Given]) -> dict[str, Array]:
        """`lstmref.network.backward` of the last forward pass: same cotangents, gradients and errors.

        The gradients are those at the parameters that the forward pass had, whatever became of them since.
        May be called again; gradients are returned, not gathered.

        Raises:
            OrderError: if there was no forward pass, or if another thread has replaced this thread's.
        """
        last = self._last
        if _this_thread() in last.replaced:
            raise OrderError(
                "backward: expected the forward pass of this thread to be the last one, got another thread's since; "
                "threads that run at once use lstmref.network"
            )
        if last.cache is None:
            raise OrderError("backward: expected a forward pass before it, got none")
        return network.backward(cotangents, last.cache)

    def _remember(self, cache: network.Cache | None) -> None:
        """Make this thread's pass the last one, and know whose it replaces."""
        here = _this_thread()
        with REMEMBERING:
            before = self._last
            others = before.replaced | ({before.thread} if before.thread else frozenset())
            self._last = Last(cache, here, others - {here})

    def __getstate__(self) -> dict[str, Any]:
        """A copy has the pass, and no thread of its own."""
        return self.__dict__ | {"_last": Last(self._last.cache)}


class LSTM(Recurrent):
    """The LSTM with a forget gate (cell "lstm").

    The parameters are drawn by `lstmref.network.initial.uniform` from `rng`.

    Args:
        D: inputs.
        H: hidden units a direction.
        dtype: float32, float64, longdouble or complex128.

    Raises:
        ShapeError: as in `Architecture`.
        KindError: as in `Architecture`.

    Source:
        gers2000; see `lstmref.lstm`.

    Examples:
        >>> layer = LSTM(D=3, H=4, layers=2, bidirectional=True, rng=np.random.default_rng(0))
        >>> outputs = layer.forward(np.ones((5, 2, 3)))
        >>> outputs.h.shape, outputs.states["c"].shape
        ((5, 2, 8), (2, 2, 2, 4))
        >>> gradients = layer.backward({"h": outputs.h})
        >>> gradients["1.reverse.U_f"].shape, gradients["x"].shape
        ((4, 4), (5, 2, 3))
    """

    def __init__(
        self,
        D: int,
        H: int,
        layers: int = 1,
        bidirectional: bool = False,
        batch_first: bool = False,
        dtype: npt.DTypeLike = np.float64,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__(Architecture("lstm", D, H, layers, bidirectional), batch_first, dtype, rng)


class GRU(Recurrent):
    """The GRU, in the three forms in use.

    With reset after, keep: cell "gru-after" (PyTorch, cuDNN, Keras); before, keep: "gru-cho" (cho2014, ONNX);
    before, new: "gru" (chung2014).

    Other arguments and errors: see `LSTM`.

    Args:
        reset: "after" or "before" the recurrent product.
        update: whether the update gate z is the weight of what is kept ("keep") or of what is new ("new").

    Raises:
        NameSetError: for another pair; after and new would be "gru-after" with W_z, U_z and b_z negated.

    Examples:
        >>> GRU(D=3, H=4).architecture.cell, GRU(D=3, H=4, reset="before", update="new").architecture.cell
        ('gru-after', 'gru')
    """

    def __init__(
        self,
        D: int,
        H: int,
        layers: int = 1,
        bidirectional: bool = False,
        batch_first: bool = False,
        dtype: npt.DTypeLike = np.float64,
        rng: np.random.Generator | None = None,
        *,
        reset: str = "after",
        update: str = "keep",
    ) -> None:
        if (reset, update) not in GRUS:
            pairs = ", ".join(f'("{a}", "{b}")' for a, b in GRUS)
            raise NameSetError(f"reset, update: expected one of {pairs}, got ({reset!r}, {update!r})")
        cell = GRUS[reset, update]
        super().__init__(Architecture(cell, D, H, layers, bidirectional), batch_first, dtype, rng)


class RNN(Recurrent):
    """The Elman network with tanh (cell "rnn"). Arguments and errors: see `LSTM`.

    Source:
        elman1990.

    Examples:
        >>> outputs = RNN(D=3, H=4, batch_first=True).forward(np.ones((2, 5, 3)), lengths=[5, 1])
        >>> outputs.h.shape, bool(outputs.h[1, 1:].any())
        ((2, 5, 4), False)
    """

    def __init__(
        self,
        D: int,
        H: int,
        layers: int = 1,
        bidirectional: bool = False,
        batch_first: bool = False,
        dtype: npt.DTypeLike = np.float64,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__(Architecture("rnn", D, H, layers, bidirectional), batch_first, dtype, rng)
