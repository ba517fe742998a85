"""Whatever is given for an array, the result is that of the same numbers in plain arrays, bit by bit.

Every call goes through `audit`: nothing given is modified, nothing returned is shared with anything.
"""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies
from hypothesis.strategies import DataObject

from lstmref import Cell
from lstmref.check import Array
from tests.arrays.audit import audit, differing
from tests.arrays.given import (
    ANY_SIZES,
    DTYPES,
    FORMS,
    LAYOUTS,
    LISTS,
    READ_AS,
    SOME_SIZES,
    Change,
    call,
    changed,
    fixed,
    plain,
)
from tests.lstmref import checker
from tests.lstmref.checker import SEEDS, Example, Sizes


def agrees(cell: Cell, given: Example, dtype: np.dtype[Any], *, step: bool) -> None:
    """The audited results are, bit by bit, those of plain arrays in the dtype of the computation."""
    expected = audit(cell, plain(given, dtype), dtype, step=step)
    assert not differing(audit(cell, given, dtype, step=step), expected)


@fixed(50)
@given(data=strategies.data(), sizes=ANY_SIZES, dtype=DTYPES)
def test_layouts_and_dtypes(
    cell: Cell, step: bool, data: DataObject, sizes: Sizes, dtype: np.dtype[Any]
) -> None:
    """Fortran, strided, reversed, misaligned, foreign, read-only and repeated arrays, empty ones among them."""
    agrees(cell, data.draw(call(cell, sizes, dtype, step=step)), READ_AS[dtype], step=step)


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_for_all(cell: Cell, step: bool, layout: str, dtype: type[Any]) -> None:
    """So that each has been tried on all arguments at once, whatever was drawn.

    Few numbers show most: products of Fortran arrays differed in float32, misaligned numbers when complex.
    """
    for seed, sizes in enumerate([Sizes(3, 2, 2, 3)] + [Sizes(1, 1, 1, 2)] * 5 + [Sizes(1, 1, 1, 1)] * 5):
        given = checker.example(cell, sizes, seed, step=step, dtype=dtype)
        laid = changed(given, lambda _, value: LAYOUTS[layout](value))
        agrees(cell, laid, np.dtype(dtype), step=step)


@fixed(50)
@given(data=strategies.data(), sizes=SOME_SIZES, seed=SEEDS, dtype=DTYPES)
def test_subclasses_and_array_likes(
    cell: Cell, step: bool, data: DataObject, sizes: Sizes, seed: int, dtype: np.dtype[Any]
) -> None:
    """Subclasses, files, buffers, objects that give arrays, lists and tuples; each argument as something else."""
    given = checker.example(cell, sizes, seed, step=step, dtype=READ_AS[dtype].type)

    def form(name: str, array: Array) -> Any:
        # A list has no dtype, so only a list of what it is read as may stand for x.
        lists = LISTS if name != "x" or array.dtype in (np.float64, np.complex128) else {}
        every: dict[str, Change] = {**FORMS, **lists}
        return every[data.draw(strategies.sampled_from(list(every)), label=name)](array)

    agrees(cell, changed(given, form), READ_AS[dtype], step=step)


@pytest.mark.parametrize("form", [*FORMS, *LISTS])
def test_a_form_for_all(cell: Cell, step: bool, form: str) -> None:
    given = checker.example(cell, Sizes(3, 2, 2, 3), seed=11, step=step)
    agrees(
        cell, changed(given, lambda _, value: (FORMS | LISTS)[form](value)), np.dtype(np.float64), step=step
    )


@fixed(15)
@given(sizes=SOME_SIZES, seed=SEEDS)
def test_whole_numbers_in_lists(cell: Cell, step: bool, sizes: Sizes, seed: int) -> None:
    """An array of integers is refused, a list of them is read as the numbers they are."""
    given = checker.example(cell, sizes, seed, step=step)
    whole = changed(given, lambda _, value: np.rint(3 * value) + 0.0)  # no -0.0, which no integer is
    agrees(cell, changed(whole, lambda _, value: value.astype(int).tolist()), np.dtype(np.float64), step=step)


