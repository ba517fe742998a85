"""The weights of a network as lstmref has them, with what is needed to give a framework back its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from lstmref.check import Array, Given
from lstmref.convert import arrays, options, refusals
from lstmref.convert.biases import Pair, of_two
from lstmref.convert.layouts import LAYOUTS, NAMES
from lstmref.errors import KindError, NameSetError
from lstmref.network.architecture import Architecture

# Only z differs between the two: 1 - sigmoid(a) = sigmoid(-a), so what makes a is negated.
OPPOSITE = {"gru": "gru-cho", "gru-cho": "gru"}
UPDATE = ("W_z", "U_z", "b_z")


@dataclass(frozen=True, eq=False)
class Weights:
    """A network's architecture and parameters, in one dtype of float32, float64, longdouble.

    The arrays are this object's own; float16 is read as float32.

    After training, `dataclasses.replace(weights, params=trained)` keeps the rest.

    Attributes:
        architecture: as `lstmref.network` takes them.
        params: as `lstmref.network` takes them.
        split: for a bias that is the sum of two in the framework, the two, by the name of the bias: (H,) on
            the input's side and (H,) on the state's.
        biased: False if the framework had no biases; then ours are zero, and it gets none back.
        half: True if the framework's arrays were float16; then what is written is float16 again as long as
            float16 holds every number of it.

    Raises:
        NameSetError: for parameters that do not fit the architecture.
        ShapeError: for parameters that do not fit the architecture.
        KindError: for parameters that do not fit the architecture.
        NotFiniteError: for parameters that do not fit the architecture.

    Examples:
        >>> architecture = Architecture("rnn", D=1, H=1)
        >>> ones = {name: np.ones(shape) for name, shape in architecture.parameter_shapes().items()}
        >>> Weights(architecture, ones).params["0.forward.U"]
        array([[1.]])
    """

    architecture: Architecture
    params: dict[str, Array]
    split: dict[str, Pair] = field(default_factory=dict)
    biased: bool = True
    half: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.architecture, Architecture):
            raise KindError(f"architecture: expected an Architecture, got {type(self.architecture).__name__}")
        for name in ("biased", "half"):
            if not isinstance(getattr(self, name), bool):
                raise KindError(f"{name}: expected True or False, got {type(getattr(self, name)).__name__}")
        shapes = self.architecture.parameter_shapes()
        params = _read("params", self.params, shapes)
        summed = {name: shape for name, shape in shapes.items() if is_bias(name) and not of_two(name, shapes)}
        if not isinstance(self.split, Mapping):
            raise KindError(f"split: expected a mapping, got {type(self.split).__name__}")
        strange = [name for name in self.split if name not in summed]
        if strange:
            raise NameSetError(
                f"split: unknown {', '.join(map(str, strange))}; expected some of {', '.join(summed)}"
            )
        split = {}
        for name in (name for name in summed if name in self.split):
            pair: object = self.split[name]
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                raise KindError(f"split {name}: expected two arrays, got {type(pair).__name__}")
            x, h = pair
            halves = {f"split {name} (input)": x, f"split {name} (state)": h}
            x, h = _read(f"split {name}", halves, dict.fromkeys(halves, summed[name])).values()
            split[name] = (x, h)
        object.__setattr__(self, "params", params)
        object.__setattr__(self, "split", split)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The dtype of every parameter."""
        dtype: np.dtype[np.generic] = next(iter(self.params.values())).dtype
        return dtype


def to_cell(weights: Weights, cell: str) -> Weights:
    """The same function with the weights of another cell, exactly: gru (z weighs the new) to gru-cho and back.

    All that makes z is negated; nothing is rounded, and twice gives the same bits. Everything else, above all
    a reset gate before the product for one after it, is refused.

    Raises:
        ConversionError: for another pair of cells, with the page that says why.
        KindError: for what is not `Weights`.

    Source:
        1 - sigmoid(a) = sigmoid(-a).

    Examples:
        >>> architecture = Architecture("gru", D=1, H=1)
        >>> ones = {name: np.ones(shape) for name, shape in architecture.parameter_shapes().items()}
        >>> turned = to_cell(Weights(architecture, ones), "gru-cho")
        >>> float(turned.params["0.forward.U_z"][0, 0]), float(turned.params["0.forward.U_r"][0, 0])
        (-1.0, 1.0)
    """
    options.texts(cell=cell)
    have = read_weights(weights).architecture.cell
    if cell == have:
        return weights
    architecture = replace(weights.architecture, cell=cell)
    if OPPOSITE.get(have) != cell:
        refusals.refuse_cell("cell", have, cell)
    params = {name: -value if _makes_z(name) else value for name, value in weights.params.items()}
    split = {name: (-x, -h) if _makes_z(name) else (x, h) for name, (x, h) in weights.split.items()}
    return replace(weights, architecture=architecture, params=params, split=split)


