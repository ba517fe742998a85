"""What a formula is, in words: title, sentence, group on a cell's page, evidence in short."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from docs.hooks.catalogue import Record
from docs.hooks.words import Words

# How other people's programs are written, in any language; one not named here goes by its key.
PROGRAMS = {"jax": "JAX", "keras": "Keras", "onnxruntime": "ONNX Runtime", "torch": "PyTorch"}


@dataclass(frozen=True)
class Outcome:
    """Methods that ended alike, beside a formula: `proved: for all sizes · unrolled, T = 1, 2, 3`."""

    outcome: str
    word: str
    methods: list[str]


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


def evidence(words: Words, formula: Record) -> list[Outcome]:
    """The evidence in short, methods with the same outcome together, the strongest outcome first.

    Other people's programs that were not at hand are left to the formula's page.
    """
    found = []
    for outcome in ("refuted", "proved", "checked", "not-run"):
        methods = [
            _method(words, item)
            for item in formula["evidence"]
            if item["outcome"] == outcome and (item["method"], outcome) != ("witness", "not-run")
        ]
        if methods:
            found.append(Outcome(outcome, words.say(f"outcomes.{outcome}"), methods))
    return found


def _method(words: Words, item: Record) -> str:
    if item["outcome"] not in ("proved", "checked"):
        return words.say(f"methods.{item['method']}")
    return words.say(
        f"badges.{item['method']}",
        T=steps_covered(words, item),
        name=program(item),
        caught=item["coverage"].get("caught", ""),
    )


def program(item: Record) -> str:
    """The name of another program that was compared with, or nothing."""
    key = str(item.get("name", ""))
    return PROGRAMS.get(key, key)


@dataclass(frozen=True)
class Check:
    """What one method gave, in full: several results where it ran against several programs."""

    method: str
    text: str
    results: list[Result]


@dataclass(frozen=True)
class Result:
    """One outcome, whose it is, what was covered, and the versions of what checked it."""

    outcome: str
    program: str
    coverage: list[tuple[str, str]]
    versions: dict[str, str]


def checks(words: Words, formula: Record) -> list[Check]:
    """The evidence in full, results of one method together."""
    found = []
    for method, items in groupby(formula["evidence"], key=lambda item: item["method"]):
        results = [
            Result(item["outcome"], program(item), coverage(words, item), item["versions"]) for item in items
        ]
        said = [words.say(f"method-texts.{method}")]
        ran = [result.outcome for result in results if result.outcome != "not-run"]
        for outcome in dict.fromkeys(ran or ["not-run"]):
            own = f"outcome-texts.{method}-{outcome}"
            said.append(words.say(own if words.knows(own) else f"outcome-texts.{outcome}"))
        found.append(Check(method, words.sentences(said), results))
    return found


def steps_covered(words: Words, item: Record) -> str:
    """The sequence lengths that a check covered: `1–3`, or `2, 4` where one is left out."""
    lengths = item["coverage"].get("T", [])
    if not isinstance(lengths, list):
        return _value(words, lengths)
    if len(lengths) > 2 and lengths == list(range(lengths[0], lengths[-1] + 1)):
        return f"{lengths[0]}–{lengths[-1]}"
    return words.say("phrase.list-separator").join(str(t) for t in lengths)


def coverage(words: Words, item: Record) -> list[tuple[str, str]]:
    """What a check covered, as pairs of words and values."""
    return [(words.say(f"coverage.{key}"), _value(words, value)) for key, value in item["coverage"].items()]


def _value(words: Words, value: object) -> str:
    if isinstance(value, list):
        return words.say("phrase.list-separator").join(_value(words, part) for part in value)
    if isinstance(value, float):
        return f"{value:.2g}"
    if not isinstance(value, str):
        return str(value)
    if value in words.glossary:
        return words.term(value)
    key = f"coverage.{value.replace(' ', '-')}"
    return words.say(key) if words.knows(key) and len(value) > 1 else value
