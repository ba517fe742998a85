"""Runs a formula: the NumPy source that `derivations` writes for it, compiled once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import CodeType
from typing import Any

import numpy as np
from sympy import Expr

from derivations.write.code import numpy
from tests.judges.functions import sigmoid, softmax

# A sum over time that cannot be done at once is a loop; NumPy itself imports parts of it where it is first used.
BUILTINS = {"len": len, "range": range, "sum": sum, "__import__": __import__}
NAMES = {"__builtins__": BUILTINS, "np": np, "sigmoid": sigmoid, "softmax": softmax}


@cache
def _compiled(node: Expr) -> CodeType:
    return compile(numpy(node), "<formula>", "eval")


def value(node: Expr, at: Mapping[str, Any]) -> Any:
    """The value of an expression, with its symbols, and the sizes in it, looked up in `at`.

    Raises:
        NameError: a symbol has no value there.
        ValueError: the arrays do not fit one another.
    """
    # eval is safe here: the text is what our own writer made of our own expressions, and nothing else can reach it.
    # All names are global ones, as the loop of a sum does not see others.
    return eval(_compiled(node), {**NAMES, **at})
