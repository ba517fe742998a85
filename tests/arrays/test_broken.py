"""The properties can fail: cells broken in the ways that people break them are caught, each by its own check."""

import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

import lstmref
from lstmref import Cell, discovery
from lstmref.check import Array
from tests.arrays.audit import arrays, audit
from tests.arrays.given import changed, every_second, read_only
from tests.arrays.test_layouts import agrees
from tests.arrays.test_precision import check_float16
from tests.arrays.test_refused import refusal
from tests.arrays.test_threads import interfering
from tests.arrays.test_values import check_huge, check_small
from tests.fast.effort import effort
from tests.fast.test_length import LONG, check_linear
from tests.lstmref import checker
from tests.lstmref.checker import Example, Sizes

SIZES = Sizes(T=3, B=2, D=2, H=3)
FLOAT64 = np.dtype(np.float64)
RNN = lstmref.cell("rnn")
Forward = Callable[..., tuple[Any, Any]]
Backward = Callable[..., dict[str, Array]]


def broken(cell: Cell, forward: Forward | None = None, backward: Backward | None = None) -> Cell:
    """The cell with another pass over sequences."""
    parts = {name: getattr(cell, name) for name in discovery.INTERFACE}
    parts |= {"forward": forward or cell.forward, "backward": backward or cell.backward}
    return cast(Cell, SimpleNamespace(**parts))


def example(cell: Cell, sizes: Sizes = SIZES, dtype: type[Any] = np.float64) -> Example:
    return checker.example(cell, sizes, seed=4, dtype=dtype)


def refuses(cell: Cell, match: str, given: Example | None = None) -> None:
    """`audit` refuses the cell, for the reason that `match` tells."""
    with pytest.raises(AssertionError, match=match):
        audit(cell, example(cell) if given is None else given, FLOAT64, step=False)


def test_unbroken_cells_pass(cell: Cell) -> None:
    same = broken(cell)
    audit(same, example(cell), FLOAT64, step=False)
    check_linear(same, T=100, B=1, D=1, H=2, seed=4)
    assert not interfering(same, [example(cell)] * 4, step=False)


# What is done to arguments.


@pytest.mark.parametrize("name", ["x", "W_i", "h_0", "c_0"])
def test_an_argument_changed_in_place(name: str) -> None:
    lstm = lstmref.cell("lstm")

    def forward(params: Any, x: Any, h_0: Any, c_0: Any) -> tuple[Any, Any]:
        arguments = {"x": x, "h_0": h_0, "c_0": c_0, **params}
        arguments[name][...] *= 2
        return lstm.forward(params, x, h_0, c_0)

    refuses(broken(lstm, forward), rf"^modified: {name}")


def test_a_cotangent_changed_in_place(cell: Cell) -> None:
    def backward(cotangents: Any, cache: Any) -> dict[str, Array]:
        cotangents["h"][-1] += cotangents["h_T"]
        return cell.backward(cotangents, cache)

    refuses(broken(cell, backward=backward), "^modified: cotangent h$")


def test_a_flag_changed(cell: Cell) -> None:
    def forward(params: Any, x: Any, *states: Any) -> tuple[Any, Any]:
        x.flags.writeable = False
        return cell.forward(params, x, *states)

    refuses(broken(cell, forward), "^modified: x$")


def test_memory_around_a_view_changed(cell: Cell) -> None:
    def forward(params: Any, x: Any, *states: Any) -> tuple[Any, Any]:
        x.base[...] = np.nan_to_num(x.base)
        return cell.forward(params, x, *states)

    refuses(
        broken(cell, forward), "^modified: x$", changed(example(cell), lambda _, value: every_second(value))
    )


# What is returned and what is kept.


def with_output(cell: Cell, name: str, value: Callable[[Any, Any, tuple[Any, ...]], Any]) -> Cell:
    """The cell with one output replaced by `value(outputs, cache, states given)`."""

    def forward(params: Any, x: Any, *states: Any) -> tuple[Any, Any]:
        outputs, cache = cell.forward(params, x, *states)
        return outputs._replace(**{name: value(outputs, cache, states)}), cache

    return broken(cell, forward)


OUTPUTS: dict[str, tuple[Callable[[Any, Any, tuple[Any, ...]], Any], str]] = {
    "a state given": (lambda outputs, cache, states: states[0], "^h_T is an argument's memory"),
    "a view of the sequence": (lambda outputs, cache, states: outputs.h[-1], "^h and h_T share memory"),
    "another dtype": (lambda outputs, cache, states: outputs.h_T.astype(np.float32), "^h_T: float32"),
    "another byte order": (lambda outputs, cache, states: outputs.h_T.astype(">f8"), "^h_T: >f8"),
    "a subclass": (lambda outputs, cache, states: outputs.h_T.view(np.matrix), "^h_T: <class 'numpy"),
    "read-only": (lambda outputs, cache, states: read_only(outputs.h_T.copy()), "^h_T is read-only"),
}


