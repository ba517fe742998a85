"""`python -m tests.judges.conventions`: try every framework that is installed and record what was found true of it.

The record, docs/conventions.tested.json, is committed: the site says with it which statements were tested, and with
which versions. What is not installed keeps what the record has of it. Exit status 1 if a statement is refuted.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from docs.hooks import conventions
from docs.hooks.conventions import RECORD
from tests.judges.conventions.judge import DOCS, covered, judge, load, record


def write(found: dict[str, Any]) -> None:
    """Write the record whole or not at all."""
    path = DOCS / RECORD
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(
        json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8"
    )
    os.replace(temporary, path)


def main() -> int:
    facts, path = conventions.load(DOCS), DOCS / RECORD
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    made = {name: one for name, one in kept.items() if name in covered()}
    refuted = 0
    for name in covered():
        try:
            findings = list(judge(facts.get(name), load(name)))
        except ImportError as error:
            print(f"{name}: not run: {error}")
            continue
        made[name] = record(facts.get(name), findings)
        for found in findings:
            if not found.agrees:
                refuted += 1
                print(f"{found.said.key}: stated {found.said.value}, seen {found.seen}", file=sys.stderr)
        print(f"{name}: {len(made[name]['statements'])} of {len(findings)} statements found true")
    write(made)
    return 1 if refuted else 0


if __name__ == "__main__":
    sys.exit(main())
