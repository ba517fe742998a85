"""Streams: the outputs of the whole, the gradients of each chunk alone, the memory of one chunk."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstmref import Architecture, KindError, NameSetError, OrderError, ShapeError, network, stream
from lstmref.check import Array
from tests.network import case
from tests.network.case import STEP, Case, made

STEPS = 3
T = 8  # so that the last chunk is shorter


def whole(cell: str, lengths: list[int] | None = None) -> Case:
    drawn = made(Architecture(cell, 2, 3, 2), T, 3, seed=4, lengths=lengths)
    masks = [np.random.default_rng(k).normal(size=(1, 3, n)) for k, n in enumerate((2, 3))]
    return drawn._replace(masks=[*masks])


def chunks(given: Case, steps: int = STEPS) -> Iterator[stream.Chunk]:
    pieces = stream.split(given.x, steps)
    options = {"lengths": given.lengths, "masks": given.masks}
    return stream.forward(given.architecture, given.params, pieces, given.states, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("lengths", [None, [8, 2, 4], [0, 3, 6]])
def test_the_outputs_are_those_of_the_whole(cell: str, lengths: list[int] | None) -> None:
    given = whole(cell, lengths)
    expected, _ = case.run(given)
    found = [chunk.outputs for chunk in chunks(given)]
    assert [len(outputs.h) for outputs in found] == [3, 3, 2]
    np.testing.assert_allclose(
        np.concatenate([outputs.h for outputs in found]), expected.h, rtol=0, atol=1e-14
    )
    for name, state in expected.states.items():
        np.testing.assert_allclose(found[-1].states[name], state, rtol=0, atol=1e-14)


def test_one_chunk_is_backpropagation_through_time_in_full(cell: str) -> None:
    given = whole(cell, [8, 2, 4])
    expected = case.gradients(given)
    found = next(chunks(given, steps=T)).backward(given.cotangents)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value)


@pytest.mark.parametrize("lengths", [None, [8, 2, 4]])
def test_gradients_are_derivatives_with_the_states_between_chunks_held(
    cell: str, lengths: list[int] | None
) -> None:
    """By the complex step: what is cut is cut by carrying on with the real part of each state."""
    given = whole(cell, lengths)
    gradients = stream.total(
        chunk.backward({"h": given.cotangents["h"][k * STEPS : (k + 1) * STEPS]})
        for k, chunk in enumerate(chunks(given))
    )
    rng = np.random.default_rng(0)
    ends = np.array(given.ends())
    masks = [None if mask is None else mask.astype(complex) for mask in given.masks or ()]
    for name, value in given.params.items():
        direction = rng.normal(size=value.shape)
        params = {key: array.astype(complex) for key, array in given.params.items()}
        params[name] += 1j * STEP * direction
        states, expected = given.states or {}, 0.0
        for start in range(0, T, STEPS):
            x = given.x[start : start + STEPS]
            outputs, _ = network.forward(
                given.architecture,
                params,
                x.astype(complex),
                {key: state.real.astype(complex) for key, state in states.items()},
                lengths=np.clip(ends - start, 0, len(x)),
                masks=masks,
            )
            states = outputs.states
            expected += float((outputs.h * given.cotangents["h"][start : start + STEPS]).sum().imag) / STEP
        found = float((gradients[name] * direction).sum())
        assert abs(found - expected) < 1e-11 * max(1, abs(expected)), name


def test_the_truncation_matters_and_its_terms_are_what_is_missing(cell: str) -> None:
    """Handing back the gradients of the states between chunks gives the whole gradient; without them it differs."""
    given = whole(cell)
    full = case.gradients(given._replace(cotangents={"h": given.cotangents["h"]}))
    pieces = [slice(k, k + STEPS) for k in range(0, T, STEPS)]
    caches, states = [], given.states
    for piece in pieces:
        outputs, cache = network.forward(
            given.architecture, given.params, given.x[piece], states, masks=given.masks
        )
        caches.append(cache)
        states = outputs.states
    back: dict[str, Array] = {}
    complete = []
    for piece, cache in zip(reversed(pieces), reversed(caches), strict=True):
        found = network.backward({"h": given.cotangents["h"][piece], **back}, cache)
        back = {f"{name[0]}_T": found[name] for name in ("h_0", "c_0") if name in found}
        complete.append(found)
    cut = stream.total(
        chunk.backward({"h": given.cotangents["h"][piece]})
        for piece, chunk in zip(pieces, chunks(given), strict=True)
    )
    for name, value in stream.total(complete).items():
        np.testing.assert_allclose(value, full[name], rtol=0, atol=1e-12 * abs(full[name]).max())
        assert abs(cut[name] - full[name]).max() > 1e-3 * abs(full[name]).max(), name


def test_batch_major(cell: str) -> None:
    given = whole(cell, [8, 2, 4])
    turned = stream.forward(
        given.architecture,
        given.params,
        stream.split(given.x.swapaxes(0, 1), STEPS, batch_first=True),
        given.states,
        lengths=given.lengths,
        masks=[None if mask is None else mask.swapaxes(0, 1) for mask in given.masks or ()],
        batch_first=True,
    )
    for expected, found in zip(chunks(given), turned, strict=True):
        np.testing.assert_array_equal(found.outputs.h.swapaxes(0, 1), expected.outputs.h)
        np.testing.assert_array_equal(
            found.backward({"h": found.outputs.h})["x"].swapaxes(0, 1),
            expected.backward({"h": expected.outputs.h})["x"],
        )


def test_memory_stays_that_of_one_chunk() -> None:
    """Of twenty chunks none is held but the one in use; one more would be seen."""
    assert_memory_of_one_chunk()


def assert_memory_of_one_chunk() -> None:
    architecture = Architecture("lstm", 8, 16)
    params = made(architecture, 1, 1, seed=0).params

    def endless() -> Iterator[Array]:
        rng = np.random.default_rng(0)
        while True:
            yield rng.normal(size=(400, 4, 8))  # so long that its cache is more than what a pass works with

    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            run = stream.forward(architecture, params, endless())
            for _ in range(count):
                chunk = next(run)
                chunk.backward({"h": chunk.outputs.h})
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(1)  # what is set up once
    one, many = peak(1), peak(20)
    assert many < 1.2 * one


def test_it_reads_a_chunk_when_that_is_asked_for() -> None:
    given = whole("gru")
    asked: list[int] = []

    def source() -> Iterator[Array]:
        for k in range(3):
            asked.append(k)
            yield given.x

    run = stream.forward(given.architecture, given.params, source())
    assert asked == []
    next(run)
    assert asked == [0]
    next(run)
    assert asked == [0, 1]


def test_parameters_are_read_anew_for_each_chunk_and_not_within_one(cell: str) -> None:
    given = whole(cell)
    params = {name: value.copy() for name, value in given.params.items()}
    run = stream.forward(given.architecture, params, [given.x, given.x], given.states, masks=given.masks)
    first = next(run)
    for value in params.values():
        value *= 0.5
    expected = case.gradients(given)
    for name, value in first.backward(given.cotangents).items():
        np.testing.assert_array_equal(value, expected[name])
    second, _ = network.forward(given.architecture, params, given.x, first.outputs.states, masks=given.masks)
    np.testing.assert_array_equal(next(run).outputs.h, second.h)


def test_changing_outputs_does_not_change_the_stream(cell: str) -> None:
    given = whole(cell)
    run = chunks(given)
    first = next(run)
    expected, _ = case.run(given)
    for array in (first.outputs.h, *first.outputs.states.values()):
        array[...] = 9
    np.testing.assert_allclose(next(run).outputs.h, expected.h[STEPS : 2 * STEPS], rtol=0, atol=1e-14)


def test_backward_after_the_next_chunk_is_refused() -> None:
    run = chunks(whole("rnn"))
    first = next(run)
    first.backward({})
    next(run)
    with pytest.raises(
        OrderError, match=r"^backward: expected a call before the next chunk is asked for, got one after"
    ):
        first.backward({})


def test_a_file_is_read_in_place(tmp_path: Path) -> None:
    given = whole("gru")
    path = tmp_path / "x.npy"
    np.save(path, given.x)
    mapped = np.load(path, mmap_mode="r")
    pieces = stream.split(mapped, STEPS)
    assert np.shares_memory(next(pieces), mapped)
    expected, _ = case.run(given)
    run = stream.forward(
        given.architecture, given.params, stream.split(mapped, STEPS), given.states, masks=given.masks
    )
    np.testing.assert_allclose(
        np.concatenate([chunk.outputs.h for chunk in run]), expected.h, rtol=0, atol=1e-14
    )


@pytest.mark.parametrize("lengths", [None, [8, 2, 4], [0, 3, 6]])
def test_a_reverse_network_reads_the_last_chunk_first(cell: str, lengths: list[int] | None) -> None:
    drawn = made(Architecture(cell, 2, 3, reverse=True), T, 3, seed=4, lengths=lengths)
    expected, _ = case.run(drawn)
    pieces = stream.split(drawn.x, STEPS, reverse=True)
    run = stream.forward(
        drawn.architecture, drawn.params, pieces, drawn.states, lengths=drawn.lengths, steps=T
    )
    found = [chunk.outputs for chunk in run]
    assert [len(outputs.h) for outputs in found] == [2, 3, 3]
    np.testing.assert_allclose(
        np.concatenate([outputs.h for outputs in found[::-1]]), expected.h, rtol=0, atol=1e-14
    )
    for name, state in expected.states.items():
        np.testing.assert_allclose(found[-1].states[name], state, rtol=0, atol=1e-14)


def test_where_a_chunk_lies_must_be_known() -> None:
    drawn = made(Architecture("rnn", 2, 3, reverse=True), T, 3, seed=4, lengths=[8, 2, 4])
    arguments: Any = (drawn.architecture, drawn.params, [drawn.x], None)
    with pytest.raises(NameSetError, match=r"^steps: expected the number of steps of the whole stream"):
        stream.forward(*arguments, lengths=drawn.lengths)
    for steps in (T - 1, T + 1):
        with pytest.raises(
            ShapeError, match=rf"^steps: expected (at least )?{T}, as the chunks .*, got {steps}"
        ):
            list(stream.forward(*arguments, lengths=drawn.lengths, steps=steps))


def test_no_chunks() -> None:
    given = whole("rnn")
    assert list(stream.forward(given.architecture, given.params, [])) == []
    assert stream.total([]) == {}


def test_bad_arguments_are_refused_at_once() -> None:
    """Not when the first chunk is asked for."""
    given = whole("rnn")
    with pytest.raises(
        ShapeError, match=r"^architecture: expected one direction for a stream, got a bidirectional one$"
    ):
        stream.forward(Architecture("rnn", 2, 3, bidirectional=True), {}, [])
    with pytest.raises(KindError, match=r"^architecture: expected an Architecture, got str$"):
        stream.forward("rnn", {}, [])  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match=r"^lengths: expected whole numbers >= 0, got -1 at \(0,\)$"):
        stream.forward(given.architecture, given.params, [], lengths=[-1])
    with pytest.raises(ShapeError, match=r"^steps: expected a whole number >= 1, got 0$"):
        stream.split(given.x, 0)
    with pytest.raises(KindError, match=r"^x: expected an array, got list$"):
        stream.split([[1.0]], 1)  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match=r"^x: expected \(T, B, \.\.\.\), got \(3,\)$"):
        stream.split(np.zeros(3), 1)
    run = stream.forward(given.architecture, given.params, [given.x[0]])
    with pytest.raises(ShapeError, match=r"^x: expected \(T, B, 2\), got \(3, 2\)$"):
        next(run)
    run = stream.forward(given.architecture, given.params, [given.x], lengths=[1, 2])
    with pytest.raises(ShapeError, match=r"^lengths: expected \(3,\), got \(2,\)$"):
        next(run)
