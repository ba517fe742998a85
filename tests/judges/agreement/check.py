"""Does what was derived agree with what was written by hand? One checker for every formula of every cell.

The formulas are run as the recursion that they describe, forward from t = 1, backward from t = T, and each result is
compared, step by step, with what the witness of the same name in `lstmref` gives. What each kind is held against:

* forward: outputs and caches of `step_forward`, outputs of `forward`. A pre-activation is in none of them: there the
  equation that uses it is evaluated on it, and the result of that compared;
* backward: `backward`, `step_backward`, and complex-step derivatives of `forward` and `step_forward`
  ("complex-step"). Gates, pre-activations and c can be disturbed from outside of no program: there the forward
  equations themselves, run as code and opened at the quantity, are differentiated ("complex-step-inside");
* count: `parameter_shapes`.

A formula that differs is refuted and what follows goes on from the reference: no error is charged to another one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from derivations.cells import cells
from derivations.derive.formula import Formula
from derivations.language import Cell, Symbol
from derivations.language.expressions import symbols_in
from tests.judges import shape
from tests.judges.agreement.opened import Opened
from tests.judges.agreement.witness import Witness
from tests.judges.example import Array, Example, Sizes, draw
from tests.judges.forward import Forward, UnlikeError
from tests.judges.printed import value

TOLERANCE = 1e-12  # of the norm of what is compared: one quantity at one step in all samples, or one gradient

Values = dict[str, Any]
References = dict[str, Array]


@dataclass
class Finding:
    """What was found of one formula: its worst relative error, against what, and where it was first too large."""

    worst: float = 0.0
    against: list[str] = field(default_factory=list)
    through: str = ""  # the quantity by which one is compared that the witness does not show
    where: str = ""

    @property
    def agrees(self) -> bool:
        return bool(self.against) and self.worst <= TOLERANCE


def error(found: Any, expected: Array) -> float:
    """The norm of the difference over the norm expected; inf for another shape, or where that is undefined."""
    found = np.asarray(found)
    if found.shape != expected.shape or not (np.isfinite(found).all() and np.isfinite(expected).all()):
        return float("inf")
    difference, size = float(np.linalg.norm(found - expected)), float(np.linalg.norm(expected))
    if size == 0:
        return 0.0 if difference == 0 else float("inf")
    return difference / size


def check(name: str, formulas: Sequence[Formula], sizes: Sizes, seed: int) -> dict[str, Finding]:
    """Compare the formulas of one cell, in the order in which one computes them, on one random example.

    Raises:
        lstmref.NameSetError: the cell has no witness.
        UnlikeError: the witness is given, carries or shows other things than the forward equations.
    """
    example, witness = witnessed(name, sizes, seed)
    with np.errstate(all="ignore"):  # a wrong formula may take the logarithm of a negative
        return _Run(cells()[name], formulas, example, witness).findings


def witnessed(
    name: str, sizes: Sizes, seed: int, drawn: Callable[[int], Example] | None = None
) -> tuple[Example, Witness]:
    """An example with what the reference says of it, the first of those drawn that is fit.

    drawn: gives the example of a number; without it one is drawn by what the reference is given and carries.

    Raises:
        lstmref.NameSetError: the cell has no witness.
        UnlikeError: the witness is given, carries or shows other things than the forward equations, or no example fits.
    """
    said = shape.of_reference(name)
    cell = cells()[name]
    _refuse_unlike(cell, said)
    parameters = shape.parameter_shapes(name, sizes.of)

    def seeded(number: int) -> Example:
        # The first by the seed alone, as a reader of a report would draw it.
        return draw(np.random.default_rng([seed, number] if number else seed), sizes, parameters, said)

    example = Forward(cell, sizes).fit(drawn or seeded)
    return example, Witness(name, example)


def _refuse_unlike(cell: Cell, said: shape.Shape) -> None:
    derived = shape.of_derived(cell)
    for part in ("inputs", "data", "constants", "states", "outputs"):
        ours, theirs = dict(getattr(derived, part)), dict(getattr(said, part))
        if ours != theirs:
            raise UnlikeError(f"{cell.name}: {part}: derived {ours}, lstmref {theirs}")


class _Run:
    """One pass over the formulas of a cell."""

    def __init__(self, cell: Cell, formulas: Sequence[Formula], example: Example, witness: Witness) -> None:
        self.cell, self.example, self.witness = cell, example, witness
        self.opened = Opened(cell, example, self.witness)
        self.findings = {f.id: Finding() for f in formulas}
        constant = {**example.sizes.of, **example.constant}  # a size may stand in a formula
        self._constant = set(constant)
        T, B = example.sizes.T, example.sizes.B
        self._values: list[list[Values]] = [[dict(constant) for _ in range(B)] for _ in range(T)]
        for t in range(1, T + 1):
            self._forward_step(t, [f for f in formulas if f.pass_ == "forward"])
        backward = [f for f in formulas if f.pass_ == "backward"]
        for t in range(T, 0, -1):
            self._backward_step(t, [f for f in backward if not _once(f)])
        for f in backward:
            if _once(f):
                self._backward_once(f)
        for f in formulas:
            if f.pass_ == "count":
                self._count(f)

    def _at(self, t: int) -> list[Values]:
        """What is known at step t, sample by sample."""
        return self._values[t - 1]

    def _keep(self, t: int, name: str, values: Any) -> None:
        for at, v in zip(self._at(t), values, strict=True):
            at[name] = v

    def _evaluate(self, f: Formula, where: Sequence[Values]) -> Any:
        """The right side in each sample; NaN where its arrays do not even fit."""
        try:
            return np.array([value(f.right, at) for at in where])
        except ValueError:
            return np.array(np.nan)

    def _judge(self, f: Formula, found: Any, references: References, where: str) -> bool:
        finding = self.findings[f.id]
        agrees = bool(references)
        for against, expected in references.items():
            off = error(found, expected)
            finding.worst = max(finding.worst, off)
            if against not in finding.against:
                finding.against.append(against)
            if off > TOLERANCE:
                agrees = False
                finding.where = finding.where or f"{where}: off by {off:.1e} from {against}"
        return agrees

    # Forward.

    def _forward_step(self, t: int, formulas: Sequence[Formula]) -> None:
        for name, values in self.example.at(t).items():
            self._keep(t, name, values)
        for s in self.cell.states:
            before = self.example.initial[s.name] if t == 1 else [at[s.name] for at in self._at(t - 1)]
            self._keep(t, s.previous.name, before)
        for f in formulas:
            found, name = self._evaluate(f, self._at(t)), f.left.name
            stepped, whole = self.witness.value(name, t), self.witness.sequence_value(name, t)
            references: References = {}
            if stepped is not None:
                references["lstmref.step_forward"] = stepped
            if whole is not None:
                references["lstmref.forward"] = whole
            if references:
                agrees = self._judge(f, found, references, f"t = {t}")
                self._keep(t, name, found if agrees else next(iter(references.values())))
            else:
                self._through_user(f, found, t)

    def _through_user(self, f: Formula, found: Any, t: int) -> None:
        """A quantity that the witness does not show is judged by the first that it shows and that follows from it."""
        name = f.left.name
        where = [{**at, name: v} for at, v in zip(self._at(t), np.atleast_1d(found), strict=False)]
        follows = {name}
        for equation in self.cell.steps:
            left, read = equation.left.name, {n.name for n in symbols_in(equation.right.node)}
            if left == name or not read & follows:
                continue
            follows.add(left)
            user = Formula(self.cell.name, "forward", left, equation.left, equation.right.node, {}, ())
            result, shown = self._evaluate(user, where), self.witness.value(left, t)
            if shown is None:
                where = [{**at, left: v} for at, v in zip(where, np.atleast_1d(result), strict=False)]
                continue
            agrees = self._judge(f, result, {"lstmref.step_forward": shown}, f"t = {t}")
            self.findings[f.id].through = left
            if agrees:
                self._keep(t, name, found)
            break
        if any(name not in at for at in self._at(t)):  # what follows goes on from what the equations say
            equation = next(e for e in self.cell.steps if e.left.name == name)
            own = Formula(self.cell.name, "forward", name, equation.left, equation.right.node, {}, ())
            self._keep(t, name, self._evaluate(own, self._at(t)))

    # Backward.

    def _backward_step(self, t: int, formulas: Sequence[Formula]) -> None:
        last = t == self.example.sizes.T
        for name, values in self.example.loss.items():
            self._keep(t, shape.loss_of(name), values[t - 1])
        for s in self.cell.states:
            sent = None if last else [at[f"d{s.previous.name}"] for at in self._at(t + 1)]
            self._keep(t, shape.arriving(s.name), self.example.final[s.name] if sent is None else sent)
        for f in formulas:
            of, found = shape.of(f), self._evaluate(f, self._at(t))
            if of.role == "parameter":
                self._judge(f, _total(found), self._parameter_of_step(of, t), f"t = {t}")
                continue
            references = self._references(of, t)
            agrees = self._judge(f, found, references, f"t = {t}")
            self._keep(t, f.left.name, found if agrees else next(iter(references.values())))

    def _references(self, of: Symbol, t: int) -> References:
        """What ∂L/∂v of step t is compared with, (B, *axes) each."""
        if of.role == "input":
            found = {"complex-step": self.witness.through_input(of.name, t)}
        elif of.role == "previous-state":
            state = shape.state_of(self.cell, of)
            found = {"complex-step": self.witness.through_state(state, t - 1)}
        else:
            found = {"complex-step-inside": self.opened.through(of.name, t)}
            if of.role == "state" and of.name in self.example.final and not self._used_in_step(of):
                after = self.witness.through_state(of.name, t)
                read = self.example.loss.get(of.name)
                found["complex-step"] = after if read is None else after + read[t - 1]
        by_hand = {
            "lstmref.backward": self.witness.gradient(of.name, t) if of.role == "input" else None,
            "lstmref.step_backward": self.witness.step_gradient(of.name, t),
        }
        return found | {against: g for against, g in by_hand.items() if g is not None}

    def _used_in_step(self, of: Symbol) -> bool:
        return any(n.name == of.name for e in self.cell.steps for n in symbols_in(e.right.node))

    def _parameter_of_step(self, of: Symbol, t: int) -> References:
        found = {"complex-step": self.witness.through_parameter_of_step(of.name, t)}
        by_hand = self.witness.step_gradient(of.name, t)
        return found | ({} if by_hand is None else {"lstmref.step_backward": by_hand})

    def _backward_once(self, f: Formula) -> None:
        """The gradient of an initial state, from values at t = 1, or of a parameter, from all steps."""
        of = shape.of(f)
        by_hand = self.witness.gradient(of.name)
        if of.role == "parameter":
            truth = self.witness.through_parameter(of.name)
            found = _total(self._evaluate(f, [self._stacked(b) for b in range(self.example.sizes.B)]))
        else:
            truth = self.witness.through_state(shape.state_of(self.cell, of), 0)
            found = self._evaluate(f, [self._first(at) for at in self._at(1)])
        references = {"complex-step": truth} | ({} if by_hand is None else {"lstmref.backward": by_hand})
        self._judge(f, found, references, "the sequence")

    def _stacked(self, b: int) -> Values:
        """What one sample knows, stacked in time, (T, n); a parameter as it is."""
        steps = [self._at(t + 1)[b] for t in range(self.example.sizes.T)]
        return {n: v if n in self._constant else np.stack([s[n] for s in steps]) for n, v in steps[0].items()}

    def _first(self, at: Values) -> Values:
        """What is known at t = 1 under the names that a formula about the first step uses."""
        names = shape.at_first(self.cell, self._constant, at)
        return {names[n]: v for n, v in at.items()}

    def _count(self, f: Formula) -> None:
        sizes = self.example.sizes.of
        shapes = shape.parameter_shapes(self.cell.name, sizes)
        total = sum(int(np.prod(of)) for of in shapes.values())
        self._judge(f, float(value(f.right, sizes)), {"lstmref.parameter_shapes": np.array(float(total))}, "")


def _once(f: Formula) -> bool:
    """Whether a formula is about the whole sequence and not about a step."""
    return shape.is_initial(f) or shape.is_total(f)


def _total(found: Any) -> Any:
    """A parameter's gradient over the samples, which share it."""
    return found.sum(axis=0) if np.ndim(found) else found
