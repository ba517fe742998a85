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
from tests.agreement.example import Array, Example

ComplexArray = npt.NDArray[np.complex128]
STEP = 1e-30


def disturbed(values: Array) -> tuple[ComplexArray, npt.NDArray[np.intp]]:
    """(B, n) -> (B n, n): a row for each entry, in which that entry is disturbed; and the sample of each row."""
    B, n = values.shape
    rows = np.repeat(np.arange(B), n)
    return values[rows] + 1j * STEP * np.tile(np.eye(n), (B, 1)), rows


def derivative(loss: ComplexArray, shape: tuple[int, ...]) -> Array:
    """The derivatives that the disturbed losses, one for each entry, hold."""
    found: Array = np.asarray(loss).imag.reshape(shape) / STEP
    return found


class Witness:
    """The cell of the same name in `lstmref`, run on an example.

    Raises:
        lstmref.NameSetError: there is no cell of this name.
    """

    def __init__(self, name: str, example: Example) -> None:
        self.cell = lstmref.cell(name)
        self.example = example
        self._complex_params = {n: p.astype(np.complex128) for n, p in example.params.items()}
        self._outputs: list[Any] = []
        self._caches: list[Any] = []
        self._before = [dict(example.initial)]  # the states before each step, then those after the last
        for x in example.x:
            outputs, cache = self.cell.step_forward(example.params, x, *self._before[-1].values())
            self._outputs.append(outputs)
            self._caches.append(cache)
            self._before.append({s: getattr(outputs, s) for s in self.cell.STATES})
        self._sequence, self._cache = self.cell.forward(example.params, example.x, *example.initial.values())
        self._gradients = self._backward()
        self._by_step = self._step_backward()

    # Values.

    def states(self, t: int) -> dict[str, Array]:
        """The states after step t, (B, H) each; t = 0 gives the initial ones."""
        return self._before[t]

    def value(self, name: str, t: int) -> Array | None:
        """A quantity of step t, (B, H), or None where no output or cache of the step holds it."""
        found: Array | None = getattr(self._outputs[t - 1], name, getattr(self._caches[t - 1], name, None))
        return found

    def sequence_value(self, name: str, t: int) -> Array | None:
        """The same from the run over the whole sequence, which returns h of every step and the final states."""
        if name == "h":
            return np.asarray(self._sequence.h[t - 1])
        final: Array | None = getattr(self._sequence, f"{name}_T", None)
        return final if t == self.example.sizes.T else None

    # Hand-written gradients.

    def _backward(self) -> dict[str, Array]:
        cotangents = {"h": self.example.loss, **{f"{s}_T": d for s, d in self.example.final.items()}}
        return self.cell.backward(cotangents, self._cache)

    def _step_backward(self) -> list[dict[str, Array]]:
        found: list[dict[str, Array]] = []
        arriving = dict(self.example.final)
        for loss, cache in zip(reversed(self.example.loss), reversed(self._caches), strict=True):
            gradients = self.cell.step_backward({**arriving, "h": loss + arriving["h"]}, cache)
            arriving = {s: gradients[f"{s}_prev"] for s in self.cell.STATES}
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
        rows: npt.NDArray[np.intp],
        dx: ComplexArray | float = 0,
    ) -> ComplexArray:
        """The loss of the steps after t, row by row, from the states after step t; dx disturbs the next input."""
        x = self.example.x[t:][:, rows].astype(np.complex128)
        x[:1] += dx
        outputs, _ = self.cell.forward(self._complex_params, x, *(np.asarray(s) for s in states.values()))
        loss: ComplexArray = (self.example.loss[t:][:, rows] * outputs.h).sum(axis=(0, 2))
        for s, d in self.example.final.items():
            loss = loss + (d[rows] * getattr(outputs, f"{s}_T")).sum(axis=1)
        return loss

    def through_state(self, name: str, t: int) -> Array:
        """∂/∂ a state after step t of the loss of the steps after it, (B, H)."""
        values = self.states(t)
        opened, rows = disturbed(values[name])
        states = {s: opened if s == name else v[rows].astype(np.complex128) for s, v in values.items()}
        return derivative(self.loss_after(t, states, rows), values[name].shape)

    def through_input(self, t: int) -> Array:
        """∂L/∂x_t, (B, D)."""
        x = self.example.x[t - 1]
        opened, rows = disturbed(x)
        states = {s: v[rows].astype(np.complex128) for s, v in self.states(t - 1).items()}
        return derivative(self.loss_after(t - 1, states, rows, opened - x[rows]), x.shape)

    def through_parameter(self, name: str) -> Array:
        """∂L/∂ a parameter, every step and sample sharing it."""
        rows = np.arange(self.example.sizes.B)
        initial = {s: v.astype(np.complex128) for s, v in self.example.initial.items()}
        losses = [self.loss_after(0, initial, rows).sum() for _ in self._disturb(name)]
        return derivative(np.array(losses), self.example.params[name].shape)

    def through_parameter_of_step(self, name: str, t: int) -> Array:
        """∂L/∂ a copy of a parameter that step t alone uses."""
        B, loss_t = self.example.sizes.B, self.example.loss[t - 1]
        x = self.example.x[t - 1].astype(np.complex128)
        before = [v.astype(np.complex128) for v in self.states(t - 1).values()]
        runs = [self.cell.step_forward(self._complex_params, x, *before)[0] for _ in self._disturb(name)]
        # The steps after t have undisturbed parameters, so one run carries on from all the disturbed steps.
        states = {s: np.concatenate([getattr(r, s) for r in runs]) for s in self.cell.STATES}
        rows = np.tile(np.arange(B), len(runs))
        losses = self.loss_after(t, states, rows) + (loss_t[rows] * states["h"]).sum(axis=1)
        return derivative(losses.reshape(len(runs), B).sum(axis=1), self.example.params[name].shape)

    def _disturb(self, name: str) -> Iterator[None]:
        """Disturb the entries of a parameter, one for each turn of the caller's loop."""
        p = self._complex_params[name]
        for index in np.ndindex(*p.shape):
            real = p[index]
            p[index] = real + 1j * STEP
            yield
            p[index] = real
