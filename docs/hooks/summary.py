"""What is proved, in a few lines: counts from the catalogue that add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from markupsafe import Markup

from docs.hooks import evidence
from docs.hooks.catalogue import Record
from docs.hooks.view import View

Line = tuple[str, str]
# What a pass is called where formulas are counted.
KINDS = {"forward": "forward", "backward": "derived", "count": "counts"}


def has(record: Record, outcome: str, method: str | None = None) -> bool:
    """Whether any check of a formula, or one by this method, ended so."""
    return any(item["outcome"] == outcome and method in (None, item["method"]) for item in record["evidence"])


def summary(view: View) -> Markup:
    """How many formulas there are, of which kind, and what is known of them."""
    records = list(view.catalogue.formulas.values())
    lead = view.words.say(
        "summary.lead", formulas=len(records), cells=len(view.catalogue.cells), **_kinds(records)
    )
    lines = [*_proofs(view, records), *_programs(view, records), *_mutants(view, records)]
    return view.render("summary.html", lead=lead, lines=[*lines, *_open(view, records)])


def _kinds(records: Iterable[Record]) -> dict[str, int]:
    found = Counter(KINDS[record["pass"]] for record in records)
    return {name: found[name] for name in KINDS.values()}


def _proofs(view: View, records: list[Record]) -> Iterator[Line]:
    say = view.words.say
    for method in evidence.PROOFS:
        proved = [record for record in records if has(record, "proved", method)]
        if not proved:
            continue
        covered = [evidence.lengths(record, method) for record in proved]
        common = sorted(frozenset.intersection(*covered))
        lengths = evidence.told_lengths(view.words, common)
        yield "proved", say(f"summary.{method}", count=len(proved), T=lengths, **_kinds(proved))
        for length in sorted(frozenset.union(*covered) - set(common)):
            count = sum(length in one for one in covered)
            yield "proved", say(f"summary.{method}-longer", count=count, T=length)


def _programs(view: View, records: list[Record]) -> Iterator[Line]:
    """The programs that ran, those that speak of the most formulas first."""
    checks = [item for record in records for item in record["evidence"] if item["outcome"] == "checked"]
    counts = Counter(evidence.program(item) for item in checks if item["method"] in evidence.COMPARED)
    if not counts:
        return
    order = sorted(counts, key=lambda name: (name != evidence.REFERENCE, -counts[name], name))
    named = [view.words.say("summary.program", name=name, count=counts[name]) for name in order]
    yield "checked", view.words.say("summary.programs", programs=view.words.listed(named))


def _mutants(view: View, records: list[Record]) -> Iterator[Line]:
    covered = [item["coverage"] for record in records for item in record["evidence"] if _tried(item)]
    if not covered:
        return
    total: Counter[str] = Counter()
    for one in covered:
        total.update(one)
    told = {key: view.words.number(total[key]) for key in ("generated", "caught", "equivalent")}
    yield "checked", view.words.say("summary.mutants", **told)
    for key, outcome in (("survived", "refuted"), ("not-judged", "not-run")):
        if total[key]:
            yield outcome, view.words.say(f"summary.mutants-{key}", count=total[key])


def _tried(item: Record) -> bool:
    return bool(item["method"] == "mutants" and item["coverage"])


def _open(view: View, records: list[Record]) -> Iterator[Line]:
    """What failed, and what did not run: a program for all formulas at once, else how many checks."""
    say, words = view.words.say, view.words
    checks = [item for record in records for item in record["evidence"]]
    refuted = sum(has(record, "refuted") for record in records)
    if refuted:
        yield "refuted", say("summary.refuted", count=refuted)
    absent = [item for item in checks if item["outcome"] == "not-run"]
    programs = dict.fromkeys(evidence.program(item) for item in absent if item["method"] == "witness")
    if programs:
        yield "not-run", say("summary.not-at-hand", programs=words.listed(list(programs)))
    for method, count in Counter(item["method"] for item in absent if item["method"] != "witness").items():
        yield "not-run", say("summary.not-run", method=say(f"methods.{method}"), count=count)
    if not refuted:
        yield "none", say("summary.none-failing")
