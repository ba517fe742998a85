"""Layout, dtypes and empty axes; nothing passed in is modified or kept; bad arguments are refused by name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from lstmref import Architecture, KindError, NameSetError, NotFiniteError, ShapeError, network
from lstmref.check import Array
from tests.network import case
from tests.network.case import Case, made


def example(cell: str = "lstm", **options: Any) -> Case:
    return made(Architecture(cell, 2, 3, 2, True), 4, 3, 5, lengths=[4, 1, 3], masked=True, **options)


def every(given: Case) -> list[Array]:
    masks = [mask for mask in given.masks or () if mask is not None]
    lengths = [] if given.lengths is None else [given.lengths]
    return [*given.arrays().values(), *given.cotangents.values(), *masks, *lengths]


def test_arguments_may_be_read_only_and_stay_as_they_are(cell: str) -> None:
    given = example(cell)
    before = [array.copy() for array in every(given)]
    for array in every(given):
        array.flags.writeable = False
    case.gradients(given)
    for array, copy in zip(every(given), before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("lengths", [None, [4, 1, 3], [0, 0, 0]])
def test_later_changes_reach_neither_cache_nor_gradients(cell: str, lengths: list[int] | None) -> None:
    given = example(cell)._replace(lengths=None if lengths is None else np.array(lengths))
    expected = case.gradients(given)
    outputs, cache = case.run(given)
    cotangents = {name: value.copy() for name, value in given.cotangents.items()}
    results = [outputs.h, *outputs.states.values()]
    assert not any(np.shares_memory(result, array) for result in results for array in every(given))
    for array in (*given.arrays().values(), *every(given), *results):
        array[...] = 0
    for _ in range(2):
        for name, gradient in network.backward(cotangents, cache).items():
            np.testing.assert_array_equal(gradient, expected[name])
            assert not any(np.shares_memory(gradient, array) for array in cotangents.values())
            gradient[...] = 7


def test_batch_major_is_time_major_with_axes_swapped(cell: str) -> None:
    given = example(cell)
    outputs, _ = case.run(given)
    expected = case.gradients(given)
    masks = [None if mask is None else mask.swapaxes(0, 1) for mask in given.masks or ()]
    found, cache = network.forward(
        given.architecture,
        given.params,
        given.x.swapaxes(0, 1),
        given.states,
        lengths=given.lengths,
        masks=masks,
        batch_first=True,
    )
    np.testing.assert_array_equal(found.h, outputs.h.swapaxes(0, 1))
    for name, state in outputs.states.items():
        np.testing.assert_array_equal(found.states[name], state)
    h = given.cotangents["h"].swapaxes(0, 1)
    for name, value in network.backward(given.cotangents | {"h": h}, cache).items():
        np.testing.assert_array_equal(value.swapaxes(0, 1) if name == "x" else value, expected[name])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble, np.complex128])
def test_results_have_the_dtype_of_the_arguments(cell: str, dtype: type[Any]) -> None:
    exact = example(cell)
    given = example(cell, dtype=dtype)
    expected = case.run(exact)[0].h
    outputs, _ = case.run(given)
    read = np.float32 if dtype is np.float16 else dtype
    tolerance = {np.float16: 1e-2, np.float32: 1e-5}.get(dtype, 1e-13)
    assert outputs.h.dtype == read
    assert {state.dtype for state in outputs.states.values()} == {np.dtype(read)}
    np.testing.assert_allclose(outputs.h.real.astype(float), expected, rtol=0, atol=tolerance)
    found = case.gradients(given)
    assert {value.dtype for value in found.values()} == {np.dtype(read)}
    for name, value in case.gradients(exact).items():
        scale = abs(value).max()
        np.testing.assert_allclose(found[name].real.astype(float), value, rtol=0, atol=10 * tolerance * scale)


@pytest.mark.parametrize("empty", ["T", "B", "D", "H", "TBDH"])
def test_empty_axes(cell: str, empty: str) -> None:
    T, B, D, H = (0 if axis in empty else size for axis, size in {"T": 3, "B": 2, "D": 2, "H": 4}.items())
    for lengths in (None, [T] * B, [0] * B):
        given = made(Architecture(cell, D, H, 2, True), T, B, seed=1, lengths=lengths, masked=True)
        outputs, _ = case.run(given)
        assert outputs.h.shape == (T, B, 2 * H)
        arrays = given.arrays()
        assert {name: value.shape for name, value in case.gradients(given).items()} == {
            name: value.shape for name, value in arrays.items()
        }


def test_absent_states_and_cotangents_are_zero(cell: str) -> None:
    given = example(cell)
    assert given.states is not None
    zeros = {name: np.zeros_like(state) for name, state in given.states.items()}
    outputs, cache = case.run(given._replace(states=None))
    np.testing.assert_array_equal(outputs.h, case.run(given._replace(states=zeros))[0].h)
    assert not any(value.any() for value in network.backward({}, cache).values())


def test_what_comes_out_as_states_goes_in_as_states(cell: str) -> None:
    whole = made(Architecture(cell, 2, 3, 2), T=6, B=3, seed=5)
    expected, _ = case.run(whole)
    first, _ = case.run(whole._replace(x=whole.x[:2]))
    second, _ = case.run(whole._replace(x=whole.x[2:], states=first.states))
    np.testing.assert_allclose(np.concatenate([first.h, second.h]), expected.h, rtol=0, atol=1e-14)


def test_a_mask_multiplies_the_input_of_its_layer(cell: str) -> None:
    """At the first layer it is what a changed x is; a mask of zeros cuts all below off."""
    given = made(Architecture(cell, 2, 3, 2), T=4, B=3, seed=5)
    mask = np.random.default_rng(1).integers(0, 2, (4, 3, 2)) * 2.0
    masked, _ = case.run(given._replace(masks=[mask, None]))
    np.testing.assert_array_equal(masked.h, case.run(given._replace(x=given.x * mask))[0].h)
    _, cache = case.run(given._replace(masks=[None, np.zeros(())]))
    found = network.backward({"h": given.cotangents["h"]}, cache)
    for name, value in found.items():
        if name == "x" or name.startswith("0."):
            assert not value.any(), name
        if name.startswith(("1.forward.U", "1.forward.b")):
            assert value.any(), name


def test_threads_do_not_interfere(cell: str) -> None:
    examples = [example(cell, given_states=bool(k % 2)) for k in range(4)]
    expected = [case.gradients(given) for given in examples]
    with ThreadPoolExecutor(4) as pool:
        for round_ in range(5):
            order = examples[round_ % 4 :] + examples[: round_ % 4]
            for k, found in enumerate(pool.map(case.gradients, order * 3)):
                for name, value in expected[(k + round_) % 4].items():
                    np.testing.assert_array_equal(found[name], value)


REFUSED: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "x of two axes": ({"x": np.zeros((4, 3))}, ShapeError, r"^x: expected \(T, B, 2\), got \(4, 3\)$"),
    "x of other inputs": (
        {"x": np.zeros((4, 3, 5))},
        ShapeError,
        r"^x: expected \(T, B, 2\), got \(4, 3, 5\)$",
    ),
    "x batch-major": (
        {"x": np.zeros((4, 3, 5)), "batch_first": True},
        ShapeError,
        r"^x: expected \(B, T, 2\), got \(4, 3, 5\)$",
    ),
    "x of whole numbers": (
        {"x": np.zeros((4, 3, 2), int)},
        KindError,
        r"^x: expected float16, .*, got int64$",
    ),
    "x of NaN": (
        {"x": np.full((4, 3, 2), np.nan)},
        NotFiniteError,
        r"^x: expected finite .* at \(0, 0, 0\)$",
    ),
    "one state": (
        {"states": {"h": np.zeros((2, 2, 3, 3))}},
        NameSetError,
        "^states: missing c; expected h, c$",
    ),
    "states as a list": (
        {"states": []},
        KindError,
        "^states: expected a mapping of names to arrays, got list$",
    ),
    "a state of another shape": (
        {"states": {"h": np.zeros((4, 3, 3)), "c": np.zeros((4, 3, 3))}},
        ShapeError,
        r"^state h: expected \(2, 2, 3, 3\), got \(4, 3, 3\)$",
    ),
    "no parameters": (
        {"params": {}},
        NameSetError,
        r"^params: missing 0\.forward\.W_i, .*; expected 0\.forward",
    ),
    "too few lengths": ({"lengths": [1, 2]}, ShapeError, r"^lengths: expected \(3,\), got \(2,\)$"),
    "lengths in a table": ({"lengths": [[1, 2, 3]]}, ShapeError, r"^lengths: expected \(B,\), got \(1, 3\)$"),
    "a ragged list of lengths": (
        {"lengths": [[1], 2, 3]},
        KindError,
        r"^lengths: expected whole numbers, got list: ",
    ),
    "a length too long": (
        {"lengths": [1, 5, 4]},
        ShapeError,
        r"^lengths: expected whole numbers from 0 to 4, got 5 at \(1,\)$",
    ),
    "a length beyond any": (
        {"lengths": np.array([1, 2**63, 4], np.uint64)},
        ShapeError,
        r"^lengths: expected whole numbers from 0 to 4, got 9223372036854775808 at \(1,\)$",
    ),
    "a negative length": (
        {"lengths": [1, 2, -1]},
        ShapeError,
        r"^lengths: expected whole numbers >= 0, got -1 at \(2,\)$",
    ),
    "lengths of floats": (
        {"lengths": [1.0, 2.0, 3.0]},
        KindError,
        "^lengths: expected whole numbers, got float64$",
    ),
    "lengths of truth values": (
        {"lengths": [True] * 3},
        KindError,
        "^lengths: expected whole numbers, got bool$",
    ),
    "lengths with a mask": (
        {"lengths": np.ma.masked_array([1, 2, 3])},
        KindError,
        "^lengths: expected whole numbers, got an array with a mask$",
    ),
    "too few masks": ({"masks": [None]}, ShapeError, "^masks: expected 2, one array or None a layer, got 1$"),
    "masks in one array": (
        {"masks": np.ones((2, 1, 1, 1))},
        KindError,
        "^masks: expected a list .*, got ndarray$",
    ),
    "a mask too wide": (
        {"masks": [None, np.ones((1, 3, 7))]},
        ShapeError,
        r"^masks\[1\]: expected a shape that broadcasts to \(4, 3, 6\), got \(1, 3, 7\)$",
    ),
    "a mask of four axes": (
        {"masks": [np.ones((1, 1, 1, 2)), None]},
        ShapeError,
        r"^masks\[0\]: expected a shape that broadcasts to \(4, 3, 2\), got \(1, 1, 1, 2\)$",
    ),
    "a mask of truth values": (
        {"masks": [np.ones((4, 3, 2), bool), None]},
        KindError,
        r"^masks\[0\]: expected float64",
    ),
    "a mask of NaN": (
        {"masks": [[np.nan], None]},
        NotFiniteError,
        r"^masks\[0\]: expected finite .* at \(0,\)$",
    ),
    "a name": ({"architecture": "lstm"}, KindError, "^architecture: expected an Architecture, got str$"),
}


@pytest.mark.parametrize(("change", "error", "pattern"), REFUSED.values(), ids=REFUSED.keys())
def test_a_bad_argument(change: dict[str, Any], error: type[Exception], pattern: str) -> None:
    given = example()
    arguments: dict[str, Any] = {
        "architecture": given.architecture,
        "params": given.params,
        "x": given.x,
    } | change
    with pytest.raises(error, match=pattern):
        network.forward(**arguments)


def test_a_bad_parameter_is_called_by_its_name_in_the_network() -> None:
    given = example()
    for name, value in given.params.items():
        with pytest.raises(ShapeError) as caught:
            case.run(given.having(name, value[:-1]))
        assert str(caught.value) == f"{name}: expected {value.shape}, got {value[:-1].shape}"
        with pytest.raises(KindError, match=rf"^{name}: expected float64 \(as x\), got float32$"):
            case.run(given.having(name, value.astype(np.float32)))


def test_where_a_bad_number_is_in_the_layout_that_was_given() -> None:
    x = np.zeros((3, 4, 2))
    x[1, 2, 0] = np.inf
    given = example()
    with pytest.raises(NotFiniteError, match=r"got inf at \(1, 2, 0\)$"):
        network.forward(given.architecture, given.params, x, lengths=[4, 3, 4], batch_first=True)
    network.forward(given.architecture, given.params, x, lengths=[4, 2, 4], batch_first=True)


def test_bad_cotangents() -> None:
    given = example()
    _, cache = case.run(given)
    for name, value in given.cotangents.items():
        with pytest.raises(ShapeError, match=rf"^cotangent {name}: expected \(.*\), got \(.*\)$"):
            network.backward({name: value[:-1]}, cache)
        with pytest.raises(
            KindError, match=rf"^cotangent {name}: expected float64 \(as the outputs\), got float32$"
        ):
            network.backward({name: value.astype(np.float32)}, cache)
        bad = value.copy()
        bad[0, 0, 0] = np.nan
        with pytest.raises(NotFiniteError, match=rf"^cotangent {name}: expected finite numbers, got nan"):
            network.backward({name: bad}, cache)
    with pytest.raises(NameSetError, match=r"^cotangents: unknown h_0; expected h, h_T, c_T$"):
        network.backward({"h_0": 0}, cache)
    with pytest.raises(KindError, match=r"^cotangents: expected a mapping of names to arrays, got int$"):
        network.backward(3, cache)  # type: ignore[arg-type]
    inner = cache.passes[0, "forward"].caches[0]
    with pytest.raises(KindError, match=r"^cache: expected lstmref\.network\.Cache, got lstmref\."):
        network.backward({}, inner)


def test_a_direction_is_true_or_false_and_not_both() -> None:
    for name in ("bidirectional", "reverse"):
        with pytest.raises(KindError, match=rf"^{name}: expected True or False, got str$"):
            Architecture("rnn", 1, 1, **{name: "no"})  # type: ignore[arg-type]
    with pytest.raises(
        NameSetError, match=r"^reverse: expected False, as a bidirectional network reads both ways"
    ):
        Architecture("rnn", 1, 1, bidirectional=True, reverse=True)
