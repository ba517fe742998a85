"""Nothing passed in is modified or kept, dtypes stay, layout and empty axes do not matter."""

from typing import Any

import numpy as np
import pytest

from lstmref import Cell
from lstmref.check import Array
from tests.lstmref import checker
from tests.lstmref.checker import Example, Sizes

SIZES = Sizes(T=3, B=2, D=2, H=3)
DTYPES = [np.float32, np.float64, np.complex128]


def every(given: Example) -> list[Array]:
    return [*given.arrays().values(), *given.cotangents.values()]


def test_arguments_may_be_read_only_and_stay_as_they_are(cell: Cell, step: bool) -> None:
    given = checker.example(cell, SIZES, seed=1, step=step)
    before = [array.copy() for array in every(given)]
    for array in every(given):
        array.flags.writeable = False
    checker.gradients(cell, given, step=step)
    for array, copy in zip(every(given), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_no_result_shares_memory_with_an_argument(cell: Cell, step: bool) -> None:
    for sizes in (SIZES, SIZES._replace(T=0)):
        given = checker.example(cell, sizes, seed=1, step=step)
        outputs, _ = checker.run(cell, given, step=step)
        results = [*outputs, *checker.gradients(cell, given, step=step).values()]
        assert not any(np.shares_memory(result, array) for result in results for array in every(given))


def test_later_changes_do_not_reach_the_cache(cell: Cell, step: bool) -> None:
    """An in-place update of a weight, or of an output to make a residual, must not spoil `backward`."""
    given = checker.example(cell, SIZES, seed=1, step=step)
    expected = checker.gradients(cell, given, step=step)
    outputs, cache = checker.run(cell, given, step=step)
    for array in (*given.arrays().values(), *outputs):
        array[...] = 7
    backward = checker.of(cell, step=step).backward
    first = backward(given.cotangents, cache)
    for name, gradient in first.items():
        np.testing.assert_array_equal(gradient, expected[name])
        gradient[...] = 7
    for name, gradient in backward(given.cotangents, cache).items():
        np.testing.assert_array_equal(gradient, expected[name])


def test_layout_does_not_matter(cell: Cell, step: bool) -> None:
    """Fortran order, every second entry of a larger array, and reversed axes give what C order gives."""

    def spread(array: Array) -> Array:
        larger = np.full([2 * n for n in array.shape], np.nan)
        view = larger[(slice(None, None, 2),) * array.ndim]
        view[...] = array
        return view

    def reverse(array: Array) -> Array:
        return np.ascontiguousarray(array[::-1])[::-1]

    given = checker.example(cell, SIZES, seed=1, step=step)
    expected = checker.gradients(cell, given, step=step)
    for change in (np.asfortranarray, spread, reverse):
        changed = Example(
            {name: change(value) for name, value in given.params.items()},
            {name: change(value) for name, value in given.given.items()},
            {name: change(value) for name, value in given.cotangents.items()},
        )
        for name, gradient in checker.gradients(cell, changed, step=step).items():
            np.testing.assert_array_equal(gradient, expected[name])


@pytest.mark.parametrize("dtype", DTYPES)
def test_results_have_the_dtype_and_shapes_of_the_arguments(cell: Cell, step: bool, dtype: type[Any]) -> None:
    given = checker.example(cell, SIZES, seed=1, step=step, dtype=dtype)
    outputs, _ = checker.run(cell, given, step=step)
    for name, cotangent in given.cotangents.items():
        assert getattr(outputs, name).dtype == dtype
        assert getattr(outputs, name).shape == cotangent.shape
    found = checker.gradients(cell, given, step=step)
    assert {name: (g.dtype, g.shape) for name, g in found.items()} == {
        name: (np.dtype(dtype), array.shape) for name, array in given.arrays().items()
    }


def test_float32_and_complex128_agree_with_float64(cell: Cell, step: bool) -> None:
    given = checker.example(cell, Sizes(6, 3, 3, 4), seed=1, step=step)
    outputs, _ = checker.run(cell, given, step=step)
    expected = outputs._asdict() | checker.gradients(cell, given, step=step)
    for dtype, tolerance in ((np.float32, 1e-5), (np.complex128, 1e-14)):
        cast = Example(
            {name: value.astype(dtype) for name, value in given.params.items()},
            {name: value.astype(dtype) for name, value in given.given.items()},
            {name: value.astype(dtype) for name, value in given.cotangents.items()},
        )
        outputs, _ = checker.run(cell, cast, step=step)
        found = outputs._asdict() | checker.gradients(cell, cast, step=step)
        errors = dict(checker.differences(found, expected))
        assert max(errors.values()) < tolerance, errors
        if dtype is np.complex128:
            assert not any(value.imag.any() for value in found.values())


def test_no_steps(cell: Cell) -> None:
    """T = 0: final states are the initial ones, and so are their cotangents; weight gradients are zero."""
    given = checker.example(cell, SIZES._replace(T=0), seed=1)
    outputs, _ = checker.run(cell, given)
    assert outputs.h.shape == given.cotangents["h"].shape == (0, 2, given.cotangents["h"].shape[2])
    found = checker.gradients(cell, given)
    for name in cell.STATES:
        np.testing.assert_array_equal(getattr(outputs, f"{name}_T"), given.states[f"{name}_0"])
        np.testing.assert_array_equal(found[f"{name}_0"], given.cotangents[f"{name}_T"])
    assert found["x"].shape == (0, 2, 2)
    for name, value in given.params.items():
        np.testing.assert_array_equal(found[name], np.zeros(value.shape))


@pytest.mark.parametrize(
    "sizes", [SIZES._replace(B=0), SIZES._replace(H=0), SIZES._replace(T=0, B=0, D=0, H=0)]
)
def test_empty_axes(cell: Cell, step: bool, sizes: Sizes) -> None:
    given = checker.example(cell, sizes, seed=1, step=step)
    for name, gradient in checker.gradients(cell, given, step=step).items():
        assert gradient.shape == given.arrays()[name].shape
        assert not gradient.any()


def test_no_inputs_at_all_still_runs_the_recurrence(cell: Cell) -> None:
    """D = 0 is what W = 0 is."""
    given = checker.example(cell, SIZES, seed=1)  # D alone is 2
    still = {name: np.zeros_like(value) for name, value in given.params.items() if value.shape[-1] == 2}
    expected, _ = checker.run(cell, given.replace(params=given.params | still))
    none = {name: np.zeros((3, 0)) for name in still}
    outputs, _ = checker.run(cell, given.replace(params=given.params | none, x=given.x[..., :0]))
    np.testing.assert_allclose(outputs.h, expected.h, rtol=1e-14)


def test_an_absent_cotangent_is_zero(cell: Cell, step: bool) -> None:
    given = checker.example(cell, SIZES, seed=1, step=step)
    _, cache = checker.run(cell, given, step=step)
    backward = checker.of(cell, step=step).backward
    assert not any(gradient.any() for gradient in backward({}, cache).values())
    total: dict[str, Array] = {}
    for name, value in given.cotangents.items():
        for key, gradient in backward({name: value}, cache).items():
            total[key] = total.get(key, 0) + gradient
    whole = backward(given.cotangents, cache)
    assert all(error < 1e-13 for _, error in checker.differences(total, whole))


def test_huge_inputs_saturate_without_warning(cell: Cell, step: bool) -> None:
    """Pre-activations of +-1e4 and more; warnings are errors in these tests."""
    for dtype in DTYPES:
        given = checker.example(cell, SIZES, seed=1, step=step, dtype=dtype)
        huge = given.replace(given={name: (value * 1e5).astype(dtype) for name, value in given.given.items()})
        outputs, _ = checker.run(cell, huge, step=step)
        assert all(np.isfinite(output).all() for output in outputs)
        assert all(np.isfinite(g).all() for g in checker.gradients(cell, huge, step=step).values())
