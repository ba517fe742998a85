"""A site is replaced whole or not at all."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from docs.hooks.paths import ROOT
from docs.hooks.swap import alone, recover, replacing


def _old(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("old")
    return site


def test_the_new_site_takes_the_place(tmp_path: Path) -> None:
    site = _old(tmp_path)
    with alone(site), replacing(site) as made:
        (made / "index.html").write_text("new")
        assert (site / "index.html").read_text() == "old"
    assert (site / "index.html").read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".site.lock", "site"]


def test_a_first_site(tmp_path: Path) -> None:
    with alone(tmp_path / "site"), replacing(tmp_path / "site") as made:
        (made / "index.html").write_text("new")
    assert (tmp_path / "site" / "index.html").read_text() == "new"


def test_a_failing_build_leaves_the_old_site(tmp_path: Path) -> None:
    site = _old(tmp_path)

    def build() -> None:
        with alone(site), replacing(site) as made:
            (made / "index.html").write_text("new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        build()
    assert (site / "index.html").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".site.lock", "site"]


def test_a_killed_build_leaves_the_old_site_and_the_next_one_cleans_up(tmp_path: Path) -> None:
    site = _old(tmp_path)
    program = (
        "import sys, time; from pathlib import Path; from docs.hooks.swap import alone, replacing\n"
        "with alone(Path(sys.argv[1])), replacing(Path(sys.argv[1])) as made:\n"
        "    (made / 'index.html').write_text('half'); print('ready', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(site)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGKILL)
    assert (site / "index.html").read_text() == "old"
    assert len(list(tmp_path.glob(".site.new.*"))) == 1
    with alone(site), replacing(site) as made:
        (made / "index.html").write_text("new")
    assert (site / "index.html").read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".site.lock", "site"]


def test_a_site_moved_aside_by_a_killed_swap_comes_back(tmp_path: Path) -> None:
    site = _old(tmp_path)
    site.rename(tmp_path / ".site.old.x")
    recover(site)
    assert (site / "index.html").read_text() == "old"


def test_two_builds_at_once_take_turns(tmp_path: Path) -> None:
    site = tmp_path / "site"
    program = (
        "import sys, time; from pathlib import Path; from docs.hooks.swap import alone, replacing\n"
        "with alone(Path(sys.argv[1])), replacing(Path(sys.argv[1])) as made:\n"
        "    (made / 'a').write_text(sys.argv[2]); time.sleep(0.5); (made / 'b').write_text(sys.argv[2])"
    )
    start = time.monotonic()
    running = [subprocess.Popen([sys.executable, "-c", program, str(site), name], cwd=ROOT) for name in "12"]
    assert [process.wait() for process in running] == [0, 0]
    assert time.monotonic() - start > 1.0
    assert (site / "a").read_text() == (site / "b").read_text()


def test_a_folder_that_nobody_can_write_to_keeps_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="/proc/lstmref"), alone(Path("/proc/lstmref/site")):
        pass
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"), alone(tmp_path / "file" / "site"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
