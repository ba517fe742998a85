"""What the other tests of this folder check can fail: each slip is put in, and caught."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from lstmref import Architecture, network, stream
from lstmref.check import Array
from lstmref.network import direction
from lstmref.network import lengths as segments
from tests.network import case, steps, test_stream
from tests.network.case import Case, made
from tests.network.test_stream import assert_memory_of_one_chunk

WHOLE = made(Architecture("lstm", 4, 3, 2, True), T=5, B=4, seed=1, lengths=[2, 5, 0, 4], masked=True)

Patch = Callable[[pytest.MonkeyPatch], None]


def outputs_are_wrong(given: Case) -> bool:
    try:
        steps.assert_same(case.run(given)[0], steps.run(given))
    except AssertionError:
        return True
    return False


def cut_wrongly(change: Callable[[segments.Segment, Array], segments.Segment]) -> Patch:
    """Every reverse segment of unequal lengths changed."""
    right = segments.cut

    def cut(lengths: Array | None, *, reverse: bool) -> list[segments.Segment]:
        found = right(lengths, reverse=reverse)
        return [change(each, lengths) for each in found] if reverse and lengths is not None else found

    return lambda patch: patch.setattr(segments, "cut", cut)


def from_the_end_of_the_batch(segment: segments.Segment, lengths: Array) -> segments.Segment:
    """The reverse direction starts at T − 1 for every sample, padding or not."""
    return segment._replace(times=segment.times + (5 - lengths[segment.samples]))


def without_lengths(patch: pytest.MonkeyPatch) -> None:
    """Everything runs to T."""
    right = segments.cut
    patch.setattr(segments, "cut", lambda lengths, *, reverse: right(None, reverse=reverse))


def forward_twice(patch: pytest.MonkeyPatch) -> None:
    """The reverse direction reads forwards."""
    right = segments.cut
    patch.setattr(segments, "cut", lambda lengths, *, reverse: right(lengths, reverse=False))


def states_of_the_whole_batch(patch: pytest.MonkeyPatch) -> None:
    """A sample that has ended takes the final states of the first that has not."""
    right = direction.forward

    def forward(*arguments: Any) -> Any:
        now, done = right(*arguments)
        longest = done.segments[-1].samples[0]
        return {name: np.broadcast_to(state[longest], state.shape) for name, state in now.items()}, done

    patch.setattr(direction, "forward", forward)


FORWARD: dict[str, Patch] = {
    "reverse from the end of the batch": cut_wrongly(from_the_end_of_the_batch),
    "lengths unread": without_lengths,
    "reverse reads forwards": forward_twice,
    "final states of another sample": states_of_the_whole_batch,
}


@pytest.mark.parametrize("put_in", FORWARD.values(), ids=FORWARD.keys())
def test_a_wrong_forward_pass_is_caught(put_in: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not outputs_are_wrong(WHOLE)
    put_in(monkeypatch)
    assert outputs_are_wrong(WHOLE)


def backward_with(change: Callable[..., Any]) -> Patch:
    """`direction.backward` with other arguments or results."""
    right = direction.backward

    def backward(done: Any, dh: Array, d_final: Mapping[str, Array], dx: Array) -> Any:
        return change(right, done, dh, d_final, dx)

    return lambda patch: patch.setattr(direction, "backward", backward)


def no_final(right: Any, done: Any, dh: Array, d_final: Mapping[str, Array], dx: Array) -> Any:
    return right(done, dh, {name: np.zeros_like(value) for name, value in d_final.items()}, dx)


def no_final_c(right: Any, done: Any, dh: Array, d_final: Mapping[str, Array], dx: Array) -> Any:
    return right(done, dh, {**d_final, "c": np.zeros_like(d_final["c"])}, dx)


def one_direction_only(right: Any, done: Any, dh: Array, d_final: Mapping[str, Array], dx: Array) -> Any:
    dx[...] = 0
    return right(done, dh, d_final, dx)


def last_segment_only(right: Any, done: Any, dh: Array, d_final: Mapping[str, Array], dx: Array) -> Any:
    """The gradients of the parameters are those of the segment that was run last."""
    d_states, _ = right(done, dh, d_final, dx.copy())
    last = done._replace(segments=done.segments[-1:], caches=done.caches[-1:])
    _, d_params = right(last, dh, d_final, dx.copy())
    right(done, dh, d_final, dx)
    return d_states, d_params


def gradient_stops_at_segments(
    right: Any, done: Any, dh: Array, d_final: Mapping[str, Array], dx: Array
) -> Any:
    """No gradient of the states goes from one segment to the one before."""
    whole: dict[str, Array] = {}
    d_states = {name: np.zeros_like(value) for name, value in d_final.items()}
    for segment, cache in zip(done.segments, done.caches, strict=True):
        d_states, d_params = right(done._replace(segments=[segment], caches=[cache]), dh, d_final, dx)
        whole = {name: whole.get(name, 0) + value for name, value in d_params.items()}
    return d_states, whole


def no_mask(patch: pytest.MonkeyPatch) -> None:
    """The gradient below a mask is not multiplied by it."""
    right = network.backward

    def backward(cotangents: Any, cache: network.Cache) -> Any:
        return right(cotangents, cache._replace(masks=[None, None]))

    patch.setattr(network, "backward", backward)


BACKWARD: dict[str, Patch] = {
    "no cotangent of final states": backward_with(no_final),
    "no cotangent of the final c": backward_with(no_final_c),
    "x has the gradient of one direction": backward_with(one_direction_only),
    "parameters have that of one segment": backward_with(last_segment_only),
    "gradient stops at segments": backward_with(gradient_stops_at_segments),
    "no mask": no_mask,
}


@pytest.mark.parametrize("put_in", BACKWARD.values(), ids=BACKWARD.keys())
def test_a_wrong_backward_pass_is_caught(put_in: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not list(case.wrong(WHOLE))
    put_in(monkeypatch)
    assert list(case.wrong(WHOLE))


def test_a_stream_that_keeps_its_chunks_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream.Chunk, "close", lambda chunk: None)
    with pytest.raises(AssertionError):
        assert_memory_of_one_chunk()


def test_a_stream_that_forgets_its_states_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = network.forward

    def forward(architecture: Any, params: Any, x: Any, states: Any, **options: Any) -> Any:
        outputs, cache = right(architecture, params, x, states, **options)
        return outputs._replace(states={name: 0 * state for name, state in outputs.states.items()}), cache

    given = test_stream.whole("lstm")
    expected, _ = case.run(given)
    monkeypatch.setattr(network, "forward", forward)
    found = np.concatenate([chunk.outputs.h for chunk in test_stream.chunks(given)])
    assert abs(found - expected.h).max() > 1e-3
