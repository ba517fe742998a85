"""What every cell keeps to, whatever it is: about ten tests and less than three seconds a cell.

That it computes what its paper says is decided elsewhere, by the derived formulas and by other people's programs. What
is the same code for every cell, such as the reading of arrays, is tried to the full on two of them in tests/arrays.
"""

from typing import Any

import numpy as np
import pytest

from lstmref import (
    Architecture,
    ArgumentError,
    Cell,
    KindError,
    NameSetError,
    NotFiniteError,
    ShapeError,
    network,
)
from lstmref.check import Array
from lstmref.network.architecture import stackable
from tests.arrays.audit import audit
from tests.contract.steps import by_steps
from tests.lstmref import checker
from tests.lstmref.checker import Example, Sizes, check_gradients, differences

# All sizes differ, so that none is mistaken for another.
SIZES = Sizes(T=4, B=2, D=3, H=4)
SMALL = Sizes(T=3, B=2, D=1, H=2)


def name_of(cell: Cell) -> str:
    return str(cell.__name__.rpartition(".")[2].replace("_", "-"))


def test_one_step_has_the_gradients_of_its_complex_step(cell: Cell) -> None:
    """Of a cotangent on every output."""
    check_gradients(cell, SIZES, seed=1, step=True)
    check_gradients(cell, SMALL, seed=2, step=True)


def test_a_sequence_has_the_gradients_of_the_whole_loss(cell: Cell) -> None:
    """A loss on every output at every step and on every final state, by complex step through time."""
    check_gradients(cell, SMALL, seed=3)


def test_a_sequence_is_its_steps(cell: Cell) -> None:
    for sizes in (SIZES, Sizes(T=1, B=1, D=2, H=3), Sizes(T=0, B=2, D=2, H=3), Sizes(T=3, B=0, D=2, H=3)):
        given = checker.example(cell, sizes, seed=4)
        outputs, cache = checker.run(cell, given)
        found = outputs._asdict() | cell.backward(given.cotangents, cache)
        expected = by_steps(cell, given, sizes.T)
        assert {name: value.shape for name, value in found.items()} == {
            name: value.shape for name, value in expected.items()
        }
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, rtol=1e-11, atol=1e-13, err_msg=name)


def test_a_sequence_can_be_cut_in_two(cell: Cell) -> None:
    """Final states carried forward and their cotangents carried back: the parts give what the whole gives."""
    given, layout, cut = checker.example(cell, SIZES, seed=5), cell.LAYOUT, 3
    each = (*layout.inputs, *layout.data)

    def part(steps: slice, states: dict[str, Array]) -> tuple[Any, Any]:
        arguments = {name: value[steps] if name in each else value for name, value in given.given.items()}
        return cell.forward(given.params, **arguments | states)

    first, first_cache = part(slice(cut), {})
    second, second_cache = part(
        slice(cut, None), {f"{name}_0": getattr(first, f"{name}_T") for name in layout.states}
    )
    whole, _ = checker.run(cell, given)
    for name in layout.outputs:
        joined = np.concatenate([getattr(first, name), getattr(second, name)])
        np.testing.assert_allclose(joined, getattr(whole, name), rtol=1e-12)

    losses = [
        {name: given.cotangents[name][steps] for name in layout.outputs}
        for steps in (slice(cut), slice(cut, None))
    ]
    ends = {name: value for name, value in given.cotangents.items() if name not in layout.outputs}
    back_2 = cell.backward(losses[1] | ends, second_cache)
    back_1 = cell.backward(
        losses[0] | {f"{name}_T": back_2[f"{name}_0"] for name in layout.states}, first_cache
    )
    total = {name: back_1[name] + back_2[name] for name in given.params}
    total |= {name: np.concatenate([back_1[name], back_2[name]]) for name in layout.inputs}
    total |= {f"{name}_0": back_1[f"{name}_0"] for name in layout.states}
    assert all(error < 1e-12 for _, error in differences(checker.gradients(cell, given), total))


