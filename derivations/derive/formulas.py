"""From a cell to its formulas: forward as the source has them, backward by the walk, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sympy import Add, Integer, MatrixSymbol, Mul, Pow
from sympy import Symbol as Scalar
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.derive.formula import DerivationStep, Formula
from derivations.derive.reverse import Use, accumulate, uses
from derivations.derive.rewrite import readable
from derivations.language import Cell, State, Symbol
from derivations.language.expressions import TimeSum
from derivations.write.notation import table

REAL, SIZES, STEP, SUM, START = "real-valued", "sizes", "time-step", "sum-over-time", "initial-state"


def formulas(cell: Cell) -> Iterator[Formula]:
    """Every formula of the cell, in the order in which one computes them."""
    symbols = table(cell)
    yield from forward(cell, symbols)
    for quantity in (*reversed(cell.quantities), *cell.inputs, *(s.previous for s in cell.states)):
        yield backward(
            cell, symbols, quantity, quantity.name, symbols[f"d{quantity.name}"], (REAL, SIZES, STEP)
        )
    for s in cell.states:
        yield initial(cell, symbols, s)
    contributions = [
        backward(cell, symbols, p, f"{p.name}_t", symbols[f"d{p.name}_t"], (REAL, SIZES, STEP))
        for p in cell.parameters
    ]
    yield from contributions
    for p, contribution in zip(cell.parameters, contributions, strict=True):
        yield over_time(cell, symbols, p, contribution)
    yield parameter_count(cell, symbols)


def forward(cell: Cell, symbols: Mapping[str, Symbol]) -> Iterator[Formula]:
    """The author's equations, then the pre-activations that the backward pass names."""
    authors = {e.left.name for e in cell.equations}
    named = [e for e in cell.steps if e.left.name not in authors]
    for equation in (*cell.equations, *named):
        yield Formula(
            cell.name,
            "forward",
            equation.left.name,
            symbols[equation.left.name],
            equation.right.node,
            symbols,
            (REAL, SIZES, STEP),
            source=cell.source,
        )


def backward(
    cell: Cell,
    symbols: Mapping[str, Symbol],
    of: Symbol,
    quantity: str,
    left: Symbol,
    assumptions: tuple[str, ...],
) -> Formula:
    """∂L/∂v of one quantity at step t, with the steps of its derivation."""
    found = uses(cell, of)
    steps = [step for use in found for step in _steps_of_use(cell, use, left)]
    right = accumulate(found)
    if len(found) > 1:
        steps.append(DerivationStep("substitute", ("accumulate",), (), left.node, right))
    for rewrite in readable(right, cell):
        right = rewrite.after
        steps.append(DerivationStep("rewrite", (rewrite.rule,), (), left.node, right))
    steps.append(DerivationStep("result", (), (), left.node, right))
    return Formula(cell.name, "backward", quantity, left, right, symbols, assumptions, steps=tuple(steps))


def _steps_of_use(cell: Cell, use: Use, left: Symbol) -> Iterator[DerivationStep]:
    if use.user is None:
        yield DerivationStep("local", use.rules, (), left.node, use.share)
        return
    equation = next(e for e in cell.steps if e.left.name == use.user)
    ref = (f"{cell.name}.forward.{use.user}",)
    yield DerivationStep("uses", (), ref, equation.left.node, equation.right.node)
    yield DerivationStep("local", use.rules, (f"{cell.name}.backward.{use.user}",), left.node, use.share)


def initial(cell: Cell, symbols: Mapping[str, Symbol], s: State) -> Formula:
    """The gradient of an initial state: what step 1 sends back, since no loss stands on h₀ itself."""
    previous = backward(cell, symbols, s.previous, s.previous.name, symbols[f"d{s.previous.name}"], ())
    left = symbols[f"d{s.initial.name}"]
    right = _at_first_step(previous.right, {p.name for p in cell.parameters})
    steps = (
        DerivationStep("substitute", ("first-step",), (previous.id,), left.node, right),
        DerivationStep("result", (), (), left.node, right),
    )
    return Formula(
        cell.name, "backward", s.initial.name, left, right, symbols, (REAL, SIZES, START), steps=steps
    )


def _at_first_step(node: MatrixExpr, constant: set[str]) -> MatrixExpr:
    """The same expression at t = 1; what is constant over time has no step."""
    changing = node.atoms(MatrixSymbol)
    return node.xreplace(
        {s: MatrixSymbol(f"{s.name}_1", *s.shape) for s in changing if s.name not in constant}
    )


def over_time(cell: Cell, symbols: Mapping[str, Symbol], p: Symbol, contribution: Formula) -> Formula:
    """The gradient of a parameter: every step uses it, so every step contributes."""
    left = symbols[f"d{p.name}"]
    right = TimeSum(contribution.right)
    steps = (
        DerivationStep(
            "substitute", ("sum-over-time",), (contribution.id,), left.node, TimeSum(contribution.left.node)
        ),
        DerivationStep("result", (), (), left.node, right),
    )
    return Formula(cell.name, "backward", p.name, left, right, symbols, (REAL, SIZES, SUM), steps=steps)


def parameter_count(cell: Cell, symbols: Mapping[str, Symbol]) -> Formula:
    """How many numbers the cell learns, parameters of one shape taken together in the order of their declaration."""
    shapes = [tuple(n for n in p.shape if n != 1) for p in cell.parameters]
    terms = [_product(shapes.count(shape), shape) for shape in dict.fromkeys(shapes)]
    right = terms[0] if len(terms) == 1 else Add(*terms, evaluate=False)
    left = Symbol(MatrixSymbol("N", 1, 1), "N", "N", "count", "parameter-count")
    return Formula(cell.name, "count", "parameters", left, right, {**symbols, left.name: left}, (SIZES,))


def _product(count: int, shape: tuple[Scalar, ...]) -> Mul | Scalar:
    power = [
        Pow(n, shape.count(n), evaluate=False) if shape.count(n) > 1 else n for n in dict.fromkeys(shape)
    ]
    factors = ([Integer(count)] if count > 1 else []) + power
    return factors[0] if len(factors) == 1 else Mul(*factors, evaluate=False)
