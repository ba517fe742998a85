"""The witnesses are pinned, the heavy ones beside the others and without changing them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.judges.witnesses.shown import names
from tests.project.test_pins import pins, read, wished

HEAVY = {"keras", "torch"}
CUDA = re.compile(r"(cuda|nvidia)-|triton")


def locked(repository: Path, name: str) -> set[tuple[str, str, str]]:
    found = set(pins(read(repository, f"requirements/{name}.txt")))
    if name == "witnesses":  # torch stands alone, without a digest
        package, _, version = read(repository, "requirements/torch.txt").strip().partition("==")
        found.add((package, version, ""))
    return found


def test_every_witness_is_pinned_where_it_belongs(repository: Path) -> None:
    light = {package for package, _, _ in locked(repository, "test")}
    # Flax, which no formula is compared with, asks for JAX: what is there already is listed once more.
    heavy = {package for package, _, _ in locked(repository, "witnesses")} - light
    assert set(names()) & light == set(names()) - HEAVY
    assert set(names()) & heavy == HEAVY


def test_what_is_wished_for_is_pinned(repository: Path) -> None:
    have = {package: version for package, version, _ in locked(repository, "witnesses")}
    for package, specifier in wished(read(repository, "requirements/witnesses.in")):
        assert specifier == f"=={have[package]}", f"{package}: run make lock"


@pytest.mark.parametrize("name", ["test", "bootstrap"])
def test_nothing_that_is_there_changes(repository: Path, name: str) -> None:
    """A package in both has the same versions in both; markers may say more where more asks for it."""
    there: dict[str, set[str]] = {}
    for package, version, _ in locked(repository, name):
        there.setdefault(package, set()).add(version)
    both = [(p, v) for p, v, _ in locked(repository, "witnesses") if p in there]
    assert both
    assert [(p, v) for p, v in both if v not in there[p]] == []


def test_no_cuda_is_asked_for(repository: Path) -> None:
    assert [p for p, _, _ in locked(repository, "witnesses") if CUDA.match(p)] == []
    assert CUDA.match("nvidia-nccl-cu13")
    assert CUDA.match("triton")
