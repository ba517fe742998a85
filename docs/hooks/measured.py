"""How strong the checks are, as tables: mutants, programs by others, gradient checks, and what must be trusted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from markupsafe import Markup

from docs.hooks import evidence
from docs.hooks.catalogue import Record
from docs.hooks.view import View
from docs.hooks.words import Words

# Kinds of mutants that are named as the hardest to catch.
HARDEST = 3


def mutants(view: View) -> Markup:
    """Mutants by kind, by cell and by check: how many, caught by what, missed by what."""
    data = view.catalogue.data.get("mutants")
    if not data:
        return not_run(view)
    say = view.words.say
    kinds = sorted(data["kinds"], key=lambda kind: -data["kinds"][kind]["generated"])
    return view.render(
        "mutants.html",
        total=tally(view.words, data["total"]),
        kinds=[
            (
                say(f"mutant-kinds.{kind}"),
                say(f"mutant-examples.{kind}"),
                tally(view.words, data["kinds"][kind]),
            )
            for kind in kinds
        ],
        cells=[
            (name, tally(view.words, data["cells"][name]))
            for name in view.catalogue.cells
            if name in data["cells"]
        ],
        checks=_checks(view.words, data["total"]),
        remarks=[_hardest(view), *_alone(view.words, data["only-by"])],
        equivalent=[(one, one.split("/")[0]) for one in data["equivalent"]],
        survived=[(one, one.split("/")[0]) for one in data["survived"]],
    )


@dataclass(frozen=True)
class Tally:
    """One row of the mutants: numbers as they are written, and which single checks missed how many."""

    generated: str
    caught: str
    shapes: str
    equivalent: str
    survived: str
    missed: str


def tally(words: Words, record: Record) -> Tally:
    """A row of the tables; `caught` holds those that the shapes refuse."""
    missed = [
        words.say("mutants.missed", check=check_name(words, name), count=n)
        for name, n in record["missed-by"].items()
    ]
    return Tally(
        words.number(record["generated"]),
        words.number(record["caught"]),
        words.number(record["caught-by"].get("shapes", 0)),
        words.number(record["equivalent"]),
        words.number(record["survived"] + record["not-judged"]),
        words.listed(missed),
    )


def check_name(words: Words, name: str) -> str:
    """A check that judges mutants, e.g. `unrolled proof, T = 1`."""
    key, _, steps = name.partition(" T=")
    return words.say(f"mutant-checks.{key}", T=steps)


def _checks(words: Words, total: Record) -> list[tuple[str, ...]]:
    """Each check, how many mutants it refuses, how many it lets pass, and how many it cannot judge."""
    rows = []
    for name in ("shapes", "all-sizes", *sorted(n for n in total["caught-by"] if "T=" in n), "agreement"):
        refused, missed = total["caught-by"].get(name, 0), total["missed-by"].get(name, 0)
        if name == "shapes":  # they judge all, and know no value
            missed = total["caught"] - refused
        beyond = total["caught"] - refused - missed
        rows.append((check_name(words, name), *map(words.number, (refused, missed, beyond))))
    return rows


def _hardest(view: View) -> str:
    """The kinds of which the weakened gradient checks let the largest share pass."""
    strength = view.catalogue.data.get("strength")
    if not strength:
        return view.words.say("interface.not-run-here")
    weakened = [kinds for name, kinds in strength["table"].items() if name != "strong"]
    shares = {
        kind: sum(kinds[kind]["missed"] for kinds in weakened)
        / sum(kinds[kind]["applicable"] for kinds in weakened)
        for kind in weakened[0]
    }
    first = sorted(shares, key=lambda kind: -shares[kind])[:HARDEST]
    named = [
        view.words.say(
            "mutants.share",
            kind=view.words.say(f"mutant-kinds.{kind}"),
            percent=view.words.percent(shares[kind]),
        )
        for kind in first
    ]
    return view.words.say("mutants.hardest", kinds=view.words.listed(named))


def scientific(value: float) -> str:
    """A tolerance, say: `1e-7`."""
    mantissa, _, exponent = f"{value:.0e}".partition("e")
    return f"{mantissa}e{int(exponent)}" if value else "0"


def _alone(words: Words, only: dict[str, list[str]]) -> list[str]:
    """What is caught by one check alone, although another could judge it."""
    if not only:
        return [words.say("mutants.none-alone")]
    return [
        words.say("mutants.alone", check=check_name(words, name), count=words.number(len(found)))
        for name, found in only.items()
    ]


def strength(view: View) -> Markup:
    """Gradient checks, strong and weakened: which kinds of mutants and which published slips each lets pass."""
    data = view.catalogue.data.get("strength")
    if not data:
        return not_run(view)
    words = view.words
    strong = next(one for one in data["configurations"] if one["name"] == "strong")
    return view.render(
        "strength.html",
        rows=[_weakened(words, one["name"], data["table"][one["name"]]) for one in data["configurations"]],
        strong=words.say(
            "strength.strong", **{key: strong[key] for key in "TBDH"}, rtol=scientific(strong["rtol"])
        ),
        slips=[
            (name, data["slips"][name], [configuration(words, one) for one in data["slips"][name]["missed"]])
            for name in sorted(data["slips"], key=_place(words, "slips"))
        ],
        count=len(data["configurations"]),
    )


def _place(words: Words, section: str) -> Callable[[str], int]:
    """The order in which a section of the words tells things."""
    order = {name: place for place, name in enumerate(words.table[section])}
    return lambda name: order.get(name, len(order))


def configuration(words: Words, name: str) -> str:
    """What a gradient check is called, e.g. `one step`."""
    return words.say(f"configurations.{key_of(name)}")


def key_of(name: str) -> str:
    """A configuration's name as a key of the words: `tiny-weights-tolerance-1e-3`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _weakened(words: Words, name: str, kinds: Record) -> tuple[str, str, str, str, list[str]]:
    missed = sum(one["missed"] for one in kinds.values())
    applicable = sum(one["applicable"] for one in kinds.values())
    worst = sorted((kind for kind in kinds if kinds[kind]["missed"]), key=lambda kind: -kinds[kind]["missed"])
    shown = [
        words.say(
            "strength.kind",
            kind=words.say(f"mutant-kinds.{kind}"),
            missed=kinds[kind]["missed"],
            applicable=kinds[kind]["applicable"],
        )
        for kind in worst
    ]
    counted = words.say("strength.missed", missed=words.number(missed), applicable=words.number(applicable))
    return (
        configuration(words, name),
        words.say(f"configuration-texts.{key_of(name)}"),
        counted,
        words.percent(missed / applicable),
        shown,
    )


