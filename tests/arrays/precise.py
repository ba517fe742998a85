"""Outputs and gradients of a cell with fifty digits, from the papers' equations in plain Python.

The gradients are central difference quotients: with sixty digits and a step of 1e-20 they are right to 38 and more.
Nothing here is shared with lstmref, neither the forward passes nor the idea of a backward pass.
"""

from collections.abc import Mapping
from typing import Any

import mpmath
import numpy as np

import lstmref
from lstmref.check import Array
from tests.lstmref.checker import Example
from tests.lstmref.equations import EQUATIONS, Number

DIGITS = 60
STEP = mpmath.mpf("1e-20")

Numbers = np.ndarray[Any, np.dtype[np.object_]]


def exact(array: Array) -> Numbers:
    """The numbers of an array without any rounding, also where they have more digits than a float."""
    found: Numbers = np.empty(array.shape, object)
    with mpmath.workdps(DIGITS):
        for index in np.ndindex(*array.shape):
            rest, exponent = np.frexp(array[index])  # in [1/2, 1), as exponents may be beyond a float's
            total = mpmath.mpf(0)
            while rest != 0:
                total += mpmath.mpf(float(rest))
                rest = rest - array.dtype.type(float(rest))
            found[index] = mpmath.ldexp(total, int(exponent))
    return found


def results(name: str, given: Example, *, step: bool) -> dict[str, Numbers]:
    """Outputs and gradients of the cell of that name, under the names that lstmref gives them."""
    with mpmath.workdps(DIGITS):
        arguments = {key: exact(value) for key, value in given.arrays().items()}
        cotangents = {key: exact(value) for key, value in given.cotangents.items()}

        def loss() -> Number:
            outputs = _outputs(name, arguments, step)
            return sum((cotangents[key] * outputs[key]).sum() for key in cotangents)

        found = _outputs(name, arguments, step)
        for key, value in arguments.items():
            found[key] = np.empty(value.shape, object)
            for index in np.ndindex(*value.shape):
                at = value[index]
                value[index] = at + STEP
                above = loss()
                value[index] = at - STEP
                found[key][index] = (above - loss()) / (2 * STEP)
                value[index] = at
    return found


def error(
    found: dict[str, Array], expected: dict[str, Numbers], room: Mapping[str, float], eps: float
) -> float:
    """The largest error, in units of `eps` of the largest entry of its result and `room` for it."""
    assert found.keys() == expected.keys()
    with mpmath.workdps(DIGITS):
        return max(
            float(np.abs(exact(found[key]) - value).max() / (eps * np.abs(value).max() + room[key]))
            for key, value in expected.items()
        )


def _outputs(name: str, arguments: dict[str, Numbers], step: bool) -> dict[str, Numbers]:
    suffix = ("_prev", "") if step else ("_0", "_T")
    names = lstmref.cell(name).STATES
    x = arguments["x"][None] if step else arguments["x"]
    states = [arguments[f"{state}{suffix[0]}"] for state in names]
    params = {key: value.tolist() for key, value in arguments.items() if key[0] in "WUb"}
    h = []
    for x_t in x:
        rows = [
            EQUATIONS[name](params, x_t[b].tolist(), tuple(state[b].tolist() for state in states))
            for b in range(len(x_t))
        ]
        states = [np.array(column, object) for column in zip(*rows, strict=True)]
        h.append(states[0])
    found = {f"{state}{suffix[1]}": value for state, value in zip(names, states, strict=True)}
    return found if step else {"h": np.array(h, object), **found}
