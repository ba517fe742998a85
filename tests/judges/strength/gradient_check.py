"""The check that people do in practice: the gradients that a backward pass returns, against the right ones.

The derived formulas of a cell are run as one pass over a batch, with one formula replaced by another; only what such
a pass returns is compared: ∂L/∂x of every step, of the initial states, and of every parameter, summed over time and
batch. A forward formula is replaced in the forward pass, and its outputs compared: h of every step, the final states.
Gates and pre-activations are seen by nobody: whether a mistake in them shows depends on the configuration.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from derivations.cells import cells
from derivations.derive.catalogue import of_cell
from derivations.derive.formula import Formula
from tests.judges import shape
from tests.judges.example import Array
from tests.judges.shape import is_of_step, is_total, parameter_of
from tests.judges.strength.configurations import Configuration
from tests.judges.strength.recursion import Recursion, whole
from tests.judges.strength.reference import reference
from tests.judges.values import Context, Statement, statement


class BrokenCheckError(RuntimeError):
    """The pass without any replacement is refused already, so that the check would tell nothing."""


def applies(f: Formula) -> bool:
    """Whether a formula is part of a pass that is checked.

    A parameter's contribution of one step is not, as the pass sums at once; nor is the gradient of an initial state,
    as the pass takes that of the previous state at t = 1; nor is a count.
    """
    return f.pass_ == "forward" or is_total(f) or is_of_step(f)


class GradientCheck:
    """The formulas of a cell as a forward and a backward pass on one configuration.

    Raises:
        lstmref.NameSetError: `lstmref` has no cell of this name.
        BrokenCheckError: the derived formulas themselves fail.
    """

    def __init__(self, cell: str, c: Configuration, seed: int = 0) -> None:
        self.cell, self.configuration = cells()[cell], c
        self.right = reference(cell, c, seed)
        self._formulas = of_cell(cell)
        self._context = Context(self.right.sizes, shape.names(self.cell))
        self._forward = self._forward_pass()
        self._backward = self._backward_pass()
        self.constant: Mapping[str, Array] = self.right.constant
        # Every quantity of the unbroken passes at every step, (T, B, m, n).
        self.values = self._given() | self._backward.values
        self._totals = {parameter_of(f): self.statement(f) for f in self._formulas if is_total(f)}
        self._refuse_if_broken()

    def catches(self, f: Formula) -> bool:
        """Whether the check refuses the pass with this formula in place of the one with the same left side.

        Raises:
            ValueError: the formula is no part of a pass that is checked.
        """
        if not applies(f):
            raise ValueError(
                f"{f.id}: expected a formula of the forward or backward pass, got one that it leaves out"
            )
        replaced = self.statement(f)
        if f.pass_ == "forward":
            return self._outputs_differ(replaced)
        if is_total(f):
            return self._differs(parameter_of(f), replaced.value(whole(self.values, self.constant)))
        return self._gradients_differ(replaced)

    def statement(self, f: Formula) -> Statement:
        """A formula as a function of arrays of this configuration's sizes."""
        return statement(f.left.name, f.right, self._context)

    # The passes.

    def _forward_pass(self) -> Recursion:
        return Recursion(
            [statement(e.left.name, e.right.node, self._context) for e in self.cell.steps],
            {s.previous.name: s.name for s in self.cell.states},
            {s.previous.name: self.right.initial[s.name] for s in self.cell.states},
            self.right.given,
            self.right.constant,
            range(self.configuration.T),
        )

    def _backward_pass(self) -> Recursion:
        return Recursion(
            [self.statement(f) for f in self._formulas if is_of_step(f)],
            {shape.arriving(s.name): f"d{s.previous.name}" for s in self.cell.states},
            {shape.arriving(s.name): self.right.final[s.name] for s in self.cell.states},
            self._given(),
            self.right.constant,
            range(self.configuration.T - 1, -1, -1),
        )

    def _given(self) -> dict[str, Array]:
        """What the backward pass knows before it starts."""
        loss = {shape.loss_of(name): values for name, values in self.right.loss.items()}
        return {**self._forward.values, **self.right.given, **loss}

    # What is compared, and with what.

    def _allowed(self, expected: Array) -> float:
        c = self.configuration
        return c.rtol * float(np.linalg.norm(expected)) + c.atol * float(np.sqrt(expected.size))

    def _differs(self, name: str, found: Array) -> bool:
        """Whether the gradient of this name is not the right one; a NaN is not."""
        expected = self.right.gradients[name]
        return not float(np.linalg.norm(found - expected)) <= self._allowed(expected)

    def _outputs_differ(self, replaced: Statement) -> bool:
        off = dict.fromkeys(self.right.outputs, 0.0)
        changes: Mapping[str, Array] = {}
        for t, changes in self._forward.again(replaced):
            for name, right in self.right.outputs.items():
                if name in changes:
                    off[name] = float(np.hypot(off[name], np.linalg.norm(changes[name] - right[t])))
                if not off[name] <= self._allowed(right):
                    return True
        for s in self.cell.states:
            final = self.right.states[s.name][-1]
            found = changes.get(s.name)
            if found is not None and not float(np.linalg.norm(found - final)) <= self._allowed(final):
                return True
        return False

    def _gradients_differ(self, replaced: Statement) -> bool:
        changed: dict[int, Mapping[str, Array]] = {}
        off = {s.name: 0.0 for s in self.cell.inputs}
        changes: Mapping[str, Array] = {}
        for t, changes in self._backward.again(replaced):
            changed[t] = changes
            for name in off:
                if f"d{name}" in changes:
                    error = np.linalg.norm(changes[f"d{name}"] - self.right.gradients[name][t])
                    off[name] = float(np.hypot(off[name], error))
                if not off[name] <= self._allowed(self.right.gradients[name]):
                    return True
        for s in self.cell.states:
            sent = changes.get(f"d{s.previous.name}")
            if sent is not None and self._differs(s.initial.name, sent):
                return True
        return self._totals_differ(changed)

    def _totals_differ(self, changed: Mapping[int, Mapping[str, Array]]) -> bool:
        """The parameters' gradients, from what the steps now say."""
        names = {name for changes in changed.values() for name in changes}
        values = dict(self.values)
        for name in names:
            values[name] = np.stack(
                [changed[t].get(name, self.values[name][t]) for t in range(self.configuration.T)]
            )
        read = whole(values, self.constant)
        return any(
            self._differs(name, total.value(read))
            for name, total in self._totals.items()
            if not total.reads.isdisjoint(names)
        )

    def _refuse_if_broken(self) -> None:
        """The unbroken passes agree with the reference, far within any tolerance, or nothing that follows counts."""
        pairs = [
            (f"forward.{name}", self._forward.values[name], right)
            for name, right in {**self.right.states, **self.right.outputs}.items()
        ]
        gradients = {s.name: self.values[f"d{s.name}"] for s in self.cell.inputs}
        gradients |= {s.initial.name: self.values[f"d{s.previous.name}"][0] for s in self.cell.states}
        read = whole(self.values, self.constant)
        gradients |= {name: total.value(read) for name, total in self._totals.items()}
        if gradients.keys() != self.right.gradients.keys():
            raise BrokenCheckError(
                f"{self.cell.name}: expected gradients of {', '.join(self.right.gradients)}, got {', '.join(gradients)}"
            )
        pairs += [
            (f"backward.{name}", found, self.right.gradients[name]) for name, found in gradients.items()
        ]
        for name, found, right in pairs:
            off, size = float(np.linalg.norm(found - right)), float(np.linalg.norm(right))
            if not off <= 1e-11 * size:
                where = f"{self.cell.name}.{name} on {self.configuration.name}"
                raise BrokenCheckError(
                    f"{where}: expected an error of at most 1e-11 of {size:.1e}, got {off:.1e}"
                )
