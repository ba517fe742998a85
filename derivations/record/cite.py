"""Citations of one formula: ID, version, hash of the statement and permalink make them exact."""

from __future__ import annotations

import json
from dataclasses import dataclass

from derivations.derive.formula import Formula
from derivations.record.address import permalink
from derivations.record.ledger import version
from derivations.record.release import AUTHOR, NAME, RELEASED, VERSION


@dataclass(frozen=True)
class Citation:
    """What identifies a formula, ready for every format."""

    id: str
    version: int
    hash: str
    url: str

    @property
    def key(self) -> str:
        return f"{NAME}:{self.id}"

    @property
    def note(self) -> str:
        return f"Formula {self.id}, version {self.version}, {self.hash}, {NAME} {VERSION}"


def citation(f: Formula) -> Citation:
    """The citation of a formula.

    Raises:
        LedgerError: the statement has not been published.
    """
    return Citation(f.id, version(f), f.hash, permalink(f.id))


def bibtex(c: Citation) -> str:
    return (
        f"@misc{{{c.key},\n"
        f"  author = {{{{{AUTHOR}}}}},\n"
        f"  title = {{{{{c.id}}}}},\n"
        f"  year = {{{RELEASED[:4]}}},\n"
        f"  version = {{{c.version}}},\n"
        f"  howpublished = {{{NAME} {VERSION}}},\n"
        f"  note = {{{c.hash}}},\n"
        f"  url = {{{c.url}}}\n"
        "}"
    )


def ris(c: Citation) -> str:
    year, month, day = RELEASED.split("-")
    lines = (
        ("TY", "ELEC"),
        ("AU", AUTHOR),
        ("TI", c.id),
        ("T2", f"{NAME} {VERSION}"),
        ("ET", str(c.version)),
        ("PY", year),
        ("DA", f"{year}/{month}/{day}"),
        ("N1", c.hash),
        ("UR", c.url),
        ("ER", ""),
    )
    return "\n".join(f"{tag}  - {value}" for tag, value in lines)


def csl(c: Citation) -> str:
    entry = {
        "id": c.key,
        "type": "webpage",
        "author": [{"literal": AUTHOR}],
        "title": c.id,
        "container-title": NAME,
        "issued": {"date-parts": [[int(part) for part in RELEASED.split("-")]]},
        "version": str(c.version),
        "note": f"{c.hash}; {NAME} {VERSION}",
        "URL": c.url,
    }
    return json.dumps([entry], indent=2, ensure_ascii=False)


def text(c: Citation) -> str:
    return f"{AUTHOR} ({RELEASED[:4]}). {c.note}. {c.url}"


FORMATS = {"bibtex": bibtex, "ris": ris, "csl": csl, "text": text}
