"""Runs a formula: the NumPy source that `derivations` writes for it, compiled once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import CodeType
from typing import Any

import numpy as np
from sympy import Expr

from derivations.write.code import numpy


def sigmoid(a: Any) -> Any:
    """1 / (1 + exp(−a)); written here once more, so that no code of the witness is used to judge it."""
    return 1 / (1 + np.exp(-a))


NAMES = {"__builtins__": {}, "np": np, "sigmoid": sigmoid}


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
