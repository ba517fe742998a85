"""The parameters of cells in a framework's stacked matrices: the gates out of them, and into them.

Arrays are read already, all of one dtype of float32, float64, longdouble.

Source:
    what the layouts of `lstmref.convert.layouts` name.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from lstmref.check import Array
from lstmref.convert import arrays, biases
from lstmref.convert.biases import Pair
from lstmref.convert.layouts import Layout
from lstmref.convert.weights import Weights
from lstmref.discovery import cell as cell_named
from lstmref.errors import ShapeError
from lstmref.network.architecture import Architecture, key, of_cell

Place = tuple[int, str]  # layer and direction of a cell


class Blocks(NamedTuple):
    """A framework's arrays for one cell: matrices as its layout says, biases (k H,), or None where it has none."""

    W: Array
    U: Array
    b_x: Array | None = None  # on the input's side, or the only one
    b_h: Array | None = None  # on the state's side


def count(names: tuple[str, str], W: Array, U: Array, table: Mapping[str, Layout], cell: str | None) -> int:
    """The number of gates, as the state's matrix U tells it.

    Then it is compared with W if the caller expects a cell that the framework has.

    Args:
        names: those of W and U, for errors.
        W: (k H, D), or (D, k H).
        U: (k H, H), or (H, k H).

    Raises:
        ShapeError: if no layer of the framework has such a U.

    Examples:
        >>> from lstmref.convert.layouts import PYTORCH
        >>> count(("weight_ih_l0", "weight_hh_l0"), np.ones((16, 9)), np.ones((16, 4)), PYTORCH, None)
        4
    """
    transposed = next(iter(table.values())).transposed
    if U.ndim == 2:
        rows, H = U.shape[::-1] if transposed else U.shape
        for layout in table.values():
            if H and len(layout.gates) * H == rows:
                return len(layout.gates)
    if cell is not None and cell in table and W.ndim == 2:
        D, rows = W.shape if transposed else W.shape[::-1]
        H = rows // len(table[cell].gates)
        for name, value, shape in zip(names, (W, U), table[cell].matrices(D, H), strict=True):
            arrays.shaped(name, value, shape)
    some = {layout.layer: layout.gates for layout in table.values()}
    blocks = ((f"{len(gates)} H" if len(gates) > 1 else "H", layer) for layer, gates in some.items())
    shapes = (f"({f'H, {k}' if transposed else f'{k}, H'}) of {layer}" for k, layer in blocks)
    raise ShapeError(f"{names[1]}: expected {', '.join(shapes)}, with H >= 1, got {U.shape}")


def take_apart(
    layout: Layout, shapes: Mapping[str, tuple[int, ...]], blocks: Blocks, where: str
) -> tuple[dict[str, Array], dict[str, Pair]]:
    """The parameters of a cell and, of the biases that are sums, their parts, by the cell's own names.

    The arrays are views of the blocks. Zeros stand for biases that are not there.

    Args:
        shapes: the cell's `parameter_shapes`.
        blocks: see `Blocks`.
        where: stands in errors before the name of a bias.

    Raises:
        NotFiniteError: for a sum of biases that is too large.

    Examples:
        >>> from lstmref import rnn
        >>> from lstmref.convert.layouts import PYTORCH
        >>> given = Blocks(np.ones((2, 3)), np.ones((2, 2)), np.array([1.0, 2.0]), np.array([0.5, 0.5]))
        >>> params, split = take_apart(PYTORCH["rnn"], rnn.parameter_shapes(D=3, H=2), given, "0.forward.")
        >>> params["W"].shape, params["b"], split["b"]
        ((2, 3), array([1.5, 2.5]), (array([1., 2.]), array([0.5, 0.5])))
    """
    k = len(layout.gates)
    W, U = (np.split(m.T if layout.transposed else m, k) for m in (blocks.W, blocks.U))
    H = blocks.U.shape[0 if layout.transposed else 1]
    sides = [None if b is None else np.split(b, k) for b in (blocks.b_x, blocks.b_h)]
    found: dict[str, Array] = {}
    split: dict[str, Pair] = {}
    for number, gate in enumerate(layout.gates):
        found[_name("W", gate)], found[_name("U", gate)] = W[number], U[number]
        parts = [np.zeros(H, blocks.W.dtype) if side is None else side[number] for side in sides]
        name = _name("b", gate)
        if name not in shapes:
            found[f"{name}x"], found[f"{name}h"] = parts
        elif sides[1] is None:
            found[name] = parts[0]
        else:
            pair = (parts[0], parts[1])
            found[name] = arrays.finite(where + name, biases.whole(pair))
            split[name] = pair
    return {name: found[name] for name in shapes}, split


