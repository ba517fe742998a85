"""Numbers for the symbols of a cell's formulas, in plain Python, and the value of an expression with them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from random import Random

from sympy import MatrixSymbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language import Cell
from derivations.language.expressions import Elementwise
from derivations.prove.entries import Matrix, evaluate

SIZES = {"D": 3, "H": 2, "m": 3, "n": 2}


def sigmoid(a: float) -> float:
    return 1 / (1 + math.exp(-a))


def sigmoid_slope(a: float) -> float:
    return sigmoid(a) * (1 - sigmoid(a))


def tanh_slope(a: float) -> float:
    return 1 / math.cosh(a) ** 2


FUNCTIONS = {"sigmoid": sigmoid, "tanh": math.tanh, "sigmoid'": sigmoid_slope, "tanh'": tanh_slope}


class Values:
    """A number for every entry of every symbol; what a cell's step defines is computed from the rest."""

    def __init__(self, seed: int, cell: Cell | None = None) -> None:
        self._seed = seed
        self._known: dict[str, Matrix] = {}
        for equation in cell.steps if cell else ():
            self._known[equation.left.name] = self(equation.right.node)

    def __call__(self, node: MatrixExpr) -> Matrix:
        """The entries of an expression."""
        return evaluate(node, self._look, self._activate)

    def _look(self, symbol: MatrixSymbol) -> Matrix:
        if symbol.name not in self._known:
            rng = Random(f"{self._seed} {symbol.name}")
            rows, columns = (SIZES[str(n)] if not n.is_number else int(n) for n in symbol.shape)
            self._known[symbol.name] = [[rng.uniform(-1, 1) for _ in range(columns)] for _ in range(rows)]
        return self._known[symbol.name]

    def _activate(self, node: Elementwise, argument: Matrix) -> Matrix:
        return [[FUNCTIONS[node.function](a) for a in row] for row in argument]


def close(left: Matrix, right: Matrix) -> bool:
    """Whether two matrices of one shape agree to rounding."""
    if [len(row) for row in left] != [len(row) for row in right]:
        return False
    return all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) for a, b in _pairs(left, right))


def _pairs(left: Matrix, right: Matrix) -> Iterable[tuple[float, float]]:
    return ((a, b) for rows in zip(left, right, strict=True) for a, b in zip(*rows, strict=True))
