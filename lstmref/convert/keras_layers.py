"""Layers and models of Keras: which of them are recurrent, their arrays, and what arrays do not tell.

No framework is imported: a layer is what has the methods of one. Configurations are what `get_config` gives,
and what a `.keras` file has of each layer.

Source:
    keras-gru, keras-lstm, keras-simplernn.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from lstmref.convert import refusals
from lstmref.convert.state_dict import listed
from lstmref.errors import NameSetError

PLAIN = ("SimpleRNN", "LSTM", "GRU")
CELLS = tuple(f"{name}Cell" for name in PLAIN)
WRAPPERS = ("Bidirectional", "RNN")
OWN = "a function of your own"


class Built(NamedTuple):
    """What a layer was built with, by Keras's names; None where it is not known, or where there is no such option."""

    activation: object = None
    recurrent_activation: object = None
    reset_after: bool | None = None
    bidirectional: bool | None = None
    merge_mode: str | None = "concat"
    go_backwards: bool = False
    return_sequences: bool = True


class Layer(NamedTuple):
    """One layer: its name, its arrays in the order of `get_weights`, and what it was built with, if that is known.

    Attributes:
        cell: SimpleRNN, LSTM or GRU, or empty where only arrays are given.
    """

    name: str
    arrays: Sequence[Any]
    built: Built | None = None
    cell: str = ""


def is_layer(given: object) -> bool:
    """Whether something is a layer or a model of Keras.

    Examples:
        >>> is_layer([])
        False
    """
    return all(callable(getattr(given, name, None)) for name in ("get_config", "get_weights"))


def found(given: Any) -> Iterator[tuple[str, Callable[[], Layer]]]:
    """The recurrent layers of a layer or a model, by name, in its order; each is understood when it is called.

    Raises:
        ConversionError: when one is called that no cell here computes; it names the layer and the option.

    Examples:
        >>> class LSTM:
        ...     name = "lstm"
        ...     def get_config(self):
        ...         return {"activation": "tanh", "recurrent_activation": "sigmoid"}
        ...     def get_weights(self):
        ...         return [1, 2, 3]
        >>> [(name, layer().cell) for name, layer in found(LSTM())]
        [('lstm', 'LSTM')]
    """
    name = _class_name(type(given))
    if name:
        yield str(given.name), lambda: _live(name, given)
        return
    for layer in getattr(given, "layers", ()):
        yield from found(layer)


def _live(class_name: str, given: Any) -> Layer:
    """A layer that is there; a function of the user's own is known by its module, as Keras may save it by its name."""
    sides = [getattr(given, name, None) for name in ("forward_layer", "backward_layer")]
    for part in (given, *sides, *(getattr(each, "cell", None) for each in (given, *sides))):
        for name in ("activation", "recurrent_activation"):
            function = getattr(part, name, None)
            module = str(getattr(function, "__module__", ""))
            if callable(function) and module.partition(".")[0] not in ("keras", "tf_keras", "tensorflow"):
                refusals.activation(f"{given.name}: {name}", OWN, "a function of Keras")
    return understood(str(given.name), class_name, given.get_config(), given.get_weights())


