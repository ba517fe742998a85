"""The workflows are well formed, pin their actions, and run what a developer runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml


def load(repository: Path, name: str) -> dict[str, Any]:
    content = yaml.safe_load((repository / ".github" / "workflows" / name).read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job.get("steps", ())]


# What is used by its commit, and said to be which release; this repository's own workflows are of the same commit.
USE = re.compile(r"uses: (\./\.github/workflows/\w+\.yml|actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)")


def unpinned(text: str) -> list[str]:
    """The lines that use something by a name that can be moved."""
    return [line for line in text.splitlines() if "uses:" in line and not USE.fullmatch(line.strip(" -"))]


@pytest.mark.parametrize("name", ["checks.yml", "publish.yml"])
def test_actions_are_pinned_and_permissions_are_few(repository: Path, name: str) -> None:
    workflow = load(repository, name)
    assert any("uses" in step for step in steps(workflow))
    assert unpinned((repository / ".github" / "workflows" / name).read_text(encoding="utf-8")) == []
    assert workflow["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job for job in workflow["jobs"].values() if "steps" in job)


@pytest.mark.parametrize("reference", ["v5", "v5.1.0", "main", "fbc6f39", "f" * 40])
def test_an_action_by_a_tag_is_found(reference: str) -> None:
    assert unpinned(f"      - uses: actions/checkout@{reference}\n") != []


def test_nothing_is_published_that_has_not_passed_the_checks(repository: Path) -> None:
    checks, publish = load(repository, "checks.yml"), load(repository, "publish.yml")
    jobs = publish["jobs"]
    assert jobs["checks"] == {"uses": "./.github/workflows/checks.yml"}
    assert jobs["build"]["needs"] == "checks"
    assert jobs["deploy"]["needs"] == "build"
    # YAML reads a bare `on` as true. Main is checked once, by the workflow that publishes it.
    assert set(checks[True]) == {"pull_request", "workflow_call"}  # type: ignore[index]
    assert publish[True]["push"] == {"branches": ["main"]}  # type: ignore[index]


def test_checks_run_the_oldest_and_the_newest_python(repository: Path) -> None:
    workflow = load(repository, "checks.yml")
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.14"]
    assert "bash .ci/run" in [step.get("run") for step in steps(workflow)]


def test_publishing_takes_the_address_from_pages(repository: Path) -> None:
    workflow = load(repository, "publish.yml")
    pages = next(
        step for step in steps(workflow) if step.get("uses", "").startswith("actions/configure-pages")
    )
    forget, witnesses, build = (step for step in steps(workflow) if "run" in step)
    assert forget["run"] == "rm -rf build site"  # proved from nothing
    assert witnesses["run"] == "make witnesses"
    assert build["run"] == "make build"
    assert build["env"]["LSTMREF_SITE_URL"] == f"${{{{ steps.{pages['id']}.outputs.base_url }}}}"
