"""How each framework lays out the weights of a layer: the one place that says so.

A layer's matrices are those of its gates one below the other, in the framework's order. Everything in this
package that reads or writes a framework's arrays goes by these tables, and nothing else states an order or a
transpose.

Source:
    the documentation of pytorch-rnn, pytorch-lstm, pytorch-gru, of Keras's SimpleRNN, LSTM and GRU, and of
    the ONNX operators RNN, LSTM and GRU.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Layout:
    """One layer of a framework, which computes one cell of ours.

    Attributes:
        layer: its class or operator.
        gates: by our names, in the framework's order; "" is the only gate of a cell whose parameters carry no
            index.
        transposed: W is (D, k H) and U (H, k H) instead of (k H, D) and (k H, H), k being the number of
            gates.
        biases: how many a gate has, 1, or 2 of which one stands on the input's side and one on the state's.
        settings: options of the layer that make it compute this cell and no other.

    Examples:
        >>> LAYOUTS["onnx"]["lstm"].gates
        ('i', 'o', 'f', 'g')
        >>> LAYOUTS["keras"]["gru-cho"].matrices(D=2, H=5)
        ((2, 15), (5, 15))
    """

    layer: str
    gates: tuple[str, ...]
    transposed: bool = False
    biases: int = 2
    settings: Mapping[str, Any] = field(default_factory=dict)

    def matrices(self, D: int, H: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The shapes of W and U for D inputs and H hidden units."""
        rows = len(self.gates) * H
        W, U = (rows, D), (rows, H)
        return (W[::-1], U[::-1]) if self.transposed else (W, U)


PYTORCH = {
    "rnn": Layout("nn.RNN", ("",), settings={"nonlinearity": "tanh"}),
    "lstm": Layout("nn.LSTM", ("i", "f", "g", "o")),
    "gru-after": Layout("nn.GRU", ("r", "z", "n")),
}

KERAS = {
    "rnn": Layout("SimpleRNN", ("",), transposed=True, biases=1),
    "lstm": Layout("LSTM", ("i", "f", "g", "o"), transposed=True, biases=1),
    "gru-after": Layout("GRU", ("z", "r", "n"), transposed=True, biases=2, settings={"reset_after": True}),
    "gru-cho": Layout("GRU", ("z", "r", "n"), transposed=True, biases=1, settings={"reset_after": False}),
}

# Of the gates, of the candidate and, in the LSTM, of c on its way out: for the linear one 1 c + 0.
SQUASHED, LINEAR = ("Sigmoid", "Tanh", "Tanh"), ("Sigmoid", "Tanh", "Affine")
ONNX = {
    "rnn": Layout("RNN", ("",), settings={"activations": ("Tanh",)}),
    "lstm": Layout("LSTM", ("i", "o", "f", "g"), settings={"activations": SQUASHED}),
    "lstm-linear": Layout("LSTM", ("i", "o", "f", "g"), settings={"activations": LINEAR}),
    "gru-after": Layout(
        "GRU", ("z", "r", "n"), settings={"linear_before_reset": 1, "activations": SQUASHED[:2]}
    ),
    "gru-cho": Layout(
        "GRU", ("z", "r", "n"), settings={"linear_before_reset": 0, "activations": SQUASHED[:2]}
    ),
}

LAYOUTS = {"pytorch": PYTORCH, "keras": KERAS, "onnx": ONNX}
NAMES = {"pytorch": "PyTorch", "keras": "Keras", "onnx": "ONNX"}
