"""What was proved and checked of every formula: one record a formula and method, in one file.

The file is trusted only if it is whole, made by this very code and these very versions, and about these very
statements; otherwise it is made again. The same code and versions give the same bytes: no time stands in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from derivations.cells import cells
from derivations.checkers import CHECKERS, installed
from derivations.derive.catalogue import formulas
from derivations.derive.formula import Formula
from derivations.mutants.judge import summary
from derivations.prove.verdict import Verdict
from derivations.schedule import Finished

FORMAT = 2
PROOFS = ("all-sizes", "unrolled")
AGREEMENT, MUTANTS = "agreement", "mutants"
NOT_RUN = "not-run"

Record = dict[str, Any]


@dataclass(frozen=True)
class Reports:
    """What the programs outside of this package report, each None where it did not run."""

    agreement: Record | None = None
    strength: Record | None = None
    witnesses: Record | None = None


def versions() -> dict[str, str]:
    """What proves: the interpreter and the libraries that decide."""
    return {"python": platform.python_version()} | {name: version(name) for name in ("sympy", "python-flint")}


def fingerprint(root: Path) -> str:
    """A digest of the code that derives, proves and checks, and of the versions it runs on."""
    digest = hashlib.sha256(json.dumps([FORMAT, versions(), installed()]).encode())
    package = Path(__file__).parent.parent
    sources = sorted(p for p in package.rglob("*") if p.suffix in (".py", ".json"))
    for folder in ("lstmref", *(checker.replace(".", "/") for checker in CHECKERS)):
        sources += sorted((root / folder).rglob("*.py"))
    for path in sources:
        digest.update(
            path.relative_to(package.parent if package in path.parents else root).as_posix().encode()
        )
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return f"sha256:{digest.hexdigest()}"


def load(path: Path, root: Path) -> Record | None:
    """The evidence in the file, or None where it is missing, damaged, or not about this code and these statements."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        current = found["format"] == FORMAT and found["fingerprint"] == fingerprint(root)
        whole = found["digest"] == _digest(found)
        about = {i: record["hash"] for i, record in found["formulas"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return found if current and whole and about == {f.id: f.hash for f in formulas().values()} else None


def _digest(data: Record) -> str:
    told = {key: value for key, value in data.items() if key != "digest"}
    return f"sha256:{hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()}"


def collect(finished: Iterable[Finished], reports: Reports, root: Path) -> Record:
    """Put the verdicts and the reports together; what did not run is recorded as not run."""
    verdicts: dict[str, dict[str, list[Verdict]]] = {}
    refused: dict[str, dict[str, bool]] = {}
    for done in finished:
        refused.setdefault(done.task.check, {}).update(done.refused)
        for p in done.proved:
            verdicts.setdefault(p.id, {}).setdefault(p.verdict.method, []).append(p.verdict)
    refused = {check: judged for check, judged in refused.items() if judged}
    numbers = _numbers(reports.strength)
    broken = summary(list(cells()), refused, numbers) if refused else None
    data: Record = {
        "format": FORMAT,
        "fingerprint": fingerprint(root),
        "versions": versions() | installed(),
        "formulas": {f.id: _record(f, verdicts.get(f.id, {}), reports, broken) for f in formulas().values()},
        "mutants": broken,
        "strength": _strength(reports.strength),
        "witnesses": _witnesses(reports.witnesses),
    }
    return data | {"digest": _digest(data)}


def nothing_run(f: Formula) -> Record:
    """The record of a formula about which nothing has run."""
    return _record(f, {}, Reports(), None)


def _record(
    f: Formula, verdicts: Mapping[str, list[Verdict]], reports: Reports, broken: Record | None
) -> Record:
    methods: list[Record] = []
    if f.pass_ != "forward":
        methods += [_proof(name, verdicts.get(name, [])) for name in PROOFS]
    methods.append(_agreement(f.id, reports.agreement))
    methods += _witness_records(f.id, reports.witnesses)
    methods.append(_mutants(f.id, broken))
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


def _proof(method: str, verdicts: list[Verdict]) -> Record:
    """One record of several verdicts by one method: the unrolled proof gives one for each T."""
    if not verdicts:
        return _not_run(method)
    refuted = [v for v in verdicts if v.outcome == "refuted"]
    coverage = dict(verdicts[0].coverage)
    if method == "unrolled":
        coverage["T"] = sorted(int(str(v.coverage["T"])) for v in verdicts)
        coverage["entries"] = sum(int(str(v.coverage["entries"])) for v in verdicts)
    outcome = "refuted" if refuted else "proved"
    record = {"method": method, "outcome": outcome, "coverage": coverage, "versions": versions()}
    return record | ({"reason": refuted[0].reason} if refuted else {})


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
            keys = ("configurations", "tolerance", "precision")
            coverage = {key: witness[key] for key in keys if key in witness} | {"worst": said["worst"]}
            used = {name: witness["version"]}
            outcome = said["outcome"]
            found.append(
                {
                    "method": "witness",
                    "name": name,
                    "outcome": outcome,
                    "coverage": coverage,
                    "versions": used,
                }
            )
    return found


def _mutants(formula_id: str, broken: Record | None) -> Record:
    """Every broken form of the formula that was tried; one that nothing refuses refutes the checks."""
    tried = (broken or {}).get("formulas", {}).get(formula_id)
    if tried is None or tried["generated"] == tried["not-judged"]:
        return _not_run(MUTANTS)
    keys = ("generated", "caught", "equivalent", "survived", "not-judged")
    coverage = {key: tried[key] for key in keys}
    outcome = "refuted" if tried["survived"] else "checked"
    return {"method": MUTANTS, "outcome": outcome, "coverage": coverage, "versions": versions()}


def _numbers(report: Record | None) -> dict[str, bool] | None:
    """By mutant, whether the comparison with the reference refused it."""
    if report is None:
        return None
    return {i: bool(m["agreement"]) for i, m in report["mutants"].items()}


def _strength(report: Record | None) -> Record | None:
    """Which weakened checks let what through; the verdict on each single mutant stays out of the file."""
    keys = ("configurations", "table", "slips")
    return {key: report[key] for key in keys} if report else None


def _witnesses(report: Record | None) -> Record:
    """Each witness in short: what it is, how it ended, how close it came."""
    return {
        name: {key: value for key, value in witness.items() if key != "formulas"}
        | {"formulas": len(witness.get("formulas", {}))}
        for name, witness in sorted((report or {}).get("witnesses", {}).items())
    }


def write(data: Record, path: Path) -> None:
    """Write JSON whole or not at all, the same bytes for the same data."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(
        json.dumps(data, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8"
    )
    os.replace(temporary, path)
