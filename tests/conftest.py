"""Fixtures for the whole suite: the repository, the built site, and how Hypothesis draws."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

# Numba keeps what it has compiled, and does not see every change of a source. A test must not run yesterday's code:
# each session has a folder of its own, which its workers share.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["NUMBA_CACHE_DIR"] = tempfile.mkdtemp(prefix="lstmref-numba-")
    atexit.register(shutil.rmtree, os.environ["NUMBA_CACHE_DIR"], ignore_errors=True)

# No deadline: machines are shared, and a slow example is no wrong example. In CI the draws are fixed, so that
# a red run names a change and not a lucky number; elsewhere every run looks at new ones.
settings.register_profile("here", deadline=None, print_blob=True)
settings.register_profile("ci", deadline=None, print_blob=True, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def built_site(repository: Path) -> Path:
    """The folder of the site as `make build` makes it; built once a session, quick when unchanged."""
    command = [sys.executable, "-m", "docs.hooks.build"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        output = (done.stdout + done.stderr).strip()
        pytest.fail(f"the site does not build ({' '.join(command[1:])}):\n{output}", pytrace=False)
    site = repository / "site"
    if not (site / "index.html").is_file():
        pytest.fail("the build ended well and left no site/index.html", pytrace=False)
    return site