def put_together(
    layout: Layout, params: Mapping[str, Array], split: Mapping[str, Pair], with_biases: bool
) -> Blocks:
    """The inverse of `take_apart`, in arrays of their own: params and split by the cell's own names.

    Args:
        params: by the cell's own names.
        split: by the cell's own names.

    Examples:
        >>> from lstmref.convert.layouts import KERAS
        >>> params = {"W": np.ones((2, 3)), "U": np.ones((2, 2)), "b": np.zeros(2)}
        >>> put_together(KERAS["rnn"], params, {}, with_biases=True).W.shape  # transposed
        (3, 2)
    """

    def stacked(letter: str) -> Array:
        rows = np.concatenate([params[_name(letter, gate)] for gate in layout.gates])
        return np.array(rows.T if layout.transposed else rows, order="C")

    W, U = stacked("W"), stacked("U")
    if not with_biases:
        return Blocks(W, U)
    if layout.biases == 1:
        return Blocks(W, U, stacked("b"))
    pairs = []
    for gate in layout.gates:
        name = _name("b", gate)
        if name in params:
            pairs.append(biases.part(params[name], split.get(name)))
        else:
            pairs.append((params[f"{name}x"], params[f"{name}h"]))
    b_x, b_h = (np.concatenate(side) for side in zip(*pairs, strict=True))
    return Blocks(W, U, b_x, b_h)


def to_weights(
    architecture: Architecture, layout: Layout, given: Mapping[Place, Blocks], half: bool = False
) -> Weights:
    """The network whose cells have these blocks, of the shapes that the layout tells.

    Args:
        half: see `Weights`.

    Raises:
        ArgumentError: of the kind that `Weights` raises, for blocks that do not fit.

    Examples:
        >>> from lstmref.convert.layouts import PYTORCH
        >>> architecture = Architecture("rnn", D=3, H=2)
        >>> given = {(0, "forward"): Blocks(np.ones((2, 3)), np.ones((2, 2)))}
        >>> sorted(to_weights(architecture, PYTORCH["rnn"], given).params)
        ['0.forward.U', '0.forward.W', '0.forward.b']
    """
    params: dict[str, Array] = {}
    split: dict[str, Pair] = {}
    for (layer, direction), one in given.items():
        shapes = cell_named(architecture.cell).parameter_shapes(architecture.inputs(layer), architecture.H)
        start = key(layer, direction, "")
        own, parts = take_apart(layout, shapes, one, start)
        params |= {start + name: value for name, value in own.items()}
        split |= {start + name: pair for name, pair in parts.items()}
    biased = all(one.b_x is not None for one in given.values())
    return Weights(architecture, params, split, biased, half)


def of_weights(weights: Weights, layout: Layout, with_biases: bool) -> dict[Place, Blocks]:
    """The inverse of `to_weights`, in arrays of their own; in float16 where `Weights.half` says so and nothing is lost.

    Examples:
        >>> from lstmref.convert.layouts import PYTORCH
        >>> architecture = Architecture("rnn", D=3, H=2)
        >>> given = {(0, "forward"): Blocks(np.ones((2, 3)), np.ones((2, 2)))}
        >>> weights = to_weights(architecture, PYTORCH["rnn"], given)
        >>> of_weights(weights, PYTORCH["rnn"], with_biases=False)[0, "forward"].W.shape
        (2, 3)
    """
    found = {
        place: put_together(
            layout, of_cell(weights.params, *place), of_cell(weights.split, *place), with_biases
        )
        for place in weights.architecture.cells()
    }
    if not weights.half or weights.dtype != np.float32:
        return found
    short = iter(arrays.narrowed(value for one in found.values() for value in one if value is not None))
    return {
        place: Blocks(*(None if value is None else next(short) for value in one))  # type: ignore[arg-type]
        for place, one in found.items()
    }


def _name(letter: str, gate: str) -> str:
    """The name of a gate's parameter: W_i, or W where the cell has but one."""
    return f"{letter}_{gate}" if gate else letter
