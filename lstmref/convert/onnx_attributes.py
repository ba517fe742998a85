"""The attributes of an ONNX operator: which cell they make, what changes nothing, and what does not convert.

Source:
    the operators' pages onnx-rnn, onnx-lstm and onnx-gru. Where those leave open what a value does, ONNX
    Runtime is asked: alpha and beta go in order to the activations that use them.
"""

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from lstmref import check
from lstmref.convert import refusals
from lstmref.convert.layouts import LINEAR, ONNX
from lstmref.errors import KindError, NameSetError, ShapeError

NO_ATTRIBUTES: Mapping[str, Any] = MappingProxyType({})
# Every attribute of the three operators, with what stands where it is left out; activations go by the operator.
DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "activation_alpha": (),
        "activation_beta": (),
        "activations": (),
        "clip": None,
        "direction": "forward",
        "hidden_size": None,
        "input_forget": 0,
        "layout": 0,
        "linear_before_reset": 0,
        "output_sequence": 0,  # of the first version of the operators: whether there is a Y
    }
)
ONLY_OF = {"input_forget": "LSTM", "linear_before_reset": "GRU"}
DIRECTIONS = {"forward": 1, "reverse": 1, "bidirectional": 2}


class Attributes(NamedTuple):
    """What the attributes of one operator say."""

    cell: str
    direction: str
    hidden_size: int | None
    clip: float | None


def read(what: str, op_type: str, given: Mapping[str, Any]) -> Attributes:
    """The attributes of an operator by ONNX's names, text and lists as ONNX or Python have them.

    Args:
        what: stands in errors before each name.

    Raises:
        ConversionError: for those that make another function.
        NameSetError: for those that make none.
        ShapeError: for those that make none.
        KindError: for those that make none.

    Examples:
        >>> read("", "GRU", {"linear_before_reset": 1, "activation_alpha": [0.5]}).cell
        'gru-after'
    """
    if not isinstance(given, Mapping):
        raise KindError(
            f"{what}attributes: expected a mapping of names to values, got {type(given).__name__}"
        )
    known = [name for name in DEFAULTS if ONLY_OF.get(name, op_type) == op_type]
    unknown = [str(name) for name in given if name not in known]
    if unknown:
        raise NameSetError(
            f"{what}attributes: unknown {', '.join(unknown)}; expected some of {', '.join(known)}"
        )
    values = {**DEFAULTS, **{name: _plain(value) for name, value in given.items()}}
    direction = values["direction"]
    if not isinstance(direction, str) or direction not in DIRECTIONS:
        raise NameSetError(f"{what}direction: expected {', '.join(DIRECTIONS)}, got {direction!r}")
    for name in ("input_forget", "layout", "linear_before_reset", "output_sequence"):
        if values[name] not in (0, 1):
            raise NameSetError(f"{what}{name}: expected 0 or 1, got {values[name]!r}")
    if values["input_forget"]:
        refusals.refuse(
            f"{what}input_forget: expected 0, got 1: lstm-coupled does not convert",
            refusals.INPUT_FORGET,
        )
    hidden_size, clip = values["hidden_size"], values["clip"]
    if hidden_size is not None:
        hidden_size = check.size(f"{what}hidden_size", hidden_size)
    if clip is not None and not _number(clip):
        raise KindError(f"{what}clip: expected a number, got {clip!r}")
    return Attributes(_cell(what, op_type, values), direction, hidden_size, clip)


def refuse_clip(what: str, clip: float | None, cell: str, dtype: np.dtype[Any]) -> None:
    """Raise ConversionError unless a clip changes no result: beyond it every activation has reached its bound.

    Beyond -log of the least number of `dtype` sigmoid rounds to 0 or 1, and tanh to -1 or 1, already before.
    What is linear has no bound, so there only a clip that no number reaches changes nothing.

    Raises:
        ConversionError: unless a clip changes no result: beyond it every activation has reached its bound.

    Examples:
        >>> refuse_clip("", 1e9, "lstm", np.dtype(np.float32))
        >>> refuse_clip("", 3.0, "lstm", np.dtype(np.float32))  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        lstmref.errors.ConversionError: clip: expected none, or at least 105, which changes no result, got 3.0: ...
    """
    if clip is None:
        return
    info = np.finfo(dtype)
    linear = "Affine" in ONNX[cell].settings["activations"]
    bound = info.max if linear else math.ceil(-np.log(info.smallest_subnormal) + 1)
    if not clip >= bound:
        refusals.refuse(
            f"{what}clip: expected none, or at least {bound}, which changes no result, got {clip}: pre-activations are "
            "not clipped here",
            refusals.CLIP,
        )


def _cell(what: str, op_type: str, given: Mapping[str, Any]) -> str:
    """The cell of an operator with these attributes, by its settings in the table of layouts."""
    times = DIRECTIONS[given["direction"]]
    before = given["linear_before_reset"]
    kin = {
        name: layout
        for name, layout in ONNX.items()
        if layout.layer == op_type and layout.settings.get("linear_before_reset", before) == before
    }
    usual = next(iter(kin.values())).settings["activations"]
    activations = given["activations"] or usual * times
    if not isinstance(activations, tuple) or not all(isinstance(name, str) for name in activations):
        raise KindError(f"{what}activations: expected a list of names, got {activations!r}")
    for name in ("activation_alpha", "activation_beta"):
        if not isinstance(given[name], tuple) or not all(map(_number, given[name])):
            raise KindError(f"{what}{name}: expected a list of numbers, got {given[name]!r}")
    if len(activations) != len(usual) * times:
        raise ShapeError(f"{what}activations: expected {len(usual) * times}, got {len(activations)}")
    for name, layout in kin.items():
        settings = layout.settings["activations"]
        if [a.casefold() for a in activations] == [a.casefold() for a in settings * times]:
            if settings == LINEAR:
                _linear(what, given["activation_alpha"][:times], given["activation_beta"][:times], times)
            return name
    for name, expected in zip(activations, usual * times, strict=True):
        refusals.activation(f"{what}activations", name, expected)
    raise AssertionError("activations that are the usual ones were found above")


def _linear(what: str, alpha: tuple[float, ...], beta: tuple[float, ...], times: int) -> None:
    """Refuse an Affine, alpha c + beta, that is not c itself."""
    if alpha != (1.0,) * times or any(beta):
        refusals.refuse(
            f"{what}activation_alpha, activation_beta: expected alpha {(1.0,) * times} and beta {(0.0,) * times}, with "
            f"which Affine, alpha c + beta, is c, got {alpha} and {beta}; they go in order to the activations that use "
            "them, and Sigmoid and Tanh do not",
            refusals.ACTIVATIONS,
        )


def _plain(value: Any) -> Any:
    """Text where ONNX gives bytes, a tuple where it gives a list, Python's numbers where NumPy's were."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Iterable) and not isinstance(value, str):
        return tuple(_plain(item) for item in value)
    return value


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