def test_sequences_of_a_batch_do_not_mix(cell: Cell) -> None:
    """Each alone gives its rows; the gradients of the parameters add up."""
    given, layout = checker.example(cell, SIZES, seed=6), cell.LAYOUT
    axes, results = layout.arguments(time=True), layout.results(time=True)
    outputs, _ = checker.run(cell, given)
    whole, total = (
        checker.gradients(cell, given),
        {name: np.zeros_like(v) for name, v in given.params.items()},
    )
    for b in range(SIZES.B):

        def row(value: Array, letters: tuple[str, ...], b: int = b) -> Array:
            place = letters.index("B") if "B" in letters else None
            return value if place is None else np.take(value, [b], axis=place)

        alone = Example(
            given.params,
            {name: row(value, axes[name]) for name, value in given.given.items()},
            {name: row(value, results[name]) for name, value in given.cotangents.items()},
        )
        its, _ = checker.run(cell, alone)
        for name, letters in results.items():
            np.testing.assert_allclose(
                getattr(its, name), row(getattr(outputs, name), letters), rtol=1e-12, atol=1e-14
            )
        for name, value in checker.gradients(cell, alone).items():
            if name in total:
                total[name] += value
            else:
                np.testing.assert_allclose(value, row(whole[name], axes[name]), rtol=1e-11, atol=1e-13)
    assert all(error < 1e-12 for _, error in differences({name: whole[name] for name in total}, total))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.complex128])
def test_nothing_is_shared_and_the_dtype_stays(cell: Cell, step: bool, dtype: type[Any]) -> None:
    """Nothing given is changed or kept, no result is anyone else's, and the cache serves twice: see `audit`."""
    given = checker.example(cell, SMALL, seed=7, step=step, dtype=dtype)
    expected = np.dtype(np.float32 if dtype is np.float16 else dtype)
    found = audit(cell, given, expected, step=step)
    exact = audit(cell, checker.example(cell, SMALL, seed=7, step=step), np.dtype(float), step=step)
    if dtype in (np.float32, np.longdouble):
        errors = dict(differences(found, exact))
        assert max(errors.values()) < {np.float32: 1e-4, np.longdouble: 1e-13}[dtype], errors


def test_nothing_is_shared_where_there_are_no_steps(cell: Cell) -> None:
    """There the last states are the first, and so are their cotangents: easily the caller's own."""
    audit(cell, checker.example(cell, SMALL._replace(T=0), seed=7), np.dtype(float), step=False)


def test_an_absent_cotangent_is_zero(cell: Cell, step: bool) -> None:
    given = checker.example(cell, SMALL, seed=8, step=step)
    _, cache = checker.run(cell, given, step=step)
    backward = checker.of(cell, step=step).backward
    assert not any(gradient.any() for gradient in backward({}, cache).values())
    total: dict[str, Any] = {}
    for name, value in given.cotangents.items():
        for key, gradient in backward({name: value}, cache).items():
            total[key] = total.get(key, 0) + gradient
    for name, value in backward(given.cotangents, cache).items():
        np.testing.assert_allclose(total[name], value, rtol=1e-11, atol=1e-13, err_msg=name)