def configured(config: Any) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Name, class and configuration of each recurrent layer in the configuration of a model.

    Examples:
        >>> inner = {"class_name": "GRU", "config": {"name": "gru_1"}}
        >>> list(configured({"class_name": "Sequential", "config": {"layers": [inner]}}))
        [('gru_1', 'GRU', {'name': 'gru_1'})]
    """
    if not isinstance(config, Mapping) or not isinstance(config.get("config"), Mapping):
        return
    own = config["config"]
    if config.get("class_name") in (*PLAIN, *CELLS, *WRAPPERS):
        yield str(own.get("name")), str(config["class_name"]), own
        return
    layers = own.get("layers", ())
    for layer in layers if isinstance(layers, Sequence) else ():
        yield from configured(layer)


def understood(name: str, class_name: str, config: Mapping[str, Any], values: Sequence[Any]) -> Layer:
    """A layer of that class and configuration.

    Raises:
        ConversionError: for what no cell here computes; it names the layer and the option.

    Examples:
        >>> understood("rnn", "SimpleRNN", {"activation": "tanh"}, [1, 2, 3]).built.activation
        'tanh'
    """
    what = f"{name}: "
    if class_name == "Bidirectional":
        inner, backward = _serialized(what, config.get("layer")), config.get("backward_layer")
        cell, forward = _plain(what, *inner)
        reverse = (cell, forward) if backward is None else _plain(what, *_serialized(what, backward))
        if forward.go_backwards or reverse != (cell, forward._replace(go_backwards=backward is not None)):
            refusals.refuse(
                f"{what}expected a backward layer that is as the forward one but for its direction, got {cell} with "
                f"{forward} and {reverse[0]} with {reverse[1]}"
            )
        return Layer(
            name, values, forward._replace(bidirectional=True, merge_mode=config.get("merge_mode")), cell
        )
    cell, built = _plain(what, class_name, config)
    return Layer(name, values, built, cell)


def _plain(what: str, class_name: str, config: Mapping[str, Any]) -> tuple[str, Built]:
    """The cell of a layer of one direction, SimpleRNN, LSTM or GRU, and what it was built with."""
    options = config
    if class_name == "RNN":
        class_name, options = _serialized(what, config.get("cell"))
    class_name = class_name.removesuffix("Cell")
    if class_name not in PLAIN:
        refusals.refuse(
            f"{what}expected {', '.join(PLAIN)}, their cells, or them in {' or '.join(WRAPPERS)}, got {class_name}"
        )
    gated = class_name != "SimpleRNN"
    return class_name, Built(
        activation=_function(options.get("activation")),
        recurrent_activation=_function(options.get("recurrent_activation")) if gated else None,
        reset_after=bool(options.get("reset_after")) if class_name == "GRU" else None,
        bidirectional=False,
        go_backwards=bool(config.get("go_backwards", False)),
        return_sequences=bool(config.get("return_sequences", True)),
    )


def _serialized(what: str, given: Any) -> tuple[str, Mapping[str, Any]]:
    """Class and configuration of a layer or cell within another's configuration."""
    if not isinstance(given, Mapping) or not isinstance(given.get("config"), Mapping):
        refusals.refuse(f"{what}expected one layer or cell within it, got {type(given).__name__}")
    return str(given.get("class_name")), given["config"]


def _function(given: object) -> str:
    """The name of an activation; one of the user's own is called so, whatever its name."""
    if given is None:
        return "linear"
    if isinstance(given, str):
        return given
    name = given.get("config") if isinstance(given, Mapping) else None
    return OWN + (f", {name}" if isinstance(name, str) else "")


def _class_name(cls: type) -> str:
    """The class of Keras that a layer is of, if it is recurrent; else empty."""
    known = (*PLAIN, *CELLS, *WRAPPERS)
    return next((c.__name__ for c in cls.__mro__ if c.__name__ in known), "")


def choose(
    what: str, there: Sequence[tuple[str, Callable[[], Layer]]], wanted: str | Sequence[str] | None
) -> list[Layer]:
    """The layers of those names, in that order; without names the only one that is there.

    Raises:
        NameSetError: for other names; it tells those that are there.

    Examples:
        >>> choose("model", [("a", lambda: Layer("a", [])), ("b", lambda: Layer("b", []))], None)
        Traceback (most recent call last):
        lstmref.errors.NameSetError: layer: expected the name of a recurrent layer, or a list of them for a \
stack, got None; model has a, b
    """
    names = [name for name, _ in there]
    asked: Sequence[str] = (
        [wanted] if isinstance(wanted, str) else wanted if isinstance(wanted, list | tuple) else []
    )
    asked = names if wanted is None and len(names) == 1 else asked
    if not asked or any(names.count(name) != 1 for name in asked):
        raise NameSetError(
            "layer: expected the name of a recurrent layer, or a list of them for a stack, got "
            f"{wanted!r}; {what} has {listed(names) or 'none'}"
        )
    return [there[names.index(name)][1]() for name in asked]
