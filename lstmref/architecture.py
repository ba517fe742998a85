"""Which cells a network of them has, and the names of their parameters.

A network is a stack of layers of one kind of cell; every layer of a bidirectional one has a second cell that reads
the sequence backwards; of a reverse one that is the only cell. Its parameters are one flat mapping:
`"<layer>.<direction>.<name>"`, such as `"0.forward.W_i"` or `"1.reverse.U_f"`, with the name that the cell itself
gives the parameter.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from lstmref import check
from lstmref.discovery import cell
from lstmref.errors import KindError, NameSetError, ShapeError

ValueT = TypeVar("ValueT")

DIRECTIONS = ("forward", "reverse")


@dataclass(frozen=True)
class Architecture:
    """The cell by its hyphenated name, D inputs, H hidden units a direction, the layers, and the directions.

    Layer 0 reads D inputs; every other reads the H (bidirectional 2 H) outputs of the layer below. bidirectional: every
    layer reads the sequence both ways. reverse: every layer reads it backwards only, from each sample's last step to
    its first; the output of step t still stands at t.
    Raises NameSetError for an unknown cell and for reverse beside bidirectional, ShapeError or KindError for
    sizes that are no whole numbers >= 0, KindError for a direction that is no bool, and ShapeError for less than one
    layer.

    >>> two = Architecture("lstm", D=3, H=4, layers=2, bidirectional=True)
    >>> two.parameter_shapes()["1.reverse.W_i"]
    (4, 8)
    >>> two.directions, list(two.cells())
    (('forward', 'reverse'), [(0, 'forward'), (0, 'reverse'), (1, 'forward'), (1, 'reverse')])
    >>> two.inputs(0), two.inputs(1), two.outputs
    (3, 8, 8)
    >>> list(Architecture("rnn", D=3, H=4, reverse=True).parameter_shapes())
    ['0.reverse.W', '0.reverse.U', '0.reverse.b']
    """

    cell: str
    D: int
    H: int
    layers: int = 1
    bidirectional: bool = False
    reverse: bool = False

    def __post_init__(self) -> None:
        cell(self.cell)
        for name in ("D", "H", "layers"):
            check.size(name, getattr(self, name))
        if self.layers < 1:
            raise ShapeError(f"layers: expected a whole number >= 1, got {self.layers}")
        for name in ("bidirectional", "reverse"):
            value = getattr(self, name)
            if not isinstance(value, bool):
                raise KindError(f"{name}: expected True or False, got {type(value).__name__}")
        if self.bidirectional and self.reverse:
            raise NameSetError(
                "reverse: expected False, as a bidirectional network reads both ways, got True"
            )

    @property
    def directions(self) -> tuple[str, ...]:
        """("forward",), ("forward", "reverse"), or ("reverse",)."""
        if self.bidirectional:
            return DIRECTIONS
        return DIRECTIONS[1:] if self.reverse else DIRECTIONS[:1]

    @property
    def outputs(self) -> int:
        """How many numbers every layer gives at each step: H of each direction."""
        return self.H * len(self.directions)

    def cells(self) -> Iterator[tuple[int, str]]:
        """Layer and direction of every cell, layer by layer, forward first."""
        return ((layer, direction) for layer in range(self.layers) for direction in self.directions)

    def inputs(self, layer: int) -> int:
        """How many numbers a layer reads at each step: D, or the outputs of the layer below."""
        return self.D if layer == 0 else self.outputs

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter, in the order of `cells`."""
        shapes = cell(self.cell).parameter_shapes
        return {
            key(layer, direction, name): shape
            for layer, direction in self.cells()
            for name, shape in shapes(self.inputs(layer), self.H).items()
        }


def key(layer: int, direction: str, name: str) -> str:
    """The name of a cell's parameter in the network.

    >>> key(0, "forward", "W_i")
    '0.forward.W_i'
    """
    return f"{layer}.{direction}.{name}"


def of_cell(params: Mapping[str, ValueT], layer: int, direction: str) -> dict[str, ValueT]:
    """The parameters of one cell of the network, under the cell's own names.

    >>> of_cell({"0.forward.W": 1, "0.forward.U": 2, "1.forward.W": 3}, 0, "forward")
    {'W': 1, 'U': 2}
    """
    start = key(layer, direction, "")
    return {name.removeprefix(start): value for name, value in params.items() if name.startswith(start)}
