"""What a formula is, in words: title, sentence, group on a cell's page."""

from __future__ import annotations

from itertools import groupby

from docs.hooks.catalogue import Record
from docs.hooks.words import Words


def subject(formula: Record) -> tuple[str, Record | None]:
    """Role and symbol of what a formula is about; a step's share of a gradient is a `contribution`."""
    left: Record = formula["symbols"][0]
    if formula["pass"] == "count":
        return "count", None
    about: Record = left.get("cotangent_of", left)
    if about["role"] == "parameter" and formula["quantity"] != about["name"]:
        return "contribution", about
    return about["role"], about


def meaning(words: Words, symbol: Record) -> str:
    """What a symbol of a formula means; a cotangent names in full whose it is."""
    if about := symbol.get("cotangent_of"):
        whose = words.meaning(about)
        return words.say("phrase.meaning-of", meaning=words.term(symbol["meaning"]), of=whose)
    return words.meaning(symbol)


def quantity(words: Words, formula: Record) -> str:
    """The words for what the formula is about: `recurrent weight of the forget gate`."""
    symbol = subject(formula)[1]
    return words.meaning(symbol) if symbol else words.term("parameter-count")


_SENTENCE = {
    "state": "backward-state",
    "input": "backward-input",
    "previous-state": "backward-previous-state",
    "initial-state": "backward-initial-state",
    "parameter": "backward-parameter",
    "contribution": "backward-step-contribution",
}


def sentence(words: Words, formula: Record) -> str:
    """One sentence that says what the formula is."""
    kind = formula["pass"]
    if kind == "backward":
        kind = _SENTENCE.get(subject(formula)[0], "backward")
    return words.say(
        f"sentences.{kind}",
        quantity=quantity(words, formula),
        cell=words.say(f"cells.{formula['cell']}"),
    )


def title(words: Words, formula: Record) -> str:
    """A short title: what the left side is, `cotangent of the cell state`."""
    about = meaning(words, formula["symbols"][0])
    return about[:1].upper() + about[1:]


_GROUP = {
    "state": "step",
    "intermediate": "step",
    "input": "inputs",
    "previous-state": "previous-states",
    "initial-state": "initial-states",
    "parameter": "parameters",
    "contribution": "contributions",
}


def groups(formulas: list[Record]) -> list[tuple[str, list[Record]]]:
    """The formulas of a backward pass under headings, their order kept; a heading may not come twice."""
    keys = [_group(formula) for formula in formulas]
    runs = [key for key, _ in groupby(keys)]
    if len(runs) > len(set(runs)):
        keys = ["step" if key == "pre-activations" else key for key in keys]
    pairs = groupby(zip(keys, formulas, strict=True), key=lambda pair: pair[0])
    return [(key, [formula for _, formula in run]) for key, run in pairs]


def _group(formula: Record) -> str:
    role, symbol = subject(formula)
    if symbol and role == "intermediate" and symbol["meaning"] == "pre-activation":
        return "pre-activations"
    return _GROUP.get(role, "step")
