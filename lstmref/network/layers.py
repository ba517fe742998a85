"""LSTM, GRU and RNN as objects that hold their parameters: a thin layer over `lstmref.network`.

An object remembers its last forward pass for `backward`, so threads that share one must take turns, or use the
functions of `lstmref.network`, which keep nothing.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from lstmref import network
from lstmref.check import Array, Given
from lstmref.errors import NameSetError, OrderError
from lstmref.network import Masks, Outputs, initial
from lstmref.network.architecture import Architecture

# The reset gate acts before or after the recurrent product; the update gate weighs what is kept, or what is new.
GRUS = {("after", "keep"): "gru-after", ("before", "keep"): "gru-cho", ("before", "new"): "gru"}


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
        self._cache: network.Cache | None = None

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
        self._cache = None
        outputs, self._cache = network.forward(
            self.architecture,
            self.parameters,
            x,
            states,
            lengths=lengths,
            masks=masks,
            batch_first=self.batch_first,
        )
        return outputs

    def backward(self, cotangents: Mapping[str, Given]) -> dict[str, Array]:
        """`lstmref.network.backward` of the last forward pass: same cotangents, gradients and errors.

        The gradients are those at the parameters that the forward pass had, whatever became of them since.
        May be called again; gradients are returned, not gathered.

        Raises:
            OrderError: if there was no forward pass.
        """
        if self._cache is None:
            raise OrderError("backward: expected a forward pass before it, got none")
        return network.backward(cotangents, self._cache)


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
