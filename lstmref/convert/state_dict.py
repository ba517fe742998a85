"""Finds the weights of one nn.RNN, nn.LSTM, nn.GRU, or of their cells, in a state dict, and says what else is there.

Source:
    pytorch-rnn, pytorch-lstm, pytorch-gru, under "Variables"; of the names that wrappers and parametrisations
    give, the documentation of torch.nn.utils.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from lstmref.convert import refusals
from lstmref.convert.weights import same_names
from lstmref.errors import KindError, NameSetError

KINDS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
# nn.LSTMCell and its like have the names without _l0.
NAME = re.compile(r"(?:weight_ih|weight_hh|bias_ih|bias_hh|weight_hr)(?:_l(0|[1-9][0-9]{0,8})(_reverse)?)?")
WITH_PREFIX = re.compile(rf"(?P<prefix>(?:.*\.)?)(?P<own>{NAME.pattern})")
# What DataParallel, torch.compile, FSDP and activation checkpointing put between the names of modules.
WRAPPERS = {"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"}
# How something keeps a weight in other tensors, and what to call to have the weight itself. The first that fits says
# it: spectral_norm has a _v as well.
KEPT_OTHERWISE = (
    (rf"{NAME.pattern}_(?:orig|mask|u)",
     "pruning or spectral_norm computes the weight: call torch.nn.utils.prune.remove, or remove_spectral_norm, first"),
    (rf"{NAME.pattern}_[gv]|parametrizations\.{NAME.pattern}\.original[01]",
     "weight_norm keeps a weight in two parts: call torch.nn.utils.remove_weight_norm, or "
     "torch.nn.utils.parametrize.remove_parametrizations, first"),
    (rf"parametrizations\.{NAME.pattern}\.[\w.]+",
     "a parametrization computes the weight: call torch.nn.utils.parametrize.remove_parametrizations first"),
    (r"(?:.*\.)?(?:_all_weight_values|_packed_params)(?:\..*)?",
     "a quantised layer has rounded whole numbers for weights: convert the layer that it was made from"),
    (r"(?:.*/)?kernel(?::0)?",
     "TensorFlow 1 has W and U in one kernel, [x; h], with the gates i, g, f, o and a forget_bias added when it runs: "
     "take it apart, and give the parts in Keras's order to from_keras"),
)  # fmt: skip
SHOWN = 8


class Found(NamedTuple):
    """The weights of one layer or cell in a state dict."""

    prefix: str  # as the dict has it
    arrays: dict[
        str, Any
    ]  # in PyTorch's order, by the names without prefix, of which a cell's have gained _l0
    layers: int
    bidirectional: bool
    biased: bool


def find(state_dict: Mapping[str, Any], prefix: str) -> Found:
    """What the state dict has behind the prefix, wrappers left out; a checkpoint with one state dict in it will do.

    Raises:
        NameSetError: where there is none, or not one alone, with the prefixes that are there.
        KindError: for what is no mapping.
        ConversionError: for weights that are kept in another form.

    Examples:
        >>> find({"lstm.module.weight_ih": 1, "lstm.module.weight_hh": 2}, "lstm.")
        Found(prefix='lstm.module.', arrays={'weight_ih_l0': 1, 'weight_hh_l0': 2}, layers=1, \
bidirectional=False, biased=False)
        >>> find({"a.weight_ih_l0": 1, "b.weight_ih_l0": 2}, "")
        Traceback (most recent call last):
        lstmref.errors.NameSetError: state_dict: expected weight_ih_l0 and so on, got unknown \
