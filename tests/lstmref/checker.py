"""The one checker of backward passes: complex-step differentiation of a cell's own forward pass.

For a holomorphic f, f(v + i s) = f(v) + i s f'(v) + O(s**2). With s = 1e-30 the quadratic term is far below
rounding and, unlike in a difference quotient, nothing is subtracted: Im f(v + i s) / s is the derivative to
rounding (squire1998). Every entry of every argument is perturbed by itself.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies

from lstmref import Cell
from lstmref.check import Array
from lstmref.layout import Axes, shapes

STEP = 1e-30
TOLERANCE = 1e-12  # of the largest entry of the same gradient


class Sizes(NamedTuple):
    """How many steps, sequences, inputs and hidden units; every other axis of a cell is a little larger than H."""

    T: int
    B: int
    D: int
    H: int

    def of(self, cell: Cell) -> dict[str, int]:
        """The size of every letter of the cell's layout, and T and B."""
        others = [letter for letter in cell.LAYOUT.letters if letter not in self._fields]
        return self._asdict() | {letter: self.H and self.H + 1 + k for k, letter in enumerate(others)}


class Pass(NamedTuple):
    """One of a cell's two pairs of functions, and the axes of what they take, after params, and give."""

    forward: Callable[..., tuple[Any, Any]]
    backward: Callable[..., dict[str, Array]]
    arguments: dict[str, Axes]
    results: dict[str, Axes]


@dataclass(frozen=True)
class Example:
    """Arguments of a forward pass, in order, and cotangents on all of its outputs."""

    params: dict[str, Array]
    given: dict[str, Array]
    cotangents: dict[str, Array]

    @property
    def x(self) -> Array:
        """The first argument, which says of what dtype all is."""
        return next(iter(self.given.values()))

    @property
    def states(self) -> dict[str, Array]:
        """The initial states, or those before the step."""
        return {name: value for name, value in self.given.items() if name.endswith(("_0", "_prev"))}

    def replace(self, **parts: Any) -> "Example":
        """The example with other parts: params, given, cotangents; or x or states for those of `given`."""
        given = dict(parts.pop("given", self.given))
        if "x" in parts:
            given[next(iter(given))] = parts.pop("x")
        return replace(self, given=given | parts.pop("states", {}), **parts)

    def arrays(self) -> dict[str, Array]:
        """Every argument of the forward pass, under the name of its gradient if it has one."""
        return {**self.given, **self.params}


# T >= 3, B >= 2 and D != H: each slip known from the literature survives a weaker check. H >= 2 gives every
# gradient two entries or more: a single one may cancel nearly to zero, and then rounding alone exceeds the
# relative tolerance.
SIZES = strategies.builds(
    Sizes,
    T=strategies.integers(3, 4),
    B=strategies.integers(2, 3),
    D=strategies.integers(1, 4),
    H=strategies.integers(2, 4),
).filter(lambda sizes: sizes.D != sizes.H)
SEEDS = strategies.integers(0, 2**32 - 1)


def of(cell: Cell, *, step: bool) -> Pass:
    """The step functions of a cell, or those for sequences."""
    arguments, results = cell.LAYOUT.arguments(time=not step), cell.LAYOUT.results(time=not step)
    if step:
        return Pass(cell.step_forward, cell.step_backward, arguments, results)
    return Pass(cell.forward, cell.backward, arguments, results)


def parameter_shapes(cell: Cell, sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """The shapes of the parameters at these sizes."""
    every = sizes.of(cell)
    return cell.parameter_shapes(**{letter: every[letter] for letter in cell.LAYOUT.letters})


def example(
    cell: Cell, sizes: Sizes, seed: int, *, step: bool = False, dtype: type[Any] = np.float64
) -> Example:
    """Random arguments, none of them zero or alike, and a random cotangent on every output."""
    rng, every, names = np.random.default_rng(seed), sizes.of(cell), of(cell, step=step)

    def draw(axes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
        found = {}
        for name, shape in axes.items():
            values = rng.normal(0, 0.7, shape)
            if np.issubdtype(dtype, np.complexfloating):
                values = values + 0.1j * rng.normal(0, 0.7, shape)
            found[name] = np.asarray(values).astype(dtype)
        return found

    return Example(
        draw(parameter_shapes(cell, sizes)),
        draw(shapes(names.arguments, every)),
        draw(shapes(names.results, every)),
    )


def run(cell: Cell, given: Example, *, step: bool = False) -> tuple[Any, Any]:
    """The forward pass on an example: outputs and cache."""
    return of(cell, step=step).forward(given.params, *given.given.values())


def gradients(cell: Cell, given: Example, *, step: bool = False) -> dict[str, Array]:
    """The cell's own gradients on an example."""
    _, cache = run(cell, given, step=step)
    return of(cell, step=step).backward(given.cotangents, cache)


def loss(cell: Cell, given: Example, *, step: bool = False) -> Any:
    """The scalar whose gradients the cotangents ask for: the sum of cotangent times output."""
    outputs, _ = run(cell, given, step=step)
    return sum((cotangent * getattr(outputs, name)).sum() for name, cotangent in given.cotangents.items())


def complex_step(cell: Cell, given: Example, *, step: bool = False) -> dict[str, Array]:
    """All gradients of `loss` by complex-step differentiation; data and constants have none."""
    at = Example(
        {name: value.astype(np.complex128) for name, value in given.params.items()},
        {name: value.astype(np.complex128) for name, value in given.given.items()},
        given.cotangents,
    )
    silent = {*cell.LAYOUT.data, *cell.LAYOUT.constants}
    derivatives = {}
    for name, value in at.arrays().items():
        if name in silent:
            continue
        derivative = np.empty(value.shape)
        for index in np.ndindex(*value.shape):
            real = value[index]
            value[index] = real + 1j * STEP
            derivative[index] = loss(cell, at, step=step).imag / STEP
            value[index] = real
        derivatives[name] = derivative
    return derivatives


def differences(found: Mapping[str, Array], expected: Mapping[str, Array]) -> Iterator[tuple[str, float]]:
    """The largest error of each gradient, relative to its largest entry; inf where names or shapes differ.

    Where all entries are 0 (a relu may cut everything off), only 0 has no error.
    """
    for name in {**expected, **found}:
        if name not in found or name not in expected or found[name].shape != expected[name].shape:
            yield name, float("inf")
        else:
            error, largest = np.abs(found[name] - expected[name]).max(), np.abs(expected[name]).max()
            yield name, float(error / largest) if largest else 0.0 if error == 0 else float("inf")


def wrong(
    cell: Cell,
    sizes: Sizes,
    seed: int,
    *,
    step: bool = False,
    backward: Callable[..., dict[str, Array]] | None = None,
) -> dict[str, float]:
    """The gradients of `backward` (by default the cell's own) that are off by more than TOLERANCE.

    A gradient that is 0 throughout counts as wrong: an example that has it shows nothing.
    """
    given = example(cell, sizes, seed, step=step)
    _, cache = run(cell, given, step=step)
    found = (backward or of(cell, step=step).backward)(given.cotangents, cache)
    expected = complex_step(cell, given, step=step)
    errors = differences(found, expected)
    shown = {name for name, value in expected.items() if value.any()}
    return {name: error for name, error in errors if not (error <= TOLERANCE and name in shown)}


def check_gradients(cell: Cell, sizes: Sizes, seed: int, *, step: bool = False) -> None:
    """Raise AssertionError, naming them, if gradients of the cell are not their complex-step derivatives."""
    failures = wrong(cell, sizes, seed, step=step)
    if failures:
        raise AssertionError(f"{sizes}, seed {seed}: relative errors {failures}")
