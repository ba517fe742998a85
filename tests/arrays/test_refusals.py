"""Bad arguments are refused, with an error that names the argument, what was expected and what was given."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lstmref
from lstmref import Cell, KindError, NameSetError, NotFiniteError, ShapeError, gru, lstm, lstm_linear, rnn
from tests.lstmref import checker
from tests.lstmref.checker import Example, Sizes

SIZES = Sizes(T=3, B=2, D=3, H=4)


def with_argument(given: Example, name: str, value: Any) -> Example:
    """The example with one argument exchanged."""
    if name == "x":
        return given.replace(x=value)
    if name in given.states:
        return given.replace(states=given.states | {name: value})
    return given.replace(params=given.params | {name: value})


def refuses_each(
    cell: Cell, step: bool, spoil: Callable[[Any], Any], error: type[Exception], pattern: str
) -> None:
    """Every argument in turn, spoilt, is refused with an error that begins with its name."""
    given = checker.example(cell, SIZES, seed=1, step=step)
    for name, value in given.arrays().items():
        with pytest.raises(error, match=pattern) as caught:
            checker.run(cell, with_argument(given, name, spoil(value)), step=step)
        # All else is compared with x, so a new dtype of x makes the next argument the odd one.
        first_state = next(iter(given.states))
        assert str(caught.value).startswith((f"{name}: ", f"{first_state}: ") if name == "x" else f"{name}: ")


def refuses_each_cotangent(
    cell: Cell, step: bool, spoil: Callable[[Any], Any], error: type[Exception], pattern: str
) -> None:
    """Every cotangent in turn, spoilt, is refused by its name."""
    given = checker.example(cell, SIZES, seed=1, step=step)
    _, cache = checker.run(cell, given, step=step)
    for name, value in given.cotangents.items():
        with pytest.raises(error, match=rf"^cotangent {name}: {pattern}"):
            checker.of(cell, step=step).backward(given.cotangents | {name: spoil(value)}, cache)


def not_finite(value: float) -> Callable[[Any], Any]:
    def spoil(array: Any) -> Any:
        array = array.copy()
        array.flat[-1] = value
        return array

    return spoil


SPOILS: dict[str, tuple[Callable[[Any], Any], type[Exception], str]] = {
    "an axis more": (lambda a: a[None], ShapeError, r"expected \(.*\), got \(1, "),
    "one row less": (lambda a: a[:-1] if a.ndim < 3 else a[:, :-1], ShapeError, r"expected \(.*\), got \("),
    "another dtype": (
        lambda a: a.astype(np.float32),
        KindError,
        "expected float(32|64) .*, got float(32|64)",
    ),
    "integers": (lambda a: a.astype(np.int64), KindError, "expected float.*, got int64"),
    "text": (lambda a: np.full(a.shape, "1"), KindError, "expected float.*, got <U1"),
    "a ragged list": (lambda a: [[1.0], [1.0, 2.0]], KindError, "expected an array, got list: "),
    "a masked array": (
        np.ma.masked_array,
        KindError,
        r"expected an array without a mask, got numpy.*MaskedArray",
    ),
    "NaN": (not_finite(np.nan), NotFiniteError, r"expected finite numbers, got nan at \("),
    "infinity": (not_finite(-np.inf), NotFiniteError, r"expected finite numbers, got -inf at \("),
}


@pytest.mark.parametrize(("spoil", "error", "pattern"), SPOILS.values(), ids=SPOILS.keys())
def test_a_bad_argument(
    cell: Cell, step: bool, spoil: Callable[[Any], Any], error: type[Exception], pattern: str
) -> None:
    refuses_each(cell, step, spoil, error, pattern)
    refuses_each_cotangent(cell, step, spoil, error, pattern)


def test_the_text_of_a_wrong_shape() -> None:
    given = checker.example(lstmref.cell("lstm"), SIZES, seed=1)
    params = given.params | {"U_f": np.zeros((4, 3))}
    with pytest.raises(ShapeError, match=r"^U_f: expected \(4, 4\), got \(4, 3\)$"):
        lstm.forward(params, given.x, given.states["h_0"], given.states["c_0"])
    with pytest.raises(ShapeError, match=r"^x: expected \(T, B, D\), got \(2, 3\)$"):
        lstm.forward(given.params, given.x[0], given.states["h_0"], given.states["c_0"])
    with pytest.raises(ShapeError, match=r"^h_0: expected \(2, H\), got \(1, 4\)$"):
        lstm.forward(given.params, given.x, given.states["h_0"][:1], given.states["c_0"])
    with pytest.raises(ShapeError, match=r"^c_0: expected \(2, 4\), got \(2, 3\)$"):
        lstm.forward(given.params, given.x, given.states["h_0"], np.zeros((2, 3)))


def test_the_text_says_where_the_first_nan_is() -> None:
    given = checker.example(lstmref.cell("rnn"), SIZES, seed=1)
    given.x[1, 0, 2] = np.nan
    given.x[2, 1, 0] = np.inf
    with pytest.raises(NotFiniteError, match=r"^x: expected finite numbers, got nan at \(1, 0, 2\)$"):
        rnn.forward(given.params, given.x, given.states["h_0"])


def test_nan_in_an_imaginary_part(cell: Cell) -> None:
    given = checker.example(cell, SIZES, seed=1, dtype=np.complex128)
    given.x.imag[0, 1, 2] = np.nan
    with pytest.raises(NotFiniteError, match=r"^x: .* at \(0, 1, 2\)$"):
        checker.run(cell, given)


def test_missing_and_unknown_parameters(cell: Cell, step: bool) -> None:
    given = checker.example(cell, SIZES, seed=1, step=step)
    for name, value in given.params.items():
        fewer = {key: array for key, array in given.params.items() if key != name}
        with pytest.raises(NameSetError, match=rf"^params: missing {name}; expected "):
            checker.run(cell, given.replace(params=fewer), step=step)
        with pytest.raises(NameSetError, match=rf"^params: missing {name}, unknown {name}x; expected "):
            checker.run(cell, given.replace(params=fewer | {f"{name}x": value}), step=step)
    with pytest.raises(NameSetError, match=r"^params: unknown P_i; expected "):
        checker.run(cell, given.replace(params=given.params | {"P_i": np.zeros(4)}), step=step)


def test_unknown_cotangents(cell: Cell, step: bool) -> None:
    given = checker.example(cell, SIZES, seed=1, step=step)
    _, cache = checker.run(cell, given, step=step)
    names = checker.of(cell, step=step)
    expected = re.escape(", ".join(names.results))
    with pytest.raises(NameSetError, match=rf"^cotangents: unknown h_0; expected {expected}$"):
        names.backward({"h_0": given.x}, cache)


def test_things_that_are_no_mapping(cell: Cell, step: bool) -> None:
    given = checker.example(cell, SIZES, seed=1, step=step)
    _, cache = checker.run(cell, given, step=step)
    names = checker.of(cell, step=step)
    with pytest.raises(KindError, match=r"^params: expected a mapping of names to arrays, got list$"):
        names.forward(list(given.params.values()), given.x, *given.states.values())
    with pytest.raises(KindError, match=r"^cotangents: expected a mapping of names to arrays, got ndarray$"):
        names.backward(given.cotangents["h"], cache)


def test_a_cache_of_another_pass(cell: Cell) -> None:
    given = checker.example(cell, SIZES, seed=1)
    _, cache = checker.run(cell, given)
    with pytest.raises(
        KindError, match=r"^cache: expected lstmref\..*\.StepCache, got lstmref\..*\.SequenceCache$"
    ):
        cell.step_backward({}, cache)


def test_a_cache_of_another_cell() -> None:
    given = checker.example(lstmref.cell("lstm"), SIZES, seed=1)
    _, cache = checker.run(lstmref.cell("lstm"), given)
    for other in (lstm_linear, gru, rnn):
        with pytest.raises(KindError, match=r"got lstmref\.cells\.lstm\.SequenceCache$"):
            other.backward({}, cache)


def test_sizes(cell: Cell) -> None:
    with pytest.raises(ShapeError, match=r"^D: expected a whole number >= 0, got -1$"):
        cell.parameter_shapes(**dict.fromkeys(cell.LAYOUT.letters, 2) | {"D": -1})
    with pytest.raises(KindError, match=r"^H: expected a whole number, got float$"):
        cell.parameter_shapes(**dict.fromkeys(cell.LAYOUT.letters, 2) | {"H": 2.0})


def test_errors_are_the_built_in_ones_too() -> None:
    for error, built_in in {
        ShapeError: ValueError,
        NameSetError: ValueError,
        NotFiniteError: ValueError,
        KindError: TypeError,
    }.items():
        assert issubclass(error, built_in)
        assert issubclass(error, lstmref.ArgumentError)