a.weight_ih_l0, b.weight_ih_l0; give prefix='a.' or prefix='b.'
    """
    if not isinstance(state_dict, Mapping):
        raise KindError(f"state_dict: expected a mapping of names to arrays, got {type(state_dict).__name__}")
    if type(prefix) is not str:
        raise KindError(f"prefix: expected text, got {type(prefix).__name__}")
    given = _inner(state_dict)
    prefixes = list(
        dict.fromkeys(found["prefix"] for name in given if (found := WITH_PREFIX.fullmatch(name)))
    )
    fitting = [prefix] if prefix in prefixes else [p for p in prefixes if bare(p) == bare(prefix)]
    start = fitting[0] if len(fitting) == 1 else prefix
    own = {name.removeprefix(start): value for name, value in given.items() if name.startswith(start)}
    _refuse_other_forms(start, own)
    unknown = [start + name for name in own if not NAME.fullmatch(name)]
    if len(fitting) != 1 or unknown:
        others = [p for p in prefixes if p != start] or (
            [start] if unknown and len(fitting) == 1 and start else []
        )
        what = f"unknown {listed(unknown)}" if unknown else listed(given) or "no names"
        raise NameSetError(_not_found(prefix, what, others))
    return _named(start, own)


def bare(prefix: str) -> str:
    """A prefix without the names of wrappers.

    Examples:
        >>> bare("module.encoder._orig_mod.lstm.")
        'encoder.lstm.'
    """
    return ".".join(part for part in prefix.split(".") if part not in WRAPPERS)


def listed(names: Iterable[str]) -> str:
    """Names one after the other, of many the first.

    Examples:
        >>> listed("abcdefghij")
        'a, b, c, d, e, f, g, h and 2 more'
    """
    some = list(names)
    more = f" and {len(some) - SHOWN} more" if len(some) > SHOWN else ""
    return ", ".join(some[:SHOWN]) + more


def _inner(given: Mapping[str, Any]) -> dict[str, Any]:
    """The names and values; of a checkpoint, those of the one state dict in it."""
    if not any(WITH_PREFIX.fullmatch(str(name)) for name in given):
        inner = {
            str(name): value
            for name, value in given.items()
            if isinstance(value, Mapping) and any(WITH_PREFIX.fullmatch(str(key)) for key in value)
        }
        if len(inner) > 1:
            raise NameSetError(
                f"state_dict: expected one, got a checkpoint that has {listed(inner)}; give one of them"
            )
        given = next(iter(inner.values()), given)
    return {str(name): value for name, value in given.items()}


def _refuse_other_forms(start: str, own: Mapping[str, Any]) -> None:
    for pattern, why in KEPT_OTHERWISE:
        for name in own:
            if re.fullmatch(pattern, name):
                refusals.refuse(f"{start}{name}: expected the weights themselves: {why}")


def _not_found(prefix: str, got: str, prefixes: list[str]) -> str:
    """What to say where no layer stands behind the prefix."""
    hint = " or ".join(f"prefix={bare(p)!r}" for p in prefixes[:SHOWN])
    return f"state_dict: expected {prefix}weight_ih_l0 and so on, got {got}" + (
        f"; give {hint}" if hint else ""
    )


def _named(prefix: str, own: dict[str, Any]) -> Found:
    """The arrays under the names that a layer has, all of them and no others."""
    projections = [name for name in own if name.startswith("weight_hr")]
    if projections:
        refusals.refuse(
            f"{prefix}{projections[0]}: expected no projection of h (proj_size=0), got one: lstmp does not convert",
            refusals.PROJECTION,
        )
    of_cell = not any("_l" in name for name in own)
    parts = [found for name in own if (found := NAME.fullmatch(name))]
    bidirectional = any(found[2] for found in parts)
    biased = any(name.startswith("bias") for name in own)
    # Of weight_ih_l999999999 alone not all the names below it are listed: there are no more layers than names.
    layers = min(1 + max(int(found[1] or 0) for found in parts), len(own))
    expected = [
        (kind, f"_l{layer}{suffix}")
        for layer in range(layers)
        for suffix in (("", "_reverse") if bidirectional else ("",))
        for kind in (KINDS if biased else KINDS[:2])
    ]
    names = {kind + end: kind + ("" if of_cell else end) for kind, end in expected}
    same_names("state_dict", (prefix + name for name in own), [prefix + name for name in names.values()])
    return Found(prefix, {full: own[name] for full, name in names.items()}, layers, bidirectional, biased)