def test_refusals_are_wired(cell: Cell, step: bool) -> None:
    """Every argument and cotangent, misshapen, not finite or of another dtype, is refused by its name."""
    given, functions = checker.example(cell, SIZES, seed=9, step=step), checker.of(cell, step=step)
    first, second, *_ = [*given.given, *given.params]

    def refused(error: type[ArgumentError], match: str, broken: Example) -> None:
        def both_passes() -> None:
            _, cache = checker.run(cell, broken, step=step)
            functions.backward(broken.cotangents, cache)

        with pytest.raises(error, match=match):
            both_passes()

    for group, label in (("given", ""), ("params", ""), ("cotangents", "cotangent ")):
        values = getattr(given, group)
        for name, value in values.items():
            spoilt = value.copy()
            spoilt.flat[-1] = np.nan
            named = f"^{label}{name}: "
            refused(
                NotFiniteError, f"{named}expected finite", given.replace(**{group: values | {name: spoilt}})
            )
            refused(ShapeError, f"{named}expected", given.replace(**{group: values | {name: value[None]}}))
            other = given.replace(**{group: values | {name: value.astype(np.float32)}})
            refused(KindError, f"^{second}: " if name == first else f"{named}expected float64", other)
    strange = given.replace(params=given.params | {"strange": np.ones(2)})
    refused(NameSetError, "^params: unknown strange; expected", strange)
    refused(
        NameSetError, "^cotangents: unknown strange; expected", given.replace(cotangents={"strange": 1.0})
    )
    for name in given.params:
        rest = {key: value for key, value in given.params.items() if key != name}
        refused(NameSetError, f"^params: missing {name}; expected", given.replace(params=rest))
    with pytest.raises(KindError, match=r"^cache: expected lstmref\.cells\..*Cache, got tuple$"):
        functions.backward({}, ())
    with pytest.raises(TypeError):
        functions.forward(given.params, *list(given.given.values())[1:])
    for letter in cell.LAYOUT.letters:
        with pytest.raises(ShapeError, match=rf"^{letter}: expected a whole number >= 0, got -1$"):
            cell.parameter_shapes(**dict.fromkeys(cell.LAYOUT.letters, 1) | {letter: -1})


def test_arguments_may_be_given_by_name(cell: Cell, step: bool) -> None:
    """The same bits, in any order."""
    given = checker.example(cell, SMALL, seed=10, step=step)
    forward = checker.of(cell, step=step).forward
    expected, _ = checker.run(cell, given, step=step)
    backwards = dict(reversed(given.given.items()))
    for found in (forward(given.params, **backwards)[0], forward(params=given.params, **backwards)[0]):
        for name, value in expected._asdict().items():
            np.testing.assert_array_equal(getattr(found, name), value)


def test_a_network_stacks_it_or_refuses_it_by_name(cell: Cell) -> None:
    """Unequal lengths give what each sequence gives alone; the gradients are those of the complex step."""
    name = name_of(cell)
    if name not in stackable():
        with pytest.raises(NameSetError, match=rf"^cell: expected one of .*, got '{name}', wh"):
            Architecture(name, D=2, H=3)
        return
    sizes = {letter: size for letter, size in SMALL.of(cell).items() if letter in cell.LAYOUT.letters}
    others = {letter: size for letter, size in sizes.items() if letter not in ("D", "H")}
    two = Architecture(name, D=1, H=2, layers=2, bidirectional=True, sizes=others)
    rng, lengths = np.random.default_rng(11), [3, 1]
    params = {key: rng.normal(0, 0.7, shape) for key, shape in two.parameter_shapes().items()}
    x, dh = rng.normal(size=(3, 2, 1)), rng.normal(size=(3, 2, two.outputs))
    outputs, cache = network.forward(two, params, x, lengths=lengths)
    gradients = network.backward({"h": dh}, cache)
    for b, length in enumerate(lengths):
        alone, _ = network.forward(two, params, x[:length, b : b + 1])
        np.testing.assert_allclose(outputs.h[:length, b : b + 1], alone.h, rtol=1e-12)
    for key in ("0.forward", "1.reverse"):
        for weight in (one for one in params if one.startswith(key)):
            at = {other: value.astype(np.complex128) for other, value in params.items()}
            at[weight].flat[0] += 1e-30j
            moved, _ = network.forward(two, at, x.astype(np.complex128), lengths=lengths)
            slope = (moved.h[:, 0] * dh[:, 0]).sum().imag + (moved.h[:1, 1] * dh[:1, 1]).sum().imag
            assert gradients[weight].flat[0] == pytest.approx(slope / 1e-30, rel=1e-10), weight
