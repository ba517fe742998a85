"""The browser fixtures can fail: a foreign request is caught, a missing browser is never a silent pass."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.chromium import ON_PATH, find_chromium, foreign

SITE = "http://127.0.0.1:8000/"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://127.0.0.1:8000/zh/index.html", False),
        ("data:image/svg+xml,%3Csvg%3E", False),
        ("about:blank", False),
        ("http://127.0.0.1:8001/", True),
        ("https://127.0.0.1:8000/", True),
        ("https://fonts.example/a.woff2", True),
        ("ws://127.0.0.1:8000/", True),
    ],
)
def test_foreign_addresses(address: str, expected: bool) -> None:
    assert foreign(address, SITE) is expected


def program(folder: Path, name: str) -> str:
    """An executable file of that name."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_chromium_is_looked_for_in_order(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "nowhere")
    own = program(tmp_path / "own", "chrome")
    named = program(tmp_path / "named", "my-chromium")
    assert find_chromium({"PATH": nowhere}, own) == own
    for name in reversed(ON_PATH):
        found = program(tmp_path / "path", name)
        assert find_chromium({"PATH": str(tmp_path / "path")}, own) == found
    assert find_chromium({"PATH": str(tmp_path / "path"), "LSTMREF_CHROMIUM": named}, own) == named


def test_no_chromium_says_where_it_was_looked_for(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "nowhere")
    with pytest.raises(LookupError, match=r"LSTMREF_CHROMIUM is not set, PATH has no chromium,"):
        find_chromium({"PATH": nowhere}, nowhere)
    with pytest.raises(LookupError, match=r"LSTMREF_CHROMIUM: expected a program that runs, got '/no/such'"):
        find_chromium({"PATH": nowhere, "LSTMREF_CHROMIUM": "/no/such"}, nowhere)


TWO_TESTS = """
from pathlib import Path
import pytest

@pytest.fixture(scope="session")
def built_site(tmp_path_factory):
    site = tmp_path_factory.mktemp("site")
    (site / "index.html").write_text('<!doctype html><link rel="icon" href="data:,"><p>here</p>')
    (site / "cdn.html").write_text('<!doctype html><img src="https://cdn.example/x.png"><p>here</p>')
    return site

def test_own_page(page):
    page.goto("")
    assert page.inner_text("p") == "here"

def test_page_with_a_cdn(page):
    page.goto("cdn.html")
    assert page.inner_text("p") == "here"
"""


def run_harness(repository: Path, folder: Path, **environment: str) -> tuple[int, str]:
    """Runs `TWO_TESTS` under a copy of the fixtures; returns pytest's exit status and what it printed."""
    tests = folder / "tests" / "browser"
    tests.mkdir(parents=True)
    for name in ("conftest.py", "chromium.py", "server.py"):
        shutil.copy(repository / "tests" / "browser" / name, tests / name)
    shutil.copy(repository / "pyproject.toml", folder)
    (tests / "test_two.py").write_text(TWO_TESTS, encoding="utf-8")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("LSTMREF_", "PYTEST_"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no"],
        cwd=folder,
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.browser
def test_a_foreign_request_fails_the_test(repository: Path, tmp_path: Path) -> None:
    required = os.environ.get("LSTMREF_REQUIRE_BROWSER", "0")
    named = os.environ.get("LSTMREF_CHROMIUM", "")
    status, output = run_harness(
        repository, tmp_path, LSTMREF_REQUIRE_BROWSER=required, LSTMREF_CHROMIUM=named
    )
    reason = re.search(r"SKIPPED .*?: (no Chromium.*)", output)
    if reason:
        pytest.skip(reason[1])
    assert status == 1, output
    assert "a page asked other hosts:\nhttps://cdn.example/x.png" in output
    assert "ERROR tests/browser/test_two.py::test_page_with_a_cdn[chromium]" in output
    assert "2 passed, 1 error" in output


def test_without_a_browser_the_reason_is_shown(repository: Path, tmp_path: Path) -> None:
    status, output = run_harness(repository, tmp_path, LSTMREF_CHROMIUM="/no/such")
    assert status == 0, output
    assert "2 skipped" in output
    assert "LSTMREF_CHROMIUM: expected a program that runs, got '/no/such'" in output


def test_without_a_required_browser_the_tests_fail(repository: Path, tmp_path: Path) -> None:
    status, output = run_harness(
        repository, tmp_path, LSTMREF_CHROMIUM="/no/such", LSTMREF_REQUIRE_BROWSER="1"
    )
    assert status == 1, output
    assert "2 errors" in output
    assert "LSTMREF_CHROMIUM: expected a program that runs, got '/no/such'" in output
