"""What `lstmref` says about an example, none of it derived: values, hand-written gradients, complex-step derivatives.

For a holomorphic f, Im f(v + i s) / s is f'(v) to rounding when s is far below it, as nothing is subtracted
(squire1998). Rows of a batch do not see one another, so every entry of a state or an input is disturbed in a row of
its own and one run gives all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

import lstmref
from tests.judges.example import Array, Example, mapped
from tests.judges.shape import of_reference

ComplexArray = npt.NDArray[np.complex128]
Rows = npt.NDArray[np.intp]
STEP = 1e-30


def disturbed(values: Array) -> tuple[ComplexArray, Rows]:
    """(B, *axes) -> (B n, *axes), n entries each: a row for each, disturbed there; and each row's sample."""
    B, n = len(values), int(np.prod(values.shape[1:]))
    rows = np.repeat(np.arange(B), n)
    pushes = np.tile(np.eye(n), (B, 1)).reshape(B * n, *values.shape[1:])
    return values[rows] + 1j * STEP * pushes, rows


def derivative(loss: ComplexArray, shape: tuple[int, ...]) -> Array:
    """The derivatives that the disturbed losses, one for each entry, hold."""
    found: Array = np.asarray(loss).imag.reshape(shape) / STEP
    return found


def weighed(weights: Array, values: ComplexArray, rows: int) -> ComplexArray:
    """Σ weights · values of each row, both (rows, *axes)."""
    found: ComplexArray = (weights * values).reshape(rows, -1).sum(axis=1)
    return found


