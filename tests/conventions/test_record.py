"""The committed record is about the statements as they are, and about the versions that are pinned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from docs.hooks.conventions import RECORD, Conventions, Statement, load, read
from tests.judges.conventions.judge import DOCS, covered
from tests.project.test_pins import pins
from tests.project.test_pins import read as text_of

CITED = {"cudnn", "onednn"}  # what no test here runs


def test_every_framework_is_tested_or_known_not_to_be(facts: Conventions) -> None:
    assert facts.frameworks.keys() == set(covered()) | CITED
    assert {name for name, one in facts.frameworks.items() if not one.packages} == CITED


@pytest.mark.parametrize("name", covered())
def test_the_record_is_about_the_statements_as_they_are(name: str, facts: Conventions) -> None:
    framework = facts.get(name)
    stale = [said.key for said in framework.statements() if said.status != "tested"]
    assert stale == [], "run python -m tests.judges.conventions"
    assert framework.tested.keys() == {said.key for said in framework.statements()}


@pytest.mark.parametrize("name", sorted(CITED))
def test_what_is_not_run_is_not_called_tested(name: str, facts: Conventions) -> None:
    framework = facts.get(name)
    assert framework.versions == {}
    assert {said.status for said in framework.statements()} == {"cited"}


@pytest.mark.parametrize("name", covered())
def test_the_versions_are_those_that_are_pinned(name: str, facts: Conventions, repository: Path) -> None:
    pinned: dict[str, str] = {}
    for file in ("test", "witnesses"):
        pinned |= {p: v for p, v, _ in pins(text_of(repository, f"requirements/{file}.txt"))}
    package, _, version = text_of(repository, "requirements/torch.txt").strip().partition("==")
    pinned[package] = version  # torch stands alone, without a digest
    framework = facts.get(name)
    assert framework.versions == {package: pinned[package] for package in framework.packages}


def test_a_statement_that_changes_is_not_tested_any_more() -> None:
    raw, record = parsed()
    raw["pytorch"]["layers"]["gru"]["z"] = "new"
    changed = {said.key: said for said in read(raw, record).get("pytorch").statements()}
    assert changed["pytorch.gru.z"].status == "cited"
    assert changed["pytorch.gru.reset"].status == "tested"


def test_a_hash_is_of_what_is_stated() -> None:
    one, other = Statement("a.b", ["i", "f"], "x"), Statement("a.b", ["f", "i"], "x")
    assert one.hash != other.hash
    assert one.hash == Statement("c.d", ["i", "f"], "y").hash


def test_every_statement_has_a_source(facts: Conventions, repository: Path) -> None:
    bibliography = (repository / "references.bib").read_text(encoding="utf-8")
    for framework in facts.frameworks.values():
        for said in framework.statements():
            assert f"{{{said.source},\n" in bibliography, said.key


def parsed() -> tuple[Any, Any]:
    import yaml

    raw = yaml.safe_load((DOCS / "conventions.yml").read_text(encoding="utf-8"))
    return raw, json.loads((DOCS / RECORD).read_text(encoding="utf-8"))


def test_the_facts_are_read_with_their_record() -> None:
    raw, record = parsed()
    assert load(DOCS) == read(raw, record)