@dataclass(frozen=True)
class Compared:
    """One program that the formulas were compared with, or that was not at hand."""

    name: str
    text: str
    outcome: str
    reason: str
    version: str
    cells: str
    formulas: int
    configurations: str
    precision: str
    tolerance: str
    worst: str


def witnesses(view: View) -> Markup:
    """The programs that the formulas are compared with: the NumPy reference, then those by others."""
    known = view.catalogue.data.get("witnesses") or {}
    rows = [_compared(view, "numpy", {})]
    rows += [_compared(view, name, record) for name, record in known.items()]
    return view.render("witnesses.html", rows=sorted(rows, key=lambda row: row.outcome == "not-run"))


def _compared(view: View, name: str, record: Record) -> Compared:
    """What one program said, over all formulas."""
    said = [
        (formula["cell"], item)
        for formula in view.catalogue.formulas.values()
        for item in formula["evidence"]
        if item["method"] in evidence.COMPARED and item.get("name", "numpy") == name and item["coverage"]
    ]
    covered = [item["coverage"] for _, item in said]
    outcomes = {item["outcome"] for _, item in said}
    outcome = next((one for one in ("refuted", "checked") if one in outcomes), "not-run")
    versions = dict(said[0][1]["versions"]) if said else {}
    return Compared(
        evidence.REFERENCE if name == "numpy" else evidence.PROGRAMS.get(name, name),
        view.words.say(f"witness-texts.{name}"),
        outcome,
        str(record.get("reason", "")),
        str(record.get("version", versions.get(name, ""))),
        _cells(view, {cell for cell, _ in said}),
        len(said),
        _one(one.get("configurations") for one in covered),
        str(record.get("precision", "float64")),
        _one(one.get("tolerance") for one in covered),
        scientific(max(one["worst"] for one in covered)) if said else "",
    )


def _cells(view: View, found: set[str]) -> str:
    if found == set(view.catalogue.cells):
        return view.words.say("tables.all-cells")
    return view.words.listed([name for name in view.catalogue.cells if name in found])


def _one(values: Iterable[object]) -> str:
    """The value that all have, or all of them."""
    found = dict.fromkeys(scientific(one) if isinstance(one, float) else str(one) for one in values)
    return " / ".join(found)


def trusted(view: View) -> Markup:
    """Our lines that a proof rests on, and what they use of other people's libraries."""
    data = view.catalogue.data["trusted"]
    groups = [(kind, data[kind], sum(one["lines"] for one in data[kind])) for kind in ("decides", "says")]
    return view.render("trusted.html", groups=groups, uses=list(data["uses"].items()))


def not_run(view: View) -> Markup:
    """In place of a table whose check did not run in this build."""
    return Markup('<p class="not-run">{}</p>').format(view.words.say("interface.not-run-here"))