class Witness:
    """The cell of the same name in `lstmref`, run on an example.

    Raises:
        lstmref.NameSetError: there is no cell of this name.
    """

    def __init__(self, name: str, example: Example) -> None:
        self.cell, self.shape = lstmref.cell(name), of_reference(name)
        self.example = example
        self._complex: Any = mapped(example, lambda values: np.asarray(values).astype(np.complex128))
        self._results: list[Any] = []
        self._caches: list[Any] = []
        self._before = [dict(example.initial)]  # the states before each step, then those after the last
        for t in range(1, example.sizes.T + 1):
            results, cache = self._step(example.params, example.at(t), self._before[-1], example.constants)
            self._results.append(results)
            self._caches.append(cache)
            self._before.append({s: getattr(results, s) for s in self.shape.states})
        self._sequence, self._cache = self._run(
            example.params, example.given, example.initial, example.constants
        )
        self._gradients = self._backward()
        self._by_step = self._step_backward()

    def _step(self, params: Any, given: Any, before: Any, constants: Any) -> tuple[Any, Any]:
        states = {f"{s}_prev": value for s, value in before.items()}
        return self.cell.step_forward(params, **given, **states, **constants)

    def _run(self, params: Any, given: Any, initial: Any, constants: Any) -> tuple[Any, Any]:
        states = {f"{s}_0": value for s, value in initial.items()}
        return self.cell.forward(params, **given, **states, **constants)

    # Values.

    def states(self, t: int) -> dict[str, Array]:
        """The states after step t, (B, *axes) each; t = 0 gives the initial ones."""
        return self._before[t]

    def output(self, name: str, t: int) -> Array:
        """An output of step t, (B, *axes)."""
        return np.asarray(getattr(self._results[t - 1], name))

    def value(self, name: str, t: int) -> Array | None:
        """A quantity of step t, (B, *axes), or None where no result or cache of the step holds it."""
        cache = self._caches[t - 1]
        held = cache.get(name) if isinstance(cache, Mapping) else getattr(cache, name, None)
        found = getattr(self._results[t - 1], name, held)
        return found if isinstance(found, np.ndarray) else None

    def sequence_value(self, name: str, t: int) -> Array | None:
        """The same from the run over the whole sequence: the outputs of every step and the final states."""
        if name in self.shape.outputs:
            return np.asarray(getattr(self._sequence, name)[t - 1])
        final: Array | None = getattr(self._sequence, f"{name}_T", None)
        return final if t == self.example.sizes.T else None

    # Hand-written gradients.

    def _backward(self) -> dict[str, Array]:
        cotangents = {**self.example.loss, **{f"{s}_T": d for s, d in self.example.final.items()}}
        return self.cell.backward(cotangents, self._cache)

    def _step_backward(self) -> list[dict[str, Array]]:
        found: list[dict[str, Array]] = []
        arriving = dict(self.example.final)
        for t in range(self.example.sizes.T, 0, -1):
            here = {name: values[t - 1] for name, values in self.example.loss.items()}
            both = {name: here.get(name, 0) + arriving.get(name, 0) for name in {**arriving, **here}}
            gradients = self.cell.step_backward(both, self._caches[t - 1])
            arriving = {s: gradients[f"{s}_prev"] for s in self.shape.states}
            found.insert(0, gradients)
        return found

    def gradient(self, name: str, t: int | None = None) -> Array | None:
        """∂L/∂ of what `backward` gives it for; of step t where the quantity belongs to a step."""
        whole = self._gradients.get(name)
        return whole[t - 1] if whole is not None and t is not None else whole

    def step_gradient(self, name: str, t: int) -> Array | None:
        """What `step_backward` of step t gives, cotangents handed on from step T down."""
        return self._by_step[t - 1].get(name)

    # Complex-step derivatives of the forward pass.

    def loss_after(
        self,
        t: int,
        states: Mapping[str, ComplexArray],
        rows: Rows,
        push: Mapping[str, ComplexArray] | None = None,
    ) -> ComplexArray:
        """The loss of the steps after t, row by row, from the states after step t.

        push: by the name of an input, what is added to it at the next step.
        """
        given = {name: values[t:][:, rows] for name, values in self._complex.given.items()}
        for name, added in (push or {}).items():
            given[name][0] += added
        run, _ = self._run(self._complex.params, given, states, self._complex.constants)
        loss: ComplexArray = np.zeros(len(rows), np.complex128)
        for name, weights in self.example.loss.items():
            for weight, value in zip(weights[t:][:, rows], getattr(run, name), strict=True):
                loss = loss + weighed(weight, value, len(rows))
        for s, weight in self.example.final.items():
            loss = loss + weighed(weight[rows], getattr(run, f"{s}_T"), len(rows))
        return loss

    def _states(self, t: int, rows: Rows) -> dict[str, ComplexArray]:
        return {s: v[rows].astype(np.complex128) for s, v in self.states(t).items()}

    def through_state(self, name: str, t: int) -> Array:
        """∂/∂ a state after step t of the loss of the steps after it, (B, *axes)."""
        values = self.states(t)[name]
        opened, rows = disturbed(values)
        return derivative(self.loss_after(t, {**self._states(t, rows), name: opened}, rows), values.shape)

    def through_input(self, name: str, t: int) -> Array:
        """∂L/∂ an input of step t, (B, *axes)."""
        values = self.example.inputs[name][t - 1]
        opened, rows = disturbed(values)
        push = {name: opened - values[rows]}
        return derivative(self.loss_after(t - 1, self._states(t - 1, rows), rows, push), values.shape)

    def through_parameter(self, name: str) -> Array:
        """∂L/∂ a parameter, every step and sample sharing it."""
        rows = np.arange(self.example.sizes.B)
        losses = [self.loss_after(0, self._complex.initial, rows).sum() for _ in self._disturb(name)]
        return derivative(np.array(losses), self.example.params[name].shape)

    def through_parameter_of_step(self, name: str, t: int) -> Array:
        """∂L/∂ a copy of a parameter that step t alone uses."""
        B, loss = self.example.sizes.B, self.example.loss
        given, before = self._complex.at(t), self._states(t - 1, np.arange(B))
        runs = [
            self._step(self._complex.params, given, before, self._complex.constants)[0]
            for _ in self._disturb(name)
        ]
        # The steps after t have undisturbed parameters, so one run carries on from all the disturbed steps.
        rows = np.tile(np.arange(B), len(runs))
        losses = self.loss_after(t, {s: _joined(runs, s) for s in self.shape.states}, rows)
        for output, weights in loss.items():
            losses = losses + weighed(weights[t - 1][rows], _joined(runs, output), len(rows))
        return derivative(losses.reshape(len(runs), B).sum(axis=1), self.example.params[name].shape)

    def _disturb(self, name: str) -> Iterator[None]:
        """Disturb the entries of a parameter, one for each turn of the caller's loop."""
        p = self._complex.params[name]
        for index in np.ndindex(*p.shape):
            real = p[index]
            p[index] = real + 1j * STEP
            yield
            p[index] = real


def _joined(runs: list[Any], name: str) -> ComplexArray:
    return np.concatenate([getattr(run, name) for run in runs])
