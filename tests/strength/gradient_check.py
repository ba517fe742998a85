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
from tests.agreement.example import Array
from tests.strength.compiled import Statement, statement
from tests.strength.configurations import Configuration
from tests.strength.recursion import Recursion, whole
from tests.strength.reference import reference


class BrokenCheckError(RuntimeError):
    """The pass without any replacement is refused already, so that the check would tell nothing."""


def is_total(f: Formula) -> bool:
    """Whether a formula gives the gradient of a parameter over all steps."""
    of = f.left.cotangent_of
    return f.pass_ == "backward" and of is not None and of.role == "parameter" and not f.left.through


def is_of_step(f: Formula) -> bool:
    """Whether a formula is computed in every step of the backward pass."""
    of = f.left.cotangent_of
    return f.pass_ == "backward" and of is not None and of.role not in {"parameter", "initial-state"}


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
        self._forward = self._forward_pass()
        self._backward = self._backward_pass()
        self.constant: Mapping[str, Array] = self.right.example.params
        # Every quantity of the unbroken passes at every step, (T, B, n).
        self.values = self._given() | self._backward.values
        self._totals = [statement(f.left.name, f.right) for f in self._formulas if is_total(f)]
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
        replaced = statement(f.left.name, f.right)
        if f.pass_ == "forward":
            return self._outputs_differ(replaced)
        if is_total(f):
            return self._differs(
                f.left.name.removeprefix("d"), replaced.value(whole(self.values, self.constant))
            )
        return self._gradients_differ(replaced)

    # The passes.

    def _forward_pass(self) -> Recursion:
        given, T = self.right.example, self.configuration.T
        return Recursion(
            [statement(e.left.name, e.right.node) for e in self.cell.steps],
            {s.previous.name: s.name for s in self.cell.states},
            {s.previous.name: given.initial[s.name] for s in self.cell.states},
            {"x": given.x},
            given.params,
            range(T),
        )

    def _backward_pass(self) -> Recursion:
        given, T = self.right.example, self.configuration.T
        return Recursion(
            [statement(f.left.name, f.right) for f in self._formulas if is_of_step(f)],
            {f"d{s.name}_next": f"d{s.previous.name}" for s in self.cell.states},
            {f"d{s.name}_next": given.final[s.name] for s in self.cell.states},
            self._given(),
            given.params,
            range(T - 1, -1, -1),
        )

    def _given(self) -> dict[str, Array]:
        """What the backward pass knows before it starts."""
        example = self.right.example
        return {**self._forward.values, "x": example.x, f"d{self.cell.output.name}_loss": example.loss}

    # What is compared, and with what.

    def _allowed(self, expected: Array) -> float:
        c = self.configuration
        return c.rtol * float(np.linalg.norm(expected)) + c.atol * float(np.sqrt(expected.size))

    def _differs(self, name: str, found: Array) -> bool:
        """Whether the gradient of this name is not the right one; a NaN is not."""
        expected = self.right.gradients[name]
        return not float(np.linalg.norm(found - expected)) <= self._allowed(expected)

    def _outputs_differ(self, replaced: Statement) -> bool:
        shown, off = self.cell.output.name, 0.0
        allowed = self._allowed(self.right.states[shown])
        changes: Mapping[str, Array] = {}
        for t, changes in self._forward.again(replaced):
            if shown in changes:
                off = float(np.hypot(off, np.linalg.norm(changes[shown] - self.right.states[shown][t])))
            if not off <= allowed:
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
            self._differs(total.left.removeprefix("d"), total.value(read))
            for total in self._totals
            if not total.reads.isdisjoint(names)
        )

    def _refuse_if_broken(self) -> None:
        """The unbroken passes agree with the reference, far within any tolerance, or nothing that follows counts."""
        pairs = [
            (f"forward.{name}", self._forward.values[name], right)
            for name, right in self.right.states.items()
        ]
        gradients = {s.name: self.values[f"d{s.name}"] for s in self.cell.inputs}
        gradients |= {s.initial.name: self.values[f"d{s.previous.name}"][0] for s in self.cell.states}
        read = whole(self.values, self.constant)
        gradients |= {total.left.removeprefix("d"): total.value(read) for total in self._totals}
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
