"""What a formula is, in words: title, sentence, group on a cell's page, evidence in short."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from docs.hooks.catalogue import Catalogue, Record
from docs.hooks.words import Words


@dataclass(frozen=True)
class Outcome:
    """Methods that ended alike, beside a formula: `proved: for all sizes · unrolled, T = 1, 2, 3`."""

    outcome: str
    word: str
    methods: list[str]


def subject(catalogue: Catalogue, formula: Record) -> tuple[str, Record | None]:
    """Role and symbol of what a formula is about; a step's share of a gradient is a `contribution`."""
    if formula["pass"] == "count":
        return "count", None
    known = catalogue.symbols(formula["cell"])
    name = formula["quantity"]
    if name in known:
        return known[name]["role"], known[name]
    base = name.removesuffix("_t")
    if base in known:
        return "contribution", known[base]
    return "intermediate", formula["symbols"][0]


def quantity(catalogue: Catalogue, words: Words, formula: Record) -> str:
    """The words for what the formula is about: `recurrent weight of the forget gate`."""
    symbol = subject(catalogue, formula)[1]
    return words.meaning(symbol) if symbol else words.term("parameter-count")


_SENTENCE = {
    "state": "backward-state",
    "input": "backward-input",
    "previous-state": "backward-previous-state",
    "initial-state": "backward-initial-state",
    "parameter": "backward-parameter",
    "contribution": "backward-step-contribution",
}


def sentence(catalogue: Catalogue, words: Words, formula: Record) -> str:
    """One sentence that says what the formula is."""
    kind = formula["pass"]
    if kind == "backward":
        kind = _SENTENCE.get(subject(catalogue, formula)[0], "backward")
    return words.say(
        f"sentences.{kind}",
        quantity=quantity(catalogue, words, formula),
        cell=words.say(f"cells.{formula['cell']}"),
    )


def title(catalogue: Catalogue, words: Words, formula: Record) -> str:
    """A short title: what the left side is, `cotangent of the cell state`."""
    about = quantity(catalogue, words, formula)
    if formula["pass"] == "backward":
        left = formula["symbols"][0]
        about = words.say("phrase.meaning-of", meaning=words.term(left["meaning"]), of=about)
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


def groups(catalogue: Catalogue, formulas: list[Record]) -> list[tuple[str, list[Record]]]:
    """The formulas of a backward pass under headings, their order kept; a heading may not come twice."""
    keys = [_group(catalogue, formula) for formula in formulas]
    runs = [key for key, _ in groupby(keys)]
    if len(runs) > len(set(runs)):
        keys = ["step" if key == "pre-activations" else key for key in keys]
    pairs = groupby(zip(keys, formulas, strict=True), key=lambda pair: pair[0])
    return [(key, [formula for _, formula in run]) for key, run in pairs]


def _group(catalogue: Catalogue, formula: Record) -> str:
    role, symbol = subject(catalogue, formula)
    if symbol and role == "intermediate" and symbol["meaning"] == "pre-activation":
        return "pre-activations"
    return _GROUP.get(role, "step")


def evidence(words: Words, formula: Record) -> list[Outcome]:
    """The evidence in short, methods with the same outcome together, the strongest outcome first."""
    order = ("refuted", "proved", "checked", "not-run")
    found = []
    for outcome in order:
        methods = [
            words.say(f"badges.{item['method']}", T=_times(words, item))
            for item in formula["evidence"]
            if item["outcome"] == outcome
        ]
        if methods:
            found.append(Outcome(outcome, words.say(f"outcomes.{outcome}"), methods))
    return found


def _times(words: Words, item: Record) -> str:
    return words.say("phrase.list-separator").join(str(t) for t in item["coverage"].get("T", []))


def coverage(words: Words, item: Record) -> list[tuple[str, str]]:
    """What a check covered, as pairs of words and values."""
    return [(words.say(f"coverage.{key}"), _value(words, value)) for key, value in item["coverage"].items()]


def _value(words: Words, value: object) -> str:
    if isinstance(value, list):
        return words.say("phrase.list-separator").join(_value(words, part) for part in value)
    if isinstance(value, float):
        return f"{value:.2g}"
    if value == "any":
        return words.say("coverage.any")
    return str(value)
