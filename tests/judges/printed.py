"""Runs a formula: the NumPy source that `derivations` writes for it, compiled once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import CodeType
from typing import Any

from sympy import Expr

from derivations.write.numpy import numpy
from tests.judges.functions import ENTRYWISE, NUMPY, softmax

# Names with a hyphen are none in Python; the writer has an underscore for it.
NAMES = {name.replace("-", "_"): f for name, f in ENTRYWISE.items()} | {"softmax": softmax}
NAMES |= {"__builtins__": {}, "np": NUMPY}


@cache
def _compiled(node: Expr) -> CodeType:
    return compile(numpy(node), "<formula>", "eval")


def value(node: Expr, at: Mapping[str, Any]) -> Any:
    """The value of an expression, with its symbols looked up in `at`.

    Raises:
        NameError: a symbol has no value there.
        ValueError: the arrays do not fit one another.
    """
    # eval is safe here: the text is what our own writer made of our own expressions, and nothing else can reach it.
    return eval(_compiled(node), NAMES, at)
