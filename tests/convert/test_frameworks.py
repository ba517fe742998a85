"""Converted weights compute the same on both sides, in every framework that is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lstmref import Architecture
from tests.convert import drawn, run

pytestmark = pytest.mark.witness

AGREE: dict[str, tuple[str, Callable[..., None]]] = {
    "pytorch": ("torch", run.agree_pytorch),
    "keras": ("keras", run.agree_keras),
    "onnx": ("onnxruntime", run.agree_onnx),
}
# D != H, and in deeper layers the inputs differ from H by the direction alone.
NETWORKS = [(1, False), (1, True), (3, False), (2, True)]


@pytest.mark.parametrize(("layers", "bidirectional"), NETWORKS)
@pytest.mark.parametrize(("framework", "cell"), drawn.EVERY)
def test_agrees(
    framework: str, cell: str, layers: int, bidirectional: bool, program: Callable[[str], Any]
) -> None:
    name, agree = AGREE[framework]
    module = program(name)
    architecture = Architecture(cell, 3, 4, layers, bidirectional)
    for seed in range(1 if framework == "keras" else 5):
        agree(module, architecture, seed)


@pytest.mark.parametrize(("framework", "cell"), drawn.EVERY)
def test_agrees_without_biases(framework: str, cell: str, program: Callable[[str], Any]) -> None:
    name, agree = AGREE[framework]
    agree(program(name), Architecture(cell, 3, 2, 2), seed=7, with_biases=False)


@pytest.mark.parametrize("cell", drawn.CELLS["onnx"])
def test_an_operator_that_reads_from_the_end(cell: str, program: Callable[[str], Any]) -> None:
    run.agree_onnx(program("onnxruntime"), Architecture(cell, 3, 4, 2), seed=8, reverse=True)
