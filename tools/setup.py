"""Makes `.venv` and `node_modules` from the pinned versions, once; called by `make setup`.

A stamp is written only when a step is finished, and taken away before the step is done anew. It holds the
hash of the files the step was made from: an unchanged checkout costs nothing, and what an interruption left
half made has no stamp and is made again from nothing.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# One package comes as source only. All others must come built: the machine may have no compiler.
PIP_WHEELS = ["--only-binary=:all:", "--no-binary=jieba", "--no-build-isolation"]
# Each file is one of those whose digest stands in the list, and the list holds all that is needed.
PIP_PINNED = ["--require-hashes", "--no-deps"]


class SetupError(Exception):
    """A step failed; the message says which, and what the reader can do."""


def digest(root: Path, names: Sequence[str], *more: str) -> str:
    """SHA-256 of the named files' names and contents, and of `more`."""
    whole = hashlib.sha256()
    for name in names:
        content = (root / name).read_bytes()
        whole.update(f"{name}\0{len(content)}\0".encode() + content)
    for text in more:
        whole.update(f"{text}\0".encode())
    return whole.hexdigest()


def read_stamp(path: Path) -> dict[str, str]:
    """The stamp's entries; none when it is missing or not what this program writes."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def write_stamp(path: Path, content: dict[str, str]) -> None:
    """Writes the stamp beside its place and moves it there, so that it is whole or absent."""
    beside = path.with_name(path.name + ".new")
    try:
        beside.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)  # what a full disk left


@contextmanager
def alone() -> Iterator[None]:
    """One setup at a time in one checkout: a second waits for the first. The lock is on this very file."""
    with Path(__file__).open("rb") as itself:
        try:
            fcntl.flock(itself, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another setup is running here; waiting for it")
            fcntl.flock(itself, fcntl.LOCK_EX)
        yield


def say(message: str) -> None:
    print(f"setup: {message}", flush=True)


def run(what: str, *command: str | Path, **environment: str) -> None:
    """Runs one command in the checkout; raises SetupError naming `what` if it fails."""
    words = [str(part) for part in command]
    done = subprocess.run(words, cwd=ROOT, env={**os.environ, **environment}, check=False)
    if done.returncode != 0:
        raise SetupError(f"{what} failed with status {done.returncode}; the lines above say why")


def pip_install(place: Path) -> list[str | Path]:
    """The command that installs into the environment at `place`."""
    return [place / "bin" / "python", "-m", "pip", "install", "-qq", "--disable-pip-version-check"]


def make_environment(root: Path, *, tests: bool, any_python: bool) -> None:
    """Brings `.venv` to the pinned packages.

    It is left alone if its stamp fits, extended if only what the tests need is missing, else made anew.
    With `any_python`, a `.venv` of another supported Python than the running one is as good.
    """
    place = root / ".venv"
    stamp = place / "setup.json"
    this_python = f"{sys.version_info.major}.{sys.version_info.minor}"
    # Scripts in .venv carry its absolute path: a checkout that was moved needs a new one.
    site = digest(root, ["requirements/bootstrap.txt", "requirements/site.txt"], str(place))
    everything = digest(root, ["requirements/test.txt"], site)
    have = read_stamp(stamp) if (place / "bin" / "python").exists() else {}
    python = have.get("python", this_python)
    usable = have.get("site") == site and (any_python or python == this_python)
    if usable and (not tests or have.get("tests") == everything):
        return
    stamp.unlink(missing_ok=True)
    install = pip_install(place)
    if not usable:
        if importlib.util.find_spec("ensurepip") is None:
            raise SetupError(
                f"{sys.executable} has no ensurepip, which venv needs;"
                " on Debian and Ubuntu: apt install python3-venv"
            )
        python = this_python
        say(f"{'remaking' if place.exists() else 'making'} .venv with Python {python}")
        try:
            venv.EnvBuilder(clear=True, with_pip=True, symlinks=True).create(place)
        except (OSError, subprocess.CalledProcessError) as error:
            raise SetupError(f"making .venv failed: {error}") from error
        run("installing pip", *install, *PIP_PINNED, "--requirement", "requirements/bootstrap.txt")
    wanted = "test" if tests else "site"
    count = (root / "requirements" / f"{wanted}.txt").read_text(encoding="utf-8").count("==")
    say(f"installing {count} pinned packages, a minute or two the first time")
    options = [*PIP_PINNED, *PIP_WHEELS]
    run("installing packages", *install, *options, "--requirement", f"requirements/{wanted}.txt")
    run("checking packages", place / "bin" / "python", "-m", "pip", "--quiet", "check")
    write_stamp(stamp, {"python": python, "site": site} | ({"tests": everything} if tests else {}))


def install_project(root: Path) -> None:
    """Makes the checkout's own packages importable from any folder, which notebooks need."""
    place = root / ".venv"
    stamp = place / "project.json"
    python = read_stamp(place / "setup.json")["python"]
    wanted = {"project": digest(root, ["pyproject.toml"], python, "found by a relative path")}
    if read_stamp(stamp) == wanted:
        return
    stamp.unlink(missing_ok=True)
    for path in pointers(place):  # of a setup that was interrupted
        path.unlink()
    options = ["--no-deps", "--no-index", "--no-build-isolation"]
    run("installing the project itself", *pip_install(place), *options, "--editable", ".")
    for path in pointers(place):
        # Python reads this file in the encoding of the locale, and does not start where that is ASCII and the
        # checkout's path is not. A relative line counts from the folder that it lies in.
        path.write_text(os.path.relpath(root, path.parent) + "\n", encoding="ascii")
    write_stamp(stamp, wanted)


def pointers(place: Path) -> list[Path]:
    """The files by which the environment at `place` finds the checkout's own packages."""
    return list(place.glob("lib/python*/site-packages/_editable_impl_lstmref.pth"))


def install_node_modules(root: Path) -> None:
    """Runs `npm ci` with the Node that came from PyPI; it starts from nothing each time."""
    stamp = root / "node_modules" / ".setup.json"
    wanted = {"lock": digest(root, ["package.json", "package-lock.json", ".npmrc"])}
    if read_stamp(stamp) == wanted:
        return
    stamp.unlink(missing_ok=True)
    say("installing npm packages")
    binaries = root / ".venv" / "bin"
    path = os.pathsep.join([str(binaries), os.environ.get("PATH", os.defpath)])
    run("npm ci", binaries / "npm", "ci", "--loglevel=error", PATH=path)
    write_stamp(stamp, wanted)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="setup", description="Make .venv and node_modules as pinned.")
    parser.add_argument("--tests", action="store_true", help="also what the tests need")
    parser.add_argument(
        "--named", default="", help="the Python asked for by name; if any, .venv must be of that version"
    )
    options = parser.parse_args(arguments)
    try:
        with alone():
            make_environment(ROOT, tests=options.tests, any_python=not options.named)
            install_project(ROOT)
            install_node_modules(ROOT)
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except OSError as error:  # a full disk, a folder that cannot be written to
        where = f"{error.filename}: " if error.filename else ""
        print(f"setup: {where}{error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("setup: interrupted; run it again and it starts from what is whole", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
