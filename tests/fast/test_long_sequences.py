"""Long sequences: what is walked through in chunks and blocks is the whole, in linear time and little memory."""

import sys
import time
import tracemalloc

import numpy as np
import pytest

from lstmref import Cell
from lstmref.check import Array
from lstmref.fast import affine, chunks
from tests.lstmref import checker
from tests.lstmref.checker import Example, Sizes


def steps(cell: Cell, given: Example) -> dict[str, Array]:
    """Outputs and gradients by the step functions, which know neither chunks nor blocks."""
    states, caches, h = tuple(given.states.values()), [], []
    for x in given.x:
        now, cache = cell.step_forward(given.params, x, *states)
        states = tuple(now)
        caches.append(cache)
        h.append(now.h)
    later = {name: given.cotangents[f"{name}_T"] for name in cell.STATES}
    found = {name: np.zeros_like(value) for name, value in given.params.items()}
    found |= {f"{name}_T": state for name, state in zip(cell.STATES, states, strict=True)}
    found |= {"h": np.array(h), "x": np.empty_like(given.x)}
    for t in reversed(range(len(caches))):
        back = cell.step_backward(later | {"h": later["h"] + given.cotangents["h"][t]}, caches[t])
        later = {name: back[f"{name}_prev"] for name in cell.STATES}
        found["x"][t] = back["x"]
        for name in given.params:
            found[name] += back[name]
    return found | {f"{name}_0": value for name, value in later.items()}


def worst(cell: Cell, sizes: Sizes) -> float:
    """The largest difference of the sequence functions from the step functions."""
    given = checker.example(cell, sizes, seed=5)
    # Of magnitude 1/sqrt(H): with larger weights a long sequence is chaos, and rounding becomes all.
    tame = {name: value / np.sqrt(sizes.H) for name, value in given.params.items()}
    given = given.replace(params=tame)
    outputs, _ = checker.run(cell, given)
    found = outputs._asdict() | checker.gradients(cell, given)
    return max(error for _, error in checker.differences(found, steps(cell, given)))


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of 12 rows and blocks of 12 numbers, so that short sequences have many."""
    monkeypatch.setattr(chunks, "ROWS_FORWARD", 12)
    monkeypatch.setattr(chunks, "ROWS_BACKWARD", 12)
    monkeypatch.setattr(affine, "ROWS_BACKWARD", 12)
    monkeypatch.setattr(chunks, "NUMBERS_OF_A_BLOCK", 12)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("T", [1, 5, 6, 7, 12, 25])
def test_many_chunks_and_blocks(cell: Cell, T: int) -> None:
    """B = 2 makes chunks of 6 steps and, with H = 3, blocks of 2; T ends within, at and after one of them."""
    assert worst(cell, Sizes(T, 2, 2, 3)) < 1e-12


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("sizes", [Sizes(9, 13, 2, 3), Sizes(40, 1, 2, 2), Sizes(3, 40, 1, 2)])
def test_chunks_of_one_step_and_blocks_of_a_chunk(cell: Cell, sizes: Sizes) -> None:
    assert worst(cell, sizes) < 1e-12


def test_a_chunk_as_it_is(cell: Cell) -> None:
    """With the lengths that are in use: two chunks forward and three backward, the last cut, of blocks."""
    sizes = Sizes(300, 2, 3, 64)
    forward, backward = chunks.forward_chunk(300, 2), chunks.backward_chunk(300, 2, 4 * sizes.H)
    assert forward < sizes.T < 2 * forward
    assert 2 * backward < sizes.T < 3 * backward
    assert chunks.block_length(sizes.T, sizes.B, sizes.H) < backward
    assert worst(cell, sizes) < 1e-12


@pytest.mark.usefixtures("short")
def test_a_chunk_left_out_shows(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Breakage of the walk itself: a gradient that forgets a chunk, blocks that overlap, steps that run forwards."""
    real = affine.WeightGradient.add

    def first_only(self: affine.WeightGradient, da: Array, v: Array) -> None:
        if self._sum is None:
            real(self, da, v)

    with monkeypatch.context() as patch:
        patch.setattr(affine.WeightGradient, "add", first_only)
        assert worst(cell, Sizes(13, 2, 2, 3)) > 1e-3
    for name, module in list(sys.modules.items()):
        if name.startswith("lstmref.fast.") and hasattr(module, "backwards"):
            monkeypatch.setattr(module, "backwards", lambda *arrays: zip(*arrays, strict=True))
    assert worst(cell, Sizes(13, 2, 2, 3)) > 1e-3


def seconds(cell: Cell, T: int) -> float:
    """What forward and backward of one sequence take, with two inputs and two units."""
    given = checker.example(cell, Sizes(T, 1, 2, 2), seed=6)
    start = time.process_time()
    gradients = checker.gradients(cell, given)
    taken = time.process_time() - start
    assert all(np.isfinite(value).all() for value in gradients.values())
    return taken


def test_a_hundred_thousand_steps(cell: Cell) -> None:
    """No recursion, and time that grows with the length."""
    tenth = min(seconds(cell, 10_000) for _ in range(2))
    assert (
        seconds(cell, 100_000) < 40 * tenth
    )  # other programs take time, too; a quadratic pass takes a hundred


def test_memory_of_a_long_sequence(cell: Cell) -> None:
    """Each step adds its part of the cache and of what is returned, and nothing else."""
    D, H = 8, 16
    of_a_step = []
    for T in (2000, 4000):
        given = checker.example(cell, Sizes(T, 1, D, H), seed=7)
        tracemalloc.start()
        try:
            checker.gradients(cell, given)
            of_a_step.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    added = (of_a_step[1] - of_a_step[0]) / 2000 / 8
    gates = {"rnn": 0, "lstm": 4, "lstm_linear": 4, "gru": 3, "gru_cho": 3, "gru_after": 3}
    name = cell.forward.__module__.rpartition(".")[2]
    kept = gates[name] * H + (2 if name == "gru_after" else 1) * H + D + 1
    assert added <= kept + H + D + 1
