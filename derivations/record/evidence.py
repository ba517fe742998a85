"""What was proved and checked of every formula: one record a formula and method, in one file.

It is put together from what is kept of each cell (`derivations.record.store`). The file is trusted only if it is whole,
made by this very code and these very versions, and about these very statements; otherwise it is made again. The same
code and versions give the same bytes: no time stands in it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from derivations.cells import cells
from derivations.checkers import CHECKERS, installed
from derivations.derive.catalogue import formulas
from derivations.derive.formula import Formula
from derivations.record import keys
from derivations.record.keys import versions
from derivations.record.store import digest, write

FORMAT = 3
PROOFS = ("all-sizes", "unrolled")
AGREEMENT, MUTANTS = "agreement", "mutants"
NOT_RUN = "not-run"

Record = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What is known of one cell; None where it did not run.

    Attributes:
        proofs: by formula, the verdicts of all proofs.
        broken: how the mutants of the cell ended.
        agreement, strength, witnesses: what the programs outside of this package report.
    """

    proofs: Mapping[str, Sequence[Record]] | None = None
    broken: Record | None = None
    agreement: Record | None = None
    strength: Record | None = None
    witnesses: Record | None = None


NOTHING = Found()


def fingerprint(root: Path) -> str:
    """A digest of all that the evidence rests on: what the cells say, the code that judges them, and the versions."""
    of_cells = {
        name: [
            keys.of_proofs(name),
            keys.of_mutants(name),
            *(keys.of_numbers(c, name, root) for c in CHECKERS),
        ]
        for name in cells()
    }
    return keys.digest("evidence", FORMAT, of_cells)


