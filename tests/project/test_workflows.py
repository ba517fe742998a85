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
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("name", ["checks.yml", "publish.yml"])
def test_actions_are_pinned_and_permissions_are_few(repository: Path, name: str) -> None:
    workflow = load(repository, name)
    used = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert used
    assert [
        action for action in used if not re.fullmatch(r"[\w./-]+@(v\d+(\.\d+)*|[0-9a-f]{40})", action)
    ] == []
    assert workflow["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())


def test_checks_run_the_oldest_and_the_newest_python(repository: Path) -> None:
    workflow = load(repository, "checks.yml")
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.14"]
    assert "bash .ci/run" in [step.get("run") for step in steps(workflow)]


def test_publishing_takes_the_address_from_pages(repository: Path) -> None:
    workflow = load(repository, "publish.yml")
    pages = next(
        step for step in steps(workflow) if step.get("uses", "").startswith("actions/configure-pages")
    )
    witnesses, build = (step for step in steps(workflow) if "run" in step)
    assert witnesses["run"] == "make witnesses"
    assert build["run"] == "make build"
    assert build["env"]["LSTMREF_SITE_URL"] == f"${{{{ steps.{pages['id']}.outputs.base_url }}}}"
