"""Modules of PyTorch: which of them is recurrent, its state dict, and what a state dict does not tell.

No framework is imported: a module is what has the methods of one.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from lstmref.convert import refusals
from lstmref.convert.state_dict import bare, listed
from lstmref.errors import NameSetError

RECURRENT = ("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell")


class Module(NamedTuple):
    """One recurrent module: its place in the whole, its state dict, and of an nn.RNN its nonlinearity."""

    prefix: str
    state_dict: Mapping[str, Any]
    nonlinearity: str | None


def is_module(given: object) -> bool:
    """Whether something is a module of PyTorch.

    Examples:
        >>> is_module({})
        False
    """
    return all(callable(getattr(given, name, None)) for name in ("named_modules", "state_dict"))


def recurrent(module: Any, prefix: str) -> Module:
    """The recurrent module that stands behind the prefix, wrappers left out.

    Raises:
        NameSetError: where there is none, with those that there are.
        ConversionError: for a quantised one.

    Examples:
        >>> class LSTM:
        ...     __module__ = "torch.nn.modules.rnn"
        ...     def named_modules(self):
        ...         return [("", self)]
        ...     def state_dict(self):
        ...         return {"weight_ih_l0": 1}
        >>> recurrent(LSTM(), "")
        Module(prefix='', state_dict={'weight_ih_l0': 1}, nonlinearity=None)
    """
    found = {f"{name}." if name else "": each for name, each in module.named_modules() if kind(each)}
    fitting = [prefix] if prefix in found else [p for p in found if bare(p) == bare(prefix)]
    if len(fitting) != 1:
        some = listed(f"prefix={bare(p)!r} ({kind(each)})" for p, each in found.items())
        raise NameSetError(
            f"prefix: expected that of one of nn.RNN, nn.LSTM, nn.GRU or their cells, got {prefix!r}; there are "
            f"{some or 'none'}"
        )
    (start,) = fitting
    each = found[start]
    if not _home(each).startswith("torch.nn."):
        refusals.refuse(
            f"{start}{type(each).__name__}: expected the weights themselves: a quantised layer has rounded whole "
            "numbers for weights: convert the layer that it was made from"
        )
    mode = getattr(each, "mode", "")
    nonlinearity = mode.removeprefix("RNN_").lower() if str(mode).startswith("RNN_") else None
    return Module(start, each.state_dict(), nonlinearity or getattr(each, "nonlinearity", None))


def kind(module: object) -> str:
    """The class of PyTorch that a module is of, such as "LSTM"; empty if it is not recurrent.

    Examples:
        >>> kind([])
        ''
    """
    return next((c.__name__ for c in type(module).__mro__ if _is_recurrent(c)), "")


def _is_recurrent(cls: type) -> bool:
    return cls.__name__ in RECURRENT and cls.__module__.startswith("torch.")


def _home(module: object) -> str:
    return next(c.__module__ for c in type(module).__mro__ if _is_recurrent(c))
