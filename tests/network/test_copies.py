"""What a forward pass leaves can be copied, and written down and read elsewhere, and gives the same gradients."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lstmref
from lstmref import GRU, LSTM, RNN, network, stream
from lstmref.check import Array

WAYS: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda given: pickle.loads(pickle.dumps(given)),
}
CELLS = ("gru-cho", "janet", "lstm", "lstmp")
x = np.random.default_rng(0).normal(size=(5, 2, 3))


def same(one: Mapping[str, Array], other: Mapping[str, Array]) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", [LSTM, GRU, RNN])
def test_an_object_that_was_used(kind: Any, way: str) -> None:
    used = kind(D=3, H=4, layers=2, bidirectional=True, rng=np.random.default_rng(1))
    h = used.forward(x, lengths=[5, 3]).h
    other = WAYS[way](used)
    same(used.backward({"h": h}), other.backward({"h": h}))
    np.testing.assert_array_equal(other.forward(x).h, used.forward(x).h)


def test_a_copy_has_parameters_of_its_own() -> None:
    used = LSTM(D=3, H=4, rng=np.random.default_rng(1))
    used.forward(x)
    other = copy.deepcopy(used)
    other.parameters["0.forward.b_f"] += 1
    assert not np.array_equal(other.parameters["0.forward.b_f"], used.parameters["0.forward.b_f"])


@pytest.mark.parametrize("way", WAYS)
def test_the_cache_of_a_network(way: str) -> None:
    two = lstmref.Architecture("gru-after", D=3, H=4, layers=2)
    params = {name: np.full(shape, 0.1) for name, shape in two.parameter_shapes().items()}
    outputs, cache = network.forward(two, params, x, lengths=[4, 2])
    same(network.backward({"h": outputs.h}, cache), network.backward({"h": outputs.h}, WAYS[way](cache)))


@pytest.mark.parametrize("way", WAYS)
def test_a_chunk_of_a_stream(way: str) -> None:
    one = lstmref.Architecture("lstm", D=3, H=4)
    params = {name: np.full(shape, 0.1) for name, shape in one.parameter_shapes().items()}
    for chunk in stream.forward(one, params, [x[:3], x[3:]]):
        other = WAYS[way](chunk)
        same(chunk.backward({"h": chunk.outputs.h}), other.backward({"h": chunk.outputs.h}))


def ran(name: str) -> tuple[Any, Any]:
    cell = lstmref.cell(name)
    sizes = {"D": 3, "H": 4, **({"P": 2} if name == "lstmp" else {})}
    draw = np.random.default_rng(2).normal
    params = {key: draw(size=shape) for key, shape in cell.parameter_shapes(**sizes).items()}
    first = {f"{key}_0": np.zeros((2, *(sizes[a] for a in axes))) for key, axes in cell.LAYOUT.states.items()}
    return cell.forward(params, x, **first)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", CELLS)
def test_outputs_and_cache_of_a_cell(name: str, way: str) -> None:
    outputs, cache = ran(name)
    again, kept = WAYS[way](outputs), WAYS[way](cache)
    same(outputs._asdict(), again._asdict())
    back = lstmref.cell(name).backward
    same(back({"h": outputs.h}, cache), back({"h": outputs.h}, kept))


@pytest.mark.parametrize("name", CELLS)
def test_what_was_written_down_is_read_in_another_process(name: str, tmp_path: Path) -> None:
    outputs, cache = ran(name)
    path = tmp_path / "kept"
    path.write_bytes(pickle.dumps((outputs, cache)))
    read = (
        f"import pickle; o, c = pickle.load(open({str(path)!r}, 'rb')); print(type(c).__module__, o.h.shape)"
    )
    done = subprocess.run([sys.executable, "-c", read], capture_output=True, text=True, check=True)
    assert done.stdout.split(maxsplit=1)[0] == f"lstmref.cells.{name.replace('-', '_')}"
