"""Serving: on this machine only, the next free port, the site's own 404, a clean end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from docs.hooks.paths import ROOT


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "zh").mkdir(parents=True)
    for name, text in {"index.html": "home", "404.html": "none", "zh/404.html": "没有"}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def busy() -> Iterator[int]:
    """A port that is in use."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


# A shell hands it on to what it runs in the background that Ctrl-C be ignored: the server must not inherit that here.
SERVE = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("docs.hooks.serve", run_name="__main__", alter_sys=True)
"""


@contextmanager
def _serve(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()  # where a check has failed; an ended process does not feel it


def _get(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_site_is_served_on_the_next_free_port_until_ctrl_c(site: Path, busy: int) -> None:
    with _serve("--site", str(site), "--port", str(busy)) as process:
        assert process.stdout is not None
        found = re.match(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
        assert found is not None
        assert int(found[1]) > busy
        address = found[0]
        assert _get(address) == (200, "home")
        assert _get(address + "nowhere/") == (404, "none")
        assert _get(address + "zh/nowhere/") == (404, "没有")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "Traceback" not in out + err


def test_a_site_replaced_meanwhile_is_served(site: Path) -> None:
    with _serve("--site", str(site), "--port", "18200") as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[0]
        site.rename(site.with_name("old"))
        site.mkdir()
        (site / "index.html").write_text("new")
        assert _get(address) == (200, "new")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)


def test_without_a_site_it_says_what_to_do(tmp_path: Path) -> None:
    with _serve("--site", str(tmp_path / "site")) as process:
        out, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert out == ""
    assert err == "site/index.html: not found; run `make build` first\n"
