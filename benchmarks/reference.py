"""`lstmref` itself, through its public functions."""

from __future__ import annotations

from typing import Any

import lstmref
from benchmarks.case import Array, Case, Numbers
from benchmarks.contestant import Contestant


def prepare(case: Case) -> Contestant:
    """Forward, then, unless that is all, backward with a cotangent on every h."""
    module = lstmref.cell(case.cell)
    states = list(case.states.values())

    def run() -> tuple[Array, dict[str, Array]]:
        outputs, cache = module.forward(case.params, case.x, *states)
        return outputs.h, {} if case.forward_alone else module.backward({"h": case.dh}, cache)

    return Contestant(run, named)


def prepare_accelerated(case: Case) -> Contestant:
    """The same with compiled loops."""
    plain = prepare(case).run

    def run() -> tuple[Array, dict[str, Array]]:
        with lstmref.accelerated():
            found: tuple[Array, dict[str, Array]] = plain()
        return found

    return Contestant(run, named)


def named(returned: tuple[Any, dict[str, Array]]) -> Numbers:
    """The outputs and the gradients under their names."""
    h, gradients = returned
    return {"h": h, **gradients}