@pytest.mark.parametrize(("value", "match"), OUTPUTS.values(), ids=OUTPUTS.keys())
def test_an_output_that_is(cell: Cell, value: Callable[[Any, Any, tuple[Any, ...]], Any], match: str) -> None:
    refuses(with_output(cell, "h_T", value), match)


class Kept(dict[str, Any]):
    """A cache that is the cell's own and something more."""


def test_an_output_that_is_the_caches(cell: Cell) -> None:
    def forward(params: Any, x: Any, *states: Any) -> tuple[Any, Any]:
        outputs, cache = cell.forward(params, x, *states)
        return outputs, Kept(cache=cache, h=outputs.h)

    def backward(cotangents: Any, cache: Kept) -> dict[str, Array]:
        return cell.backward(cotangents, cache["cache"])

    refuses(broken(cell, forward, backward), "^h is the cache's memory")


def test_an_argument_that_is_kept(cell: Cell) -> None:
    def forward(params: Any, x: Any, *states: Any) -> tuple[Any, Any]:
        outputs, cache = cell.forward(params, x, *states)
        return outputs, Kept(cache=cache, weights=params)

    def backward(cotangents: Any, cache: Kept) -> dict[str, Array]:
        return cell.backward(cotangents, cache["cache"])

    refuses(broken(cell, forward, backward), "^the cache keeps an argument")


def test_a_gradient_that_is_a_cotangent(cell: Cell) -> None:
    """As it may be for T = 0, where the cotangent of the final state is that of the initial one."""

    def backward(cotangents: Any, cache: Any) -> dict[str, Array]:
        return cell.backward(cotangents, cache) | {"h_0": cotangents["h_T"]}

    refuses(
        broken(cell, backward=backward), "^h_0 is an argument's memory", example(cell, SIZES._replace(T=0))
    )


def test_a_cache_that_serves_once(cell: Cell) -> None:
    def backward(cotangents: Any, cache: Any) -> dict[str, Array]:
        found = cell.backward(cotangents, cache)
        max(arrays(cache), key=lambda array: array.size)[...] = 0
        return found

    refuses(broken(cell, backward=backward), "^a change of results reached the cache")


# What is read.


def test_memory_read_in_its_own_order(cell: Cell) -> None:
    def forward(params: Any, x: Any, *states: Any) -> tuple[Any, Any]:
        return cell.forward(params, x.ravel(order="K").reshape(x.shape), *states)

    given = example(cell)
    with pytest.raises(AssertionError):
        agrees(broken(cell, forward), given.replace(x=np.asfortranarray(given.x)), FLOAT64, step=False)


def test_float16_computed_in_float16(cell: Cell) -> None:
    def forward(params: Any, x: Any, *states: Any) -> tuple[Any, Any]:
        if x.dtype != np.float16:
            return cell.forward(params, x, *states)
        outputs, cache = cell.forward(params, x, *states)
        return outputs._replace(h=outputs.h.astype(np.float16).astype(np.float32)), cache

    with pytest.raises(AssertionError):
        check_float16(broken(cell, forward), example(cell, dtype=np.float16), step=False)


def test_arguments_that_are_converted_and_not_refused(cell: Cell) -> None:
    def forward(params: Any, x: Any, *states: Any) -> tuple[Any, Any]:
        return cell.forward(params, np.asarray(x, np.float64), *states)

    given = example(cell)
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        refusal(broken(cell, forward), given.replace(x=np.ones(given.x.shape, np.int64)), step=False)


# What is computed.


def test_an_overflow(cell: Cell) -> None:
    """On the way to results that are right: NumPy's warning is an error in these tests."""

    def forward(params: Any, x: Any, *states: Any) -> tuple[Any, Any]:
        outputs, cache = cell.forward(params, x, *states)
        return outputs._replace(h=outputs.h + 1 / (1 + np.exp(np.abs(outputs.h) + 1e4))), cache

    with pytest.raises(RuntimeWarning, match="overflow"):
        check_huge(broken(cell, forward), example(cell), FLOAT64, step=False)


def test_an_infinity(cell: Cell) -> None:
    infinite = with_output(cell, "h", lambda outputs, cache, states: np.full_like(outputs.h, np.inf))
    with pytest.raises(AssertionError, match=r"^h\n"):
        check_huge(infinite, example(cell), FLOAT64, step=False)


