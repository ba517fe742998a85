"""Which cells a network of them has, and the names of their parameters.

A network is a stack of layers of one kind of cell; every layer of a bidirectional one has a second cell that reads
the sequence backwards; of a reverse one that is the only cell. Its parameters are one flat mapping:
`"<layer>.<direction>.<name>"`, such as `"0.forward.W_i"` or `"1.reverse.U_f"`, with the name that the cell itself
gives the parameter.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import TypeVar

from lstmref import check
from lstmref.discovery import Cell, cell, cells
from lstmref.errors import KindError, NameSetError, ShapeError

ValueT = TypeVar("ValueT")

DIRECTIONS = ("forward", "reverse")


@dataclass(frozen=True)
class Architecture:
    """The cell by its hyphenated name, D inputs, H hidden units a direction, the layers, and the directions.

    Layer 0 reads D inputs; every other reads the H (lstmp P; bidirectional twice as many) outputs of the
    layer below.

    Attributes:
        bidirectional: every layer reads the sequence both ways.
        reverse: every layer reads it backwards only, from each sample's last step to its first; the output of
            step t still stands at t.
        sizes: those of further axes that the cell has, by letter, such as {"P": 2} for the projection of
            lstmp.

    Raises:
        NameSetError: for an unknown cell, one that cannot be stacked (see `stackable`), sizes that are
            missing or unknown, and for reverse beside bidirectional.
        ShapeError: for sizes that are below 0, and for less than one layer.
        KindError: for sizes that are no whole numbers, and for a direction that is no bool.

    Examples:
        >>> two = Architecture("lstm", D=3, H=4, layers=2, bidirectional=True)
        >>> two.parameter_shapes()["1.reverse.W_i"]
        (4, 8)
        >>> two.directions, list(two.cells())
        (('forward', 'reverse'), [(0, 'forward'), (0, 'reverse'), (1, 'forward'), (1, 'reverse')])
        >>> two.inputs(0), two.inputs(1), two.outputs
        (3, 8, 8)
        >>> Architecture("lstmp", D=3, H=4, layers=2, sizes={"P": 2}).parameter_shapes()["1.forward.W_i"]
        (4, 2)
        >>> list(Architecture("rnn", D=3, H=4, reverse=True).parameter_shapes())
        ['0.reverse.W', '0.reverse.U', '0.reverse.b']
    """

    cell: str
    D: int
    H: int
    layers: int = 1
    bidirectional: bool = False
    reverse: bool = False
    sizes: Mapping[str, int] = field(default_factory=dict, hash=False)

    def __repr__(self) -> str:
        told = {"sizes": bool(self.sizes), "reverse": self.reverse}
        shown = [one.name for one in fields(self) if told.get(one.name, True)]
        return f"Architecture({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    def __post_init__(self) -> None:
        kind = cell(self.cell)
        if reason := _not_to_be_stacked(kind):
            raise NameSetError(f"cell: expected one of {', '.join(stackable())}, got {self.cell!r}, {reason}")
        for name in ("D", "H", "layers"):
            check.size(name, getattr(self, name))
        if self.layers < 1:
            raise ShapeError(f"layers: expected a whole number >= 1, got {self.layers}")
        if not isinstance(self.sizes, Mapping):
            raise KindError(f"sizes: expected a mapping of letters to sizes, got {type(self.sizes).__name__}")
        expected = [letter for letter in kind.LAYOUT.letters if letter not in ("D", "H")]
        if set(expected) != set(self.sizes):
            letters = ", ".join(expected) or "none"
            raise NameSetError(f"sizes: expected {letters}, got {', '.join(map(str, self.sizes)) or 'none'}")
        for letter in expected:
            check.size(letter, self.sizes[letter])
        object.__setattr__(self, "sizes", dict(self.sizes))  # whatever becomes of the caller's own
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
        """How many numbers every layer gives at each step: H (lstmp P) of each direction."""
        return self.width * len(self.directions)

    @property
    def width(self) -> int:
        """How many numbers every direction of a layer gives at each step: H (lstmp P).

        Examples:
            >>> Architecture("lstm", D=3, H=4, bidirectional=True).width
            4
        """
        layout = cell(self.cell).LAYOUT
        (letter,) = next(iter(layout.outputs.values()))
        return self._sizes(0)[letter]

    def state_shapes(self, B: int) -> dict[str, tuple[int, ...]]:
        """The shape of every state of a batch of B: (layers, directions, B, H) and the like.

        Examples:
            >>> Architecture("lstmp", D=3, H=4, layers=2, sizes={"P": 2}).state_shapes(B=5)
            {'h': (2, 1, 5, 2), 'c': (2, 1, 5, 4)}
        """
        first, sizes = (self.layers, len(self.directions), B), self._sizes(0)
        states = cell(self.cell).LAYOUT.states
        return {name: (*first, *(sizes[letter] for letter in axes)) for name, axes in states.items()}

    def _sizes(self, layer: int) -> dict[str, int]:
        """Of the letters of the cell in a layer."""
        D = self.D if layer == 0 else self.outputs
        return {"D": D, "H": self.H, **self.sizes}

    def cells(self) -> Iterator[tuple[int, str]]:
        """Layer and direction of every cell, layer by layer, forward first."""
        return ((layer, direction) for layer in range(self.layers) for direction in self.directions)

    def inputs(self, layer: int) -> int:
        """How many numbers a layer reads at each step: D, or the outputs of the layer below."""
        return self.D if layer == 0 else self.outputs

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter, in the order of `cells`."""
        kind = cell(self.cell)
        found: dict[str, tuple[int, ...]] = {}
        for layer, direction in self.cells():
            sizes = self._sizes(layer)
            shapes = kind.parameter_shapes(**{letter: sizes[letter] for letter in kind.LAYOUT.letters})
            found |= {key(layer, direction, name): shape for name, shape in shapes.items()}
        return found


def stackable() -> tuple[str, ...]:
    """The cells that a network can stack: they read x (D,) alone, and their first output has one axis, not D.

    Examples:
        >>> "lstm" in stackable(), "gla" in stackable()
        (True, False)
    """
    return tuple(name for name, kind in cells().items() if not _not_to_be_stacked(kind))


def _not_to_be_stacked(kind: Cell) -> str:
    """Why a layer of such cells cannot read another, if so."""
    inputs, states, outputs, data, constants = kind.LAYOUT
    if inputs != {"x": ("D",)} or data or constants:
        read = {**inputs, **data, **constants}.items()
        named = (f"{name} ({', '.join(axes)}{',' * (len(axes) == 1)})" for name, axes in read)
        return f"which reads {', '.join(named)}, not x (D,) alone"
    if not outputs or len(next(iter(outputs.values()))) != 1:
        return "whose first output has not one axis"
    # Layers have inputs of different sizes, and states of one.
    if any("D" in axes for axes in (*states.values(), next(iter(outputs.values())))):
        return "whose states or outputs have the size of x"
    return ""


def key(layer: int, direction: str, name: str) -> str:
    """The name of a cell's parameter in the network.

    Examples:
        >>> key(0, "forward", "W_i")
        '0.forward.W_i'
    """
    return f"{layer}.{direction}.{name}"


def of_cell(params: Mapping[str, ValueT], layer: int, direction: str) -> dict[str, ValueT]:
    """The parameters of one cell of the network, under the cell's own names.

    Examples:
        >>> of_cell({"0.forward.W": 1, "0.forward.U": 2, "1.forward.W": 3}, 0, "forward")
        {'W': 1, 'U': 2}
    """
    start = key(layer, direction, "")
    return {name.removeprefix(start): value for name, value in params.items() if name.startswith(start)}
