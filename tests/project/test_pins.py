"""Everything installed is pinned with its digest, the pins agree, and no lock says where to fetch from."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tools import setup

PIN = re.compile(
    r"([a-z0-9]+(?:-[a-z0-9]+)*)==([0-9][0-9a-z.]*)(?: ; ([^\\]+?))?((?: --hash=sha256:[0-9a-f]{64})+)"
)


def pins(text: str) -> list[tuple[str, str, str]]:
    """Name, version and marker of each entry. Raises ValueError on one that is anything else, or has no digest."""
    found = []
    for line in re.sub(r" \\\n +", " ", text).splitlines():
        match = PIN.fullmatch(line)
        if match is None:
            raise ValueError(f"expected `name==version`, a marker at most, and digests, got {line!r}")
        found.append((match[1], match[2], match[3] or ""))
    return found


def wished(text: str) -> list[tuple[str, str]]:
    """Name and version specifier of each line of an .in file."""
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    names = [re.match(r"[A-Za-z0-9-]+", line) for line in lines if line and not line.startswith("-")]
    rest = [line for line in lines if line and not line.startswith("-")]
    return [(m[0].lower(), line[len(m[0]) :]) for m, line in zip(names, rest, strict=True) if m]


def addresses(lock: Any, where: str = "") -> list[str]:
    """The places in an npm lock that hold a download address. Funding pages are not downloads."""
    if isinstance(lock, dict):
        inside = [(f"{where}/{key}", value) for key, value in lock.items() if key != "funding"]
    elif isinstance(lock, list):
        inside = [(f"{where}/{number}", value) for number, value in enumerate(lock)]
    else:
        return [where] if isinstance(lock, str) and "://" in lock else []
    return [found for place, value in inside for found in addresses(value, place)]


def read(repository: Path, name: str) -> str:
    return (repository / name).read_text(encoding="utf-8")


LOCKS = ["bootstrap", "lock", "site", "test", "witnesses"]


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_is_a_pin(repository: Path, name: str) -> None:
    found = pins(read(repository, f"requirements/{name}.txt"))
    assert found
    assert len({(package, marker) for package, _, marker in found}) == len(found)


DIGEST = "--hash=sha256:" + "0a" * 32


@pytest.mark.parametrize(
    "line",
    [f"numpy>=2 {DIGEST}", f"numpy {DIGEST}", "numpy==2.4.6", "numpy==2.4.6 --hash=sha256:00",
     f"numpy==2.4.6 {DIGEST} --hash=md5:00", "--index-url https://index.example/simple",
     f"numpy @ https://files.example/numpy.whl {DIGEST}", "-r other.txt"],
)  # fmt: skip
def test_a_line_that_is_no_pin_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="expected `name==version`"):
        pins(f"sympy==1.14.0 ; python_version > '3' \\\n    {DIGEST} \\\n    {DIGEST}\n{line}\n")


def test_torch_alone_has_no_digest_for_its_builds_differ(repository: Path) -> None:
    """Which build pip finds depends on the machine: see requirements/README.md."""
    assert re.fullmatch(r"torch==[0-9.]+\n", read(repository, "requirements/torch.txt"))
    assert not re.search(
        r"^(torch==|nvidia-|cuda-|triton)", read(repository, "requirements/witnesses.txt"), re.M
    )


def test_whatever_installs_a_list_asks_for_the_digests(repository: Path) -> None:
    makefile = read(repository, "Makefile").replace("\\\n", "")
    asked = [part for part in re.split(r"&&|\n", makefile) if "--requirement" in part]
    assert {name for part in asked for name in re.findall(r"requirements/([a-z]+)\.txt", part)} == {
        "witnesses",
        "torch",
        "lock",
    }
    for part in asked:
        assert ("--require-hashes" in part and "--no-deps" in part) != ("torch.txt" in part), part
    assert setup.PIP_PINNED == ["--require-hashes", "--no-deps"]


def test_tests_add_to_the_site_and_change_nothing(repository: Path) -> None:
    # A marker may widen: what the site needs on some systems, a test package may need on all.
    site, test = (
        {pin[:2] for pin in pins(read(repository, f"requirements/{n}.txt"))} for n in ("site", "test")
    )
    assert site < test


@pytest.mark.parametrize("name", ["bootstrap", "lock", "site", "test"])
def test_what_is_wished_for_is_pinned(repository: Path, name: str) -> None:
    have = {package: version for package, version, _ in pins(read(repository, f"requirements/{name}.txt"))}
    for package, specifier in wished(read(repository, f"requirements/{name}.in")):
        assert package in have
        if specifier.startswith("=="):
            assert have[package] == specifier[2:], f"{package}: run make lock"


def test_the_build_backend_is_the_pinned_one(repository: Path) -> None:
    project = tomllib.loads(read(repository, "pyproject.toml"))
    have = {package: version for package, version, _ in pins(read(repository, "requirements/site.txt"))}
    assert project["build-system"]["requires"] == [f"hatchling=={have['hatchling']}"]


def test_npm_lock_fits_and_holds_no_address(repository: Path) -> None:
    package = json.loads(read(repository, "package.json"))
    lock = json.loads(read(repository, "package-lock.json"))
    for kind in ("dependencies", "devDependencies"):
        assert lock["packages"][""][kind] == package[kind]
        for name, version in package[kind].items():
            assert lock["packages"][f"node_modules/{name}"]["version"] == version
    installed = [entry for place, entry in lock["packages"].items() if place]
    assert all(entry.get("integrity", "").startswith("sha512-") for entry in installed)
    assert addresses(lock) == []


def test_an_address_in_an_npm_lock_is_found() -> None:
    entry = {
        "version": "0.19.1",
        "resolved": "https://packages.example/katex.tgz",
        "funding": ["https://a.example"],
    }
    assert addresses({"packages": {"node_modules/katex": entry}}) == ["/packages/node_modules/katex/resolved"]