def load(path: Path, root: Path) -> Record | None:
    """The evidence in the file, or None where it is missing, damaged, or not about this code and these statements."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        whole = found["format"] == FORMAT and found["digest"] == digest(found)
        about = {i: record["hash"] for i, record in found["formulas"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if not whole or about != {f.id: f.hash for f in formulas().values()}:
        return None
    return found if found["fingerprint"] == fingerprint(root) else None


def collect(found: Mapping[str, Found], root: Path) -> Record:
    """Put together what is known of all cells; what did not run is recorded as not run."""
    data: Record = {
        "format": FORMAT,
        "fingerprint": fingerprint(root),
        "versions": versions() | installed(),
        "formulas": {f.id: _record(f, found.get(f.cell, NOTHING)) for f in formulas().values()},
        "mutants": _all_mutants([one.broken for one in found.values() if one.broken]),
        "strength": _strength([one.strength for one in found.values() if one.strength]),
        "witnesses": _witnesses([one.witnesses for one in found.values() if one.witnesses]),
    }
    return data | {"digest": digest(data)}


def nothing_run(f: Formula) -> Record:
    """The record of a formula about which nothing has run."""
    return _record(f, NOTHING)


def _record(f: Formula, found: Found) -> Record:
    methods: list[Record] = []
    if f.pass_ != "forward":
        verdicts = (found.proofs or {}).get(f.id, ())
        methods += [_proof(name, [v for v in verdicts if v["method"] == name]) for name in PROOFS]
    methods.append(_agreement(f.id, found.agreement))
    methods += _witness_records(f.id, found.witnesses)
    methods.append(_mutants(f.id, found.broken))
    return {"hash": f.hash, "evidence": methods, "passing": passing(f, methods)}


def passing(f: Formula, methods: Iterable[Record]) -> bool:
    """Whether the evidence suffices to print the formula.

    A derived formula needs both proofs, a forward one, which is quoted, the agreement with the reference; nothing may
    be refuted, and what did not run counts for nothing.
    """
    listed = list(methods)
    if any(m["outcome"] == "refuted" for m in listed):
        return False
    outcomes = {m["method"]: m["outcome"] for m in listed}
    if f.pass_ == "forward":
        return outcomes.get(AGREEMENT) == "checked"
    return all(outcomes.get(name) == "proved" for name in PROOFS)


def _not_run(method: str, **more: str) -> Record:
    return {"method": method, "outcome": NOT_RUN, "coverage": {}, "versions": {}} | more


def _proof(method: str, verdicts: Sequence[Record]) -> Record:
    """One record of several verdicts by one method: the unrolled proof gives one for each T."""
    if not verdicts:
        return _not_run(method)
    refuted = [v for v in verdicts if v["outcome"] == "refuted"]
    coverage = dict(verdicts[0]["coverage"])
    if method == "unrolled":
        coverage["T"] = sorted(int(v["coverage"]["T"]) for v in verdicts)
        coverage["entries"] = sum(int(v["coverage"]["entries"]) for v in verdicts)
    outcome = "refuted" if refuted else "proved"
    record = {"method": method, "outcome": outcome, "coverage": coverage, "versions": versions()}
    return record | ({"reason": refuted[0]["reason"]} if refuted else {})


def _agreement(formula_id: str, report: Record | None) -> Record:
    found = (report or {}).get("formulas", {}).get(formula_id)
    if report is None or found is None:
        return _not_run(AGREEMENT)
    coverage = {key: value for key, value in found.items() if key not in ("outcome", "reason")}
    record = {
        "method": AGREEMENT,
        "outcome": found["outcome"],
        "coverage": coverage,
        "versions": report["versions"],
    }
    return record | ({"reason": found["reason"]} if "reason" in found else {})


def _witness_records(formula_id: str, report: Record | None) -> list[Record]:
    """One record for each program by others that says something of this formula, or did not run."""
    found = []
    for name, witness in sorted((report or {}).get("witnesses", {}).items()):
        if witness["outcome"] == NOT_RUN:
            found.append(_not_run("witness", name=name))
        elif formula_id in witness["formulas"]:
            said = witness["formulas"][formula_id]
            kept = ("configurations", "tolerance", "precision")
            coverage = {key: witness[key] for key in kept if key in witness} | {"worst": said["worst"]}
            found.append(
                {
                    "method": "witness",
                    "name": name,
                    "outcome": said["outcome"],
                    "coverage": coverage,
                    "versions": {name: witness["version"]},
                }
            )
    return found


def _mutants(formula_id: str, broken: Record | None) -> Record:
    """Every broken form of the formula that was tried; one that nothing refuses refutes the checks."""
    tried = (broken or {}).get("formulas", {}).get(formula_id)
    if tried is None or tried["generated"] == tried["not-judged"]:
        return _not_run(MUTANTS)
    kept = ("generated", "caught", "equivalent", "survived", "not-judged")
    coverage = {key: tried[key] for key in kept}
    outcome = "refuted" if tried["survived"] else "checked"
    return {"method": MUTANTS, "outcome": outcome, "coverage": coverage, "versions": versions()}


# All cells together.


def _all_mutants(found: Sequence[Record]) -> Record | None:
    """How the mutants of all cells ended."""
    if not found:
        return None
    whole: Record = {
        "formulas": {},
        "cells": {},
        "kinds": {},
        "only-by": {},
        "equivalent": [],
        "survived": [],
    }
    for one in found:
        whole["formulas"] |= one["formulas"]
        whole["cells"] |= one["cells"]
        for kind, tally in one["kinds"].items():
            whole["kinds"][kind] = added(whole["kinds"].get(kind), tally)
        for check, ids in one["only-by"].items():
            whole["only-by"].setdefault(check, []).extend(ids)
        for end in ("equivalent", "survived"):
            whole[end] += one[end]
    total: Record | None = None
    for tally in whole["cells"].values():
        total = added(total, tally)
    return whole | {"kinds": dict(sorted(whole["kinds"].items())), "total": total}


def added(one: Record | None, other: Record) -> Record:
    """Two tallies as one: numbers are added, and so are tables of numbers."""
    if one is None:
        return dict(other)
    return {
        key: one[key] + value
        if isinstance(value, int)
        else dict(sorted((Counter(one[key]) + Counter(value)).items()))
        for key, value in other.items()
    }


def _strength(found: Sequence[Record]) -> Record | None:
    """Which weakened checks let what through; the verdict on each single mutant stays out of the file."""
    if not found:
        return None
    table: Record = {c["name"]: {} for c in found[0]["configurations"]}
    slips: Record = {}
    for one in found:
        slips |= one["slips"]
        for name, kinds in one["table"].items():
            for kind, row in kinds.items():
                before = table[name].get(kind, {})
                table[name][kind] = {key: before.get(key, 0) + count for key, count in row.items()}
    return {
        "configurations": found[0]["configurations"],
        "table": {name: dict(sorted(kinds.items())) for name, kinds in table.items()},
        "slips": slips,
    }


def _witnesses(found: Sequence[Record]) -> Record:
    """Each witness in short: what it is, how it ended, how close it came, over all cells that it ran."""
    made: Record = {}
    for name in sorted({name for one in found for name in one["witnesses"]}):
        said = [one["witnesses"][name] for one in found if name in one["witnesses"]]
        ran = [one for one in said if one["outcome"] != NOT_RUN]
        if not ran:
            made[name] = {"outcome": NOT_RUN, "reason": said[0]["reason"], "formulas": 0}
            continue
        reasons = [one["reason"] for one in ran if "reason" in one]
        made[name] = {key: value for key, value in ran[0].items() if key not in ("formulas", "reason")}
        made[name] |= {
            "outcome": "refuted" if any(one["outcome"] == "refuted" for one in ran) else "checked",
            "formulas": sum(len(one["formulas"]) for one in ran),
        }
        made[name] |= {"reason": ", ".join(reasons)} if reasons else {}
    return made


__all__ = ["Found", "collect", "fingerprint", "load", "nothing_run", "passing", "versions", "write"]
