"""What the formulas of every cell keep to, whatever the cell is."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from derivations.cells import cells
from derivations.derive.catalogue import of_cell
from derivations.derive.formula import canonical
from derivations.derive.reverse import accumulate, uses
from derivations.derive.rewrite import readable
from derivations.derive.table import table
from derivations.language import Cell
from derivations.mutants.generate import mutants
from tests.judges.example import draw, lettered
from tests.judges.forward import Forward
from tests.judges.functions import ENTRYWISE
from tests.judges.shape import letters, names, of_derived, parameter_axes
from tests.judges.values import Context, compiled, number


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise by discovery, so that no test can forget a derived."""
    if "derived" in metafunc.fixturenames:
        metafunc.parametrize("derived", cells().values(), ids=cells().keys())


def test_it_has_every_formula_that_it_needs(derived: Cell) -> None:
    found = [f"{f.pass_}.{f.quantity}" for f in of_cell(derived.name)]
    needed = {f"forward.{s.name}" for s in derived.quantities} | {
        f"backward.{s.name}" for s in derived.quantities
    }
    needed |= {f"backward.{s.name}" for s in (*derived.inputs, *derived.parameters)}
    needed |= {f"backward.{p.name}_t" for p in derived.parameters}
    needed |= {f"backward.{name}" for s in derived.states for name in (s.previous.name, s.initial.name)}
    needed |= {"count.parameters"} if derived.parameters else set()
    assert sorted(found) == sorted(needed)
    # The author's equations first, in the author's order.
    forward = [f.quantity for f in of_cell(derived.name) if f.pass_ == "forward"]
    assert forward[: len(derived.equations)] == [e.left.name for e in derived.equations]


def test_each_formula_uses_only_what_is_known_by_then(derived: Cell) -> None:
    """The order of the formulas is one in which they can be computed; a name at t = 1 is known once t = 1 is done."""
    given = (*derived.inputs, *derived.data, *derived.constants, *derived.parameters)
    known = {s.name for s in given} | {s.previous.name for s in derived.states}
    known |= {f"d{s.name}_next" for s in derived.states} | {f"d{s.name}_loss" for s in derived.outputs}
    first = {s.initial.name for s in derived.states}
    for f in of_cell(derived.name):
        if f.pass_ == "count":
            continue
        needed = {s.name for s in f.used[1:]}
        assert needed <= known | first, f"{f.id} needs {needed - known - first}"
        known.add(f.left.name)
        first |= {f"{f.left.name}_1", f"{f.quantity}_1"}


def test_every_derivation_ends_with_its_statement_and_refers_to_what_exists(derived: Cell) -> None:
    ids = {f.id for f in of_cell(derived.name)}
    for f in of_cell(derived.name):
        if f.pass_ == "backward":
            assert (f.steps[-1].kind, f.steps[-1].right) == ("result", f.right)
            assert f.source is None
        elif f.pass_ == "forward":
            assert (f.source, f.steps) == (derived.source, ())
        assert {ref for s in f.steps for ref in s.refs} <= ids
        assert canonical(f.right)


def test_only_outputs_receive_from_the_loss_and_only_states_from_the_next_step(derived: Cell) -> None:
    for s in derived.quantities:
        outside = [use.rules for use in uses(derived, s) if use.user is None]
        assert outside == [("loss",)] * (s in derived.outputs) + [("next-step",)] * (s in derived.states)


@pytest.fixture
def slopes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The derivative of every function, φ', which stands in no formula but on the way to one: by complex step."""
    for name, function in list(ENTRYWISE.items()):
        slope = partial(lambda f, a: np.imag(f(a + 1e-30j)) / 1e-30, function)
        monkeypatch.setitem(ENTRYWISE, f"{name}'", slope)


@pytest.mark.usefixtures("slopes")
def test_a_rewrite_keeps_the_value_of_every_cotangent(derived: Cell) -> None:
    """Of random numbers for all that stands in it; the values of the forward pass are those of the equations."""
    sizes, rng = lettered(1, 2, letters(derived), 3, 4), np.random.default_rng(7)
    forward, context = Forward(derived, sizes), Context(sizes.of, names(derived))
    shapes = {name: sizes.array(axes) for name, axes in parameter_axes(derived).items()}
    (at,) = forward.run(
        forward.fit(lambda n: draw(np.random.default_rng(n), sizes, shapes, of_derived(derived)))
    )
    shape_of = {s.name: s.shape for s in table(derived).values()}

    def look(name: str, off: int) -> Any:
        if name not in at:
            rows, columns = (number(n, sizes.of) for n in shape_of[name])
            at[name] = rng.normal(size=(2, rows, columns))
        return at[name]

    given = (*derived.inputs, *(s.previous for s in derived.states), *derived.parameters)
    for symbol in (*reversed(derived.quantities), *given):
        node = accumulate(uses(derived, symbol))
        before = compiled(node, context)(look)
        for step in readable(node, derived):
            after = compiled(step.after, context)(look)
            np.testing.assert_allclose(
                after, before, rtol=1e-9, atol=1e-12, err_msg=f"{symbol.name}: {step.rule}"
            )


def test_every_formula_has_mutants_none_twice_and_none_itself(derived: Cell) -> None:
    ids: list[str] = []
    for f in of_cell(derived.name):
        made = list(mutants(f, derived))
        assert made, f.id
        rights = [canonical(m.broken.right) for m in made if m.broken is not None]
        assert len(rights) == len(set(rights)), f.id
        assert canonical(f.right) not in rights, f.id
        ids += [m.id for m in made]
    assert len(ids) == len(set(ids))
