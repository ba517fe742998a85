"""The evidence of a formula in words: in short beside the formula, in full on its page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from docs.hooks.catalogue import Record
from docs.hooks.words import Words

# How programs are called, in any language; one not named here goes by its key.
REFERENCE = "NumPy"
PROGRAMS = {"jax": "JAX", "keras": "Keras", "onnxruntime": "ONNX Runtime", "torch": "PyTorch"}
# Where the method page explains a method.
ANCHORS = {"witness": "witnesses"}
# What runs a method again, from a clone of the repository.
COMMANDS = {
    "all-sizes": "python -m derivations run {cell}",
    "unrolled": "python -m derivations run {cell}",
    "agreement": "python -m tests.judges.agreement --json agreement.json",
    "witness": "make witnesses",
    "mutants": "python -m derivations verify",
}
PROOFS = ("all-sizes", "unrolled")
COMPARED = ("agreement", "witness")


@dataclass(frozen=True)
class Sign:
    """One thing said of a formula: `for all sizes`; `names` is what a narrow page leaves out."""

    text: str
    names: str
    anchor: str

    def __str__(self) -> str:
        return self.text + self.names


@dataclass(frozen=True)
class Outcome:
    """Methods that ended alike: `proved: for all sizes · unrolled, T = 1–3`."""

    outcome: str
    word: str
    signs: list[Sign]


@dataclass(frozen=True)
class Result:
    """How one check ended, whose it is, what it covered, and the versions of what checked."""

    outcome: str
    program: str
    coverage: list[tuple[str, str]]
    versions: dict[str, str]


@dataclass(frozen=True)
class Check:
    """What one method gave, in full: several results where it ran against several programs."""

    method: str
    anchor: str
    text: str
    command: str
    results: list[Result]


def anchor(method: str) -> str:
    """Where on the method page a method is explained."""
    return ANCHORS.get(method, method)


def program(item: Record) -> str:
    """What a comparison compared with; nothing where no program is named."""
    if item["method"] == "agreement":
        return REFERENCE
    key = str(item.get("name", ""))
    return PROGRAMS.get(key, key)


def in_short(words: Words, formula: Record) -> list[Outcome]:
    """The evidence in short: what is refuted first, then the strongest.

    Programs by others that were not at hand are left to the formula's page.
    """
    found = []
    for outcome in ("refuted", "proved", "checked", "not-run"):
        items = [item for item in formula["evidence"] if item["outcome"] == outcome]
        if signs := list(_signs(words, items, outcome)):
            found.append(Outcome(outcome, words.say(f"outcomes.{outcome}"), signs))
    return found


def _signs(words: Words, items: list[Record], outcome: str) -> Iterator[Sign]:
    for item in items:
        if item["method"] in PROOFS:
            key = "methods" if outcome == "not-run" else "badges"
            text = words.say(f"{key}.{item['method']}", T=steps_covered(words, item))
            yield Sign(text, "", anchor(item["method"]))
    ran = [item for item in items if item["method"] in COMPARED]
    if outcome == "not-run":
        yield from (
            Sign(program(item), "", anchor("agreement")) for item in ran if item["method"] == "agreement"
        )
    elif ran:
        yield _compared(words, ran)
    for item in items:
        if item["method"] == "mutants":
            yield Sign(_mutants(words, item), "", anchor("mutants"))


def _compared(words: Words, items: list[Record]) -> Sign:
    names = [program(item) for item in items]
    if len(names) == 1:
        return Sign(words.say("badges.program", name=names[0]), "", anchor(items[0]["method"]))
    text = words.say("badges.programs", count=len(names))
    return Sign(text, words.say("badges.program-names", names=words.listed(names)), anchor("witness"))


def _mutants(words: Words, item: Record) -> str:
    """`32 of 32 mutants caught`: of those that say something else than the formula."""
    covered = item["coverage"]
    if not covered:
        return words.say("methods.mutants")
    total = covered["generated"] - covered["equivalent"]
    return words.say("badges.mutants", caught=covered["caught"], total=total)


def in_full(words: Words, formula: Record) -> list[Check]:
    """The evidence in full, results of one method together."""
    found = []
    for method, items in groupby(formula["evidence"], key=lambda item: str(item["method"])):
        results = [
            Result(item["outcome"], program(item), coverage(words, item), item["versions"]) for item in items
        ]
        said = [words.say(f"method-texts.{method}")]
        ran = [result.outcome for result in results if result.outcome != "not-run"]
        for outcome in dict.fromkeys(ran or ["not-run"]):
            own = f"outcome-texts.{method}-{outcome}"
            said.append(words.say(own if words.knows(own) else f"outcome-texts.{outcome}"))
        command = COMMANDS[method].format(cell=formula["cell"])
        found.append(Check(method, anchor(method), words.sentences(said), command, results))
    return found


def steps_covered(words: Words, item: Record) -> str:
    """The sequence lengths that a check covered: `1–3`, or `2, 4` where one is left out."""
    lengths = item["coverage"].get("T", [])
    return told_lengths(words, lengths) if isinstance(lengths, list) else _value(words, lengths)


def lengths(formula: Record, method: str) -> frozenset[int]:
    """The sequence lengths that a method covered for a formula; none where it speaks of every length."""
    found = next(
        (item["coverage"].get("T") for item in formula["evidence"] if item["method"] == method), None
    )
    return frozenset(found) if isinstance(found, list) else frozenset()


def told_lengths(words: Words, lengths: Sequence[int]) -> str:
    """Sequence lengths in order: `1–3`, or `2, 4` where one is left out."""
    if len(lengths) > 2 and list(lengths) == list(range(lengths[0], lengths[-1] + 1)):
        return f"{lengths[0]}–{lengths[-1]}"
    return words.listed([str(t) for t in lengths])


# Of these a zero goes without saying.
_RARE = frozenset({"equivalent", "not-judged"})
# A capital is a size: of every cell its own, but for these.
_NO_SIZES = frozenset({"T", "B"})
_SIZE = "size"
# In this order it is told, and what is not named here after it.
_ORDER = (
    *("generated", "caught", "equivalent", "survived", "not-judged"),
    *("against", "through", "configurations", "T", "batch", "sizes", _SIZE, "statements", "entries"),
    *("precision", "tolerance", "worst"),
)


def coverage(words: Words, item: Record) -> list[tuple[str, str]]:
    """What a check covered, as pairs of words and values."""
    found = []
    for key in sorted(item["coverage"], key=_place):
        value = item["coverage"][key]
        if key in _RARE and not value:
            continue
        # Of what is drawn at random, a comparison tells the smallest and the largest.
        drawn = item["method"] in COMPARED and (key in ("T", "batch") or _is_size(key))
        told = f"{value[0]}–{value[1]}" if drawn else _value(words, value)
        said = words.say("coverage.size", name=key) if _is_size(key) else words.say(f"coverage.{key}")
        found.append((said, told))
    return found


def _is_size(key: str) -> bool:
    return len(key) == 1 and key.isupper() and key not in _NO_SIZES


def _place(key: str) -> tuple[int, str]:
    kind = _SIZE if _is_size(key) else key
    return (_ORDER.index(kind), key) if kind in _ORDER else (len(_ORDER), "")


def _value(words: Words, value: object) -> str:
    if isinstance(value, list):
        return words.listed([_value(words, part) for part in value])
    if isinstance(value, bool):
        return words.say("coverage.yes-word" if value else "coverage.no-word")
    if isinstance(value, float):
        return f"{value:.2g}"
    if not isinstance(value, str):
        return str(value)
    if value in words.glossary:
        return words.term(value)
    key = f"coverage.{value.replace(' ', '-')}"
    return words.say(key) if words.knows(key) and len(value) > 1 else value
