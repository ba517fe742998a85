"""What was proved and checked of every formula: one record a formula and method, in one file.

The file is trusted only if it is whole, made by this very code and these very versions, and about these very
statements; otherwise it is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from derivations.catalogue import formulas
from derivations.formula import Formula
from derivations.prove.schedule import Proved
from derivations.prove.verdict import Verdict

FORMAT = 1
CHECKER = "tests.agreement"  # where the derivation meets the NumPy reference; not part of the package
PROOFS = ("all-sizes", "unrolled")
AGREEMENT = "agreement"

Record = dict[str, Any]


def versions() -> dict[str, str]:
    """What proves: the interpreter and the libraries that decide."""
    return {"python": platform.python_version()} | {name: version(name) for name in ("sympy", "python-flint")}


def fingerprint(root: Path) -> str:
    """A digest of the code that derives, proves and checks, and of the versions it runs on."""
    digest = hashlib.sha256(json.dumps([FORMAT, versions(), _version_of("numpy")]).encode())
    package = Path(__file__).parent
    sources = sorted(p for p in package.rglob("*") if p.suffix in (".py", ".json"))
    for folder in ("lstmref", "tests/agreement"):
        sources += sorted((root / folder).rglob("*.py"))
    for path in sources:
        digest.update(str(path.relative_to(package.parent if package in path.parents else root)).encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return f"sha256:{digest.hexdigest()}"


def _version_of(name: str) -> str | None:
    try:
        return version(name)
    except ImportError:
        return None


def load(path: Path, root: Path) -> Record | None:
    """The evidence in the file, or None where it is missing, damaged, or not about this code and these statements."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        current = found["format"] == FORMAT and found["fingerprint"] == fingerprint(root)
        about = {i: record["hash"] for i, record in found["formulas"].items()}
        whole = found["digest"] == _digest(found["formulas"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return found if current and whole and about == {f.id: f.hash for f in formulas().values()} else None


def _digest(records: Mapping[str, Record]) -> str:
    return f"sha256:{hashlib.sha256(json.dumps(records, sort_keys=True).encode()).hexdigest()}"


def collect(proved: Iterable[Proved], agreement: Record | None, root: Path) -> Record:
    """Put the verdicts and the checker's report together; what did not run is recorded as not run."""
    verdicts: dict[str, dict[str, list[Verdict]]] = {}
    for item in proved:
        verdicts.setdefault(item.id, {}).setdefault(item.verdict.method, []).append(item.verdict)
    records = {f.id: _record(f, verdicts.get(f.id, {}), agreement) for f in formulas().values()}
    return {
        "format": FORMAT,
        "fingerprint": fingerprint(root),
        "digest": _digest(records),
        "versions": versions() | ((agreement or {}).get("versions") or {}),
        "formulas": records,
    }


def _record(f: Formula, verdicts: Mapping[str, list[Verdict]], agreement: Record | None) -> Record:
    methods: list[Record] = []
    if f.pass_ != "forward":
        methods += [_proof(name, verdicts.get(name, [])) for name in PROOFS]
    methods.append(_agreement(f.id, agreement))
    return {"hash": f.hash, "evidence": methods, "passing": passing(f, methods)}


def nothing_run(f: Formula) -> Record:
    """The record of a formula about which nothing has run."""
    return _record(f, {}, None)


def passing(f: Formula, methods: Iterable[Record]) -> bool:
    """Whether the evidence suffices to print the formula.

    A derived formula needs both proofs, a forward one, which is quoted, the agreement with the reference; nothing may
    be refuted, and what did not run counts for nothing.
    """
    outcomes = {m["method"]: m["outcome"] for m in methods}
    if "refuted" in outcomes.values():
        return False
    if f.pass_ == "forward":
        return outcomes.get(AGREEMENT) == "checked"
    return all(outcomes.get(name) == "proved" for name in PROOFS)


def _proof(method: str, verdicts: list[Verdict]) -> Record:
    """One record of several verdicts by one method: the unrolled proof gives one for each T."""
    if not verdicts:
        return {"method": method, "outcome": "not-run", "coverage": {}, "versions": {}}
    refuted = [v for v in verdicts if v.outcome == "refuted"]
    coverage = dict(verdicts[0].coverage)
    if method == "unrolled":
        coverage["T"] = sorted(int(str(v.coverage["T"])) for v in verdicts)
        coverage["entries"] = sum(int(str(v.coverage["entries"])) for v in verdicts)
    record = {
        "method": method,
        "outcome": "refuted" if refuted else "proved",
        "coverage": coverage,
        "versions": versions(),
    }
    return record | ({"reason": refuted[0].reason} if refuted else {})


def _agreement(formula_id: str, agreement: Record | None) -> Record:
    found = (agreement or {}).get("formulas", {}).get(formula_id)
    if agreement is None or found is None:
        return {"method": AGREEMENT, "outcome": "not-run", "coverage": {}, "versions": {}}
    coverage = {key: value for key, value in found.items() if key != "outcome"}
    return {
        "method": AGREEMENT,
        "outcome": found["outcome"],
        "coverage": coverage,
        "versions": agreement["versions"],
    }


def run_agreement(root: Path, say: Callable[[str], None]) -> Record | None:
    """Let the tests compare the formulas with the NumPy reference, in their own process; None if there are none here.

    Nothing of theirs is imported: the derivation and the reference share no code.
    """
    if not (root / CHECKER.replace(".", "/") / "__main__.py").is_file():
        say(f"{CHECKER} is not here: the agreement with the NumPy reference is not run")
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "agreement.json"
        ran = subprocess.run(
            [sys.executable, "-m", CHECKER, "--json", str(path)], cwd=root, capture_output=True, text=True
        )
        if not path.is_file():
            say(f"{CHECKER} failed:\n{ran.stdout}{ran.stderr}")
            return None
        found: Record = json.loads(path.read_text(encoding="utf-8"))
        return found


def write(data: Record, path: Path) -> None:
    """Write JSON whole or not at all, the same bytes for the same data."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(
        json.dumps(data, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8"
    )
    os.replace(temporary, path)
