"""Threads that share one object: right gradients or a refusal, never another thread's gradients."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from lstmref import LSTM, OrderError

rng = np.random.default_rng(0)
INPUTS = [rng.normal(size=(4, 2, 3)) for _ in range(8)]


@pytest.fixture
def often_switched() -> Iterator[None]:
    """Threads take turns so often that an unsafe object is found out."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("often_switched")
def test_never_the_gradients_of_another_thread() -> None:
    shared = LSTM(D=3, H=4, rng=np.random.default_rng(1))
    alone = LSTM(D=3, H=4, rng=np.random.default_rng(1))
    right = []
    for x in INPUTS:
        h = alone.forward(x).h
        right.append(alone.backward({"h": h})["x"])

    def turn(k: int) -> str:
        try:
            h = shared.forward(INPUTS[k]).h
            found = shared.backward({"h": h})["x"]
        except OrderError as error:
            return str(error)
        return "right" if np.array_equal(found, right[k]) else "wrong"

    with ThreadPoolExecutor(len(INPUTS)) as pool:
        told = list(pool.map(turn, [k for _ in range(200) for k in range(len(INPUTS))]))
    assert "wrong" not in told
    assert {t for t in told if t != "right"} <= {t for t in told if "another thread" in t or "got none" in t}
    assert "right" in told


def test_a_pass_that_was_replaced_is_refused_and_one_that_was_handed_over_is_not() -> None:
    shared = LSTM(D=3, H=4, rng=np.random.default_rng(1))
    h = shared.forward(INPUTS[0]).h
    other = threading.Thread(target=shared.forward, args=(INPUTS[1],))
    other.start()
    other.join()
    with pytest.raises(OrderError, match="another thread's since"):
        shared.backward({"h": h})
    h = shared.forward(INPUTS[0]).h
    found: list[object] = []
    reader = threading.Thread(target=lambda: found.append(shared.backward({"h": h})["x"]))
    reader.start()
    reader.join()
    assert len(found) == 1