@fixed(15)
@given(data=strategies.data(), sizes=ANY_SIZES, seed=SEEDS)
def test_float16_and_float32_mix(cell: Cell, step: bool, data: DataObject, sizes: Sizes, seed: int) -> None:
    """As float16 is read as float32, the two are one dtype; the results are float32."""
    given = checker.example(cell, sizes, seed, step=step, dtype=np.float16)
    dtypes = strategies.sampled_from([np.float16, np.float32])
    mixed = changed(given, lambda name, value: value.astype(data.draw(dtypes, label=name)))
    agrees(cell, mixed, np.dtype(np.float32), step=step)


@fixed(15)
@given(data=strategies.data(), sizes=ANY_SIZES, seed=SEEDS, dtype=DTYPES)
def test_cotangents_left_out(
    cell: Cell, step: bool, data: DataObject, sizes: Sizes, seed: int, dtype: np.dtype[Any]
) -> None:
    """Whichever are left out: the same as zeros."""
    given = checker.example(cell, sizes, seed, step=step, dtype=dtype.type)
    left_out = [name for name in given.cotangents if data.draw(strategies.booleans(), label=name)]
    zeros = given.cotangents | {name: np.zeros_like(given.cotangents[name]) for name in left_out}
    fewer = {name: value for name, value in given.cotangents.items() if name not in left_out}
    expected = audit(cell, given.replace(cotangents=zeros), READ_AS[dtype], step=step)
    found = audit(cell, given.replace(cotangents=fewer), READ_AS[dtype], step=step)
    assert not differing(found, expected)


@fixed(25)
@given(sizes=ANY_SIZES, seed=SEEDS)
def test_empty_sequences_are_what_steps_make_of_them(cell: Cell, sizes: Sizes, seed: int) -> None:
    """T = 0, B = 0, D = 0 and H = 0, alone and together: the same as `step_forward` and `step_backward` T times."""
    given = checker.example(cell, sizes, seed)
    found = audit(cell, given, np.dtype(np.float64), step=False)
    states = tuple(given.states.values())
    h, caches = [], []
    for x in given.x:
        now, cache = cell.step_forward(given.params, x, *states)
        states = tuple(now)
        h.append(now.h)
        caches.append(cache)
    later = {name: given.cotangents[f"{name}_T"] for name in cell.STATES}
    total = {name: np.zeros_like(value) for name, value in given.params.items()}
    dx = np.zeros_like(given.x)
    for t in reversed(range(sizes.T)):
        back = cell.step_backward(later | {"h": later["h"] + given.cotangents["h"][t]}, caches[t])
        later = {name: back[f"{name}_prev"] for name in cell.STATES}
        dx[t] = back["x"]
        total = {name: value + back[name] for name, value in total.items()}
    expected = {
        "h": np.array(h).reshape(given.cotangents["h"].shape),
        "x": dx,
        **total,
        **{f"{name}_T": state for name, state in zip(cell.STATES, states, strict=True)},
        **{f"{name}_0": value for name, value in later.items()},
    }
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].shape == value.shape, name
        np.testing.assert_allclose(found[name], value, rtol=1e-11, atol=1e-13, err_msg=name)


def test_jax_arrays(cell: Cell, step: bool) -> None:
    jnp = pytest.importorskip("jax.numpy", reason="JAX is not installed")
    given = checker.example(cell, Sizes(3, 2, 2, 3), seed=11, step=step, dtype=np.float32)
    agrees(cell, changed(given, lambda _, value: jnp.asarray(value)), np.dtype(np.float32), step=step)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex128])
def test_torch_tensors(cell: Cell, step: bool, dtype: type[Any]) -> None:
    """They are views of torch's memory: not modified either."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; `make witnesses` installs it")
    given = checker.example(cell, Sizes(3, 2, 2, 3), seed=11, step=step, dtype=dtype)
    tensors = changed(given, lambda _, value: torch.from_numpy(value))
    agrees(cell, tensors, READ_AS[np.dtype(dtype)], step=step)