def test_denormals_flushed_to_zero(cell: Cell) -> None:
    """In the gradients alone, as a program may do that sets the processor's mode for its own loops."""
    tiny = np.finfo(np.float32).tiny

    def backward(cotangents: Any, cache: Any) -> dict[str, Array]:
        found = cell.backward(cotangents, cache)
        if found["x"].dtype == np.float32:
            found = {
                name: np.where(np.abs(value) < tiny, np.float32(0), value) for name, value in found.items()
            }
        return found

    given = example(cell, dtype=np.float32)
    small = given.replace(cotangents={name: value * tiny / 16 for name, value in given.cotangents.items()})
    check_small(cell, small, np.dtype(np.float32), FLOAT64, step=False)
    with pytest.raises(AssertionError):
        check_small(broken(cell, backward=backward), small, np.dtype(np.float32), FLOAT64, step=False)


# What it costs.


def test_work_that_grows_with_the_square() -> None:
    def forward(params: Any, x: Any, *states: Any) -> tuple[Any, Any]:
        for t in range(len(x)):
            for _ in range(t):
                pass
        return RNN.forward(params, x, *states)

    with pytest.raises(AssertionError):
        check_linear(broken(RNN, forward), T=100, B=1, D=1, H=2, seed=4)


def test_outputs_that_are_put_together_anew_at_every_step() -> None:
    """Few lines and little memory at the end, but all is copied at each step."""

    def forward(params: Any, x: Any, *states: Any) -> tuple[Any, Any]:
        grown = x[:0]
        for t in range(len(x)):
            grown = np.concatenate([grown, x[t : t + 1]])
        return RNN.forward(params, grown, *states)

    with pytest.raises(AssertionError):
        check_linear(broken(RNN, forward), T=300, B=2, D=3, H=1, seed=4)


def test_a_cache_that_grows_with_the_square() -> None:
    def forward(params: Any, x: Any, *states: Any) -> tuple[Any, Any]:
        outputs, cache = RNN.forward(params, x, *states)
        return outputs, Kept(cache=cache, prefixes=[x[:t].copy() for t in range(len(x))])

    def backward(cotangents: Any, cache: Kept) -> dict[str, Array]:
        return RNN.backward(cotangents, cache["cache"])

    with pytest.raises(AssertionError):
        check_linear(broken(RNN, forward, backward), T=200, B=1, D=2, H=1, seed=4)


def recursive() -> Cell:
    """A cell that takes one step, and leaves the others to itself."""

    def forward(params: Any, x: Any, *states: Any) -> tuple[Any, Any]:
        def rest(t: int) -> int:
            return t if t == len(x) else rest(t + 1)

        rest(0)
        return RNN.forward(params, x, *states)

    return broken(RNN, forward)


def test_recursion() -> None:
    with pytest.raises(AssertionError):
        check_linear(recursive(), T=50, B=1, D=1, H=2, seed=4)
    given = example(RNN, Sizes(LONG, 1, 1, 1))
    with pytest.raises(RecursionError):
        checker.run(recursive(), given)


def test_effort_counts() -> None:
    """Lines, frames and bytes of a function in which they can be counted by hand."""

    def inner(size: int) -> int:
        kept = bytearray(size)
        return len(kept)

    def outer(size: int) -> int:
        return inner(size) + inner(size)

    small, large = effort(lambda: outer(1000)), effort(lambda: outer(1_001_000))
    assert (small.lines, small.depth) == (large.lines, large.depth) == (6, 3)
    assert large.allocated - small.allocated == pytest.approx(2_000_000, rel=0.01)
    assert large.peak - small.peak == pytest.approx(1_000_000, rel=0.01)
    assert sys.gettrace() is None or "coverage" in repr(sys.gettrace())


# What threads share.


def test_a_buffer_kept_for_a_size(cell: Cell) -> None:
    """A module's scratch memory, as one may keep it to save allocations: right alone, wrong in two threads.

    It waits a moment before it reads what it wrote: what would happen now and then happens every time.
    """
    scratch: dict[tuple[int, ...], Array] = {}

    def forward(params: Any, x: Any, *states: Any) -> tuple[Any, Any]:
        buffer = scratch.setdefault(x.shape, np.empty_like(x))
        buffer[...] = x
        time.sleep(1e-3)
        return cell.forward(params, buffer, *states)

    examples = [checker.example(cell, SIZES, seed) for seed in range(4)]
    sharing = broken(cell, forward)
    for given in examples:
        agrees(sharing, given, FLOAT64, step=False)
    assert interfering(sharing, examples, step=False, times=3)


def test_a_result_that_remembers_the_call_before(cell: Cell) -> None:
    calls = 0

    def forward(params: Any, x: Any, *states: Any) -> tuple[Any, Any]:
        nonlocal calls
        calls += 1
        outputs, cache = cell.forward(params, x, *states)
        return outputs._replace(h=outputs.h + np.spacing(outputs.h) * calls), cache

    with pytest.raises(AssertionError):
        agrees(broken(cell, forward), example(cell), FLOAT64, step=False)