def for_framework(weights: Weights, framework: str) -> Weights:
    """The weights with a cell that the framework has, z turned if need be.

    Raises:
        ConversionError: if it has none.
        KindError: for what is not `Weights`.

    Examples:
        >>> architecture = Architecture("gru", D=1, H=1)
        >>> ones = {name: np.ones(shape) for name, shape in architecture.parameter_shapes().items()}
        >>> for_framework(Weights(architecture, ones), "keras").architecture.cell
        'gru-cho'
    """
    cell, table = read_weights(weights).architecture.cell, LAYOUTS[framework]
    for native in (cell, OPPOSITE.get(cell)):
        if native in table:
            return to_cell(weights, native)
    for native in table:  # the nearest of kin says why not
        if {cell, native} <= set(refusals.GRUS) or {cell, native} <= set(refusals.LSTMS):
            refusals.refuse_cell(f"{NAMES[framework]} {table[native].layer}", cell, native)
    return refusals.refuse(
        f"cell: expected one of {', '.join(table)}, which {NAMES[framework]} has, got {cell}"
    )


def read_weights(given: object) -> Weights:
    """`given` if it is `Weights`, else raise KindError.

    Raises:
        KindError: otherwise.

    Examples:
        >>> read_weights({})
        Traceback (most recent call last):
        lstmref.errors.KindError: weights: expected Weights, got dict
    """
    if not isinstance(given, Weights):
        raise KindError(f"weights: expected Weights, got {type(given).__name__}")
    return given


def with_biases(weights: Weights, bias: bool | None) -> bool:
    """Whether to write biases: as they came if `bias` is None.

    Raises:
        ConversionError: if they are to be left out and are not zero.

    Examples:
        >>> architecture = Architecture("rnn", D=1, H=1)
        >>> ones = {name: np.ones(shape) for name, shape in architecture.parameter_shapes().items()}
        >>> weights = Weights(architecture, ones)
        >>> with_biases(weights, None), weights.dtype
        (True, dtype('float64'))
        >>> with_biases(weights, False)
        Traceback (most recent call last):
        lstmref.errors.ConversionError: 0.forward.b: expected zeros, for bias=False, got 1.0
    """
    wanted = weights.biased if bias is None else bias
    if not wanted:
        for name, value in weights.params.items():
            if is_bias(name) and value.any():
                why = (
                    "as the weights came without biases; bias=True writes them"
                    if bias is None
                    else "for bias=False"
                )
                refusals.refuse(f"{name}: expected zeros, {why}, got {value[value != 0][0]}")
    return wanted


def _read(what: str, given: Mapping[str, Given], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
    """Copies under exactly the names of `shapes`, in its order, all of one dtype."""
    if not isinstance(given, Mapping):
        raise KindError(f"{what}: expected a mapping of names to arrays, got {type(given).__name__}")
    same_names(what, given, shapes)
    found: dict[str, Array] = {}
    for name, shape in shapes.items():
        first = next(iter(found), None)
        dtype = found[first].dtype if first is not None else None
        found[name] = arrays.shaped(name, arrays.read(name, given[name], dtype, str(first)), shape)
    return found


def same_names(what: str, given: Iterable[object], expected: Iterable[str]) -> None:
    """Raise NameSetError unless `given` has the names of `expected` and no others.

    Raises:
        NameSetError: unless `given` has the names of `expected` and no others.

    Examples:
        >>> same_names("params", ["W", "V"], ["W", "U"])
        Traceback (most recent call last):
        lstmref.errors.NameSetError: params: missing U, unknown V; expected W, U
    """
    given, expected = list(given), list(expected)
    kinds = {
        "missing": [name for name in expected if name not in given],
        "unknown": [str(name) for name in given if name not in expected],
    }
    faults = ", ".join(f"{kind} {', '.join(names)}" for kind, names in kinds.items() if names)
    if faults:
        raise NameSetError(f"{what}: {faults}; expected {', '.join(expected)}")


def _own_name(name: str) -> str:
    return name.rpartition(".")[2]


def is_bias(name: str) -> bool:
    """Whether a parameter of a network is a bias.

    Examples:
        >>> is_bias("0.forward.b_i"), is_bias("0.forward.U")
        (True, False)
    """
    return _own_name(name).startswith("b")


def _makes_z(name: str) -> bool:
    return _own_name(name) in UPDATE
