"""Is what is stated of a framework what the framework does? One finding for every statement that a test covers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Any, NamedTuple, Protocol, cast

from docs.hooks.conventions import Framework, Layer, Statement
from docs.hooks.paths import ROOT
from tests.judges.conventions.box import Box, UnclearError
from tests.judges.conventions.effects import Tried, effect
from tests.judges.conventions.observe import Observer

DOCS = ROOT / "docs"


class Program(Protocol):
    """What a module in `frameworks/` offers. Importing it raises ImportError where the framework is not installed."""

    BOXES: Mapping[str, Box]
    OPTIONS: Mapping[str, Tried]


class Finding(NamedTuple):
    """A statement, and what the framework was seen to do."""

    said: Statement
    seen: Any

    @property
    def agrees(self) -> bool:
        return bool(self.said.value == self.seen)


def load(framework: str) -> Program:
    """The module of a framework.

    Raises:
        ImportError: the framework is not installed, or cannot be imported here.
    """
    return cast(Program, import_module(f"tests.judges.conventions.frameworks.{framework}"))


def covered() -> tuple[str, ...]:
    """The frameworks that a test runs, installed or not."""
    return tuple(sorted(path.stem for path in (ROOT / "tests/judges/conventions/frameworks").glob("*.py")))


def judge(framework: Framework, program: Program) -> Iterator[Finding]:
    """Every statement about a framework that its module covers."""
    for layer in framework.layers:
        if layer.key in program.BOXES:
            yield from judge_layer(framework, layer, program.BOXES[layer.key])
    for option in framework.options:
        if option.written in program.OPTIONS:
            said = framework.of_option(option)
            becomes = framework.layer(option.becomes) if option.becomes else None
            yield Finding(said, _seen_of_option(framework, program, said, option.written, becomes))


def judge_layer(framework: Framework, layer: Layer, box: Box) -> Iterator[Finding]:
    """Every statement about one layer."""
    observer = Observer(layer, box)
    for kind in layer_kinds(framework, layer):
        said = framework.statement(layer, kind)
        assert said is not None
        try:
            seen = observer.observe(kind)
        except UnclearError as error:
            seen = f"unclear: {error}"
        yield Finding(said, seen)


def layer_kinds(framework: Framework, layer: Layer) -> list[str]:
    """The kinds of statements that are made of a layer."""
    made = (said.key for said in framework.statements())
    start = f"{framework.key}.{layer.key}."
    return [key.removeprefix(start) for key in made if key.startswith(start)]


def _seen_of_option(
    framework: Framework, program: Program, said: Statement, written: str, becomes: Layer | None
) -> Any:
    effects, layers = set(), []
    for key in said.value["layers"]:
        try:
            found = effect(framework.layer(key), program.BOXES[key], program.OPTIONS[written], becomes)
        except (UnclearError, KeyError) as error:
            found = f"{key}: {error}"
        effects.add(found)
        layers.append(key)
    return {"effect": " / ".join(sorted(effects)), "layers": layers}


def record(framework: Framework, findings: Iterable[Finding]) -> dict[str, Any]:
    """What stands in the record of a framework: versions, and the hash of every statement that was found true."""
    return {
        # Without what tells one build of a version from another: 2.13.0, not 2.13.0+cpu.
        "versions": {package: version(package).partition("+")[0] for package in framework.packages},
        "statements": {found.said.key: found.said.hash for found in findings if found.agrees},
    }
