"""From a cell to its formulas: forward as the source has them, backward by the walk, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sympy import Add, Integer, Mul, Pow
from sympy import Symbol as Scalar
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.derive.assumptions import Assumptions
from derivations.derive.formula import DerivationStep, Formula
from derivations.derive.reverse import Use, accumulate, uses
from derivations.derive.rewrite import readable
from derivations.derive.table import table
from derivations.language.cell import Cell
from derivations.language.expressions import ONE, Atom, TimeSum, atom
from derivations.language.symbols import State, Symbol


def formulas(cell: Cell) -> Iterator[Formula]:
    """Every formula of the cell, in the order in which one computes them."""
    symbols, taken = table(cell), Assumptions(cell)
    yield from forward(cell, symbols, taken)
    for quantity in (*reversed(cell.quantities), *cell.inputs, *(s.previous for s in cell.states)):
        left = symbols[f"d{quantity.name}"]
        yield backward(cell, symbols, quantity, quantity.name, left, taken.of_step(quantity))
    for s in cell.states:
        yield initial(cell, symbols, s, taken)
    contributions = [
        backward(cell, symbols, p, f"{p.name}_t", symbols[f"d{p.name}_t"], taken.of_step(p))
        for p in cell.parameters
    ]
    yield from contributions
    for p, contribution in zip(cell.parameters, contributions, strict=True):
        yield over_time(cell, symbols, p, contribution, taken)
    if cell.parameters:
        yield parameter_count(cell, symbols, taken)


def forward(cell: Cell, symbols: Mapping[str, Symbol], taken: Assumptions) -> Iterator[Formula]:
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
            taken.of_value(equation.right.node),
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


def initial(cell: Cell, symbols: Mapping[str, Symbol], s: State, taken: Assumptions) -> Formula:
    """The gradient of an initial state: what step 1 sends back, since no loss stands on h₀ itself."""
    previous = backward(cell, symbols, s.previous, s.previous.name, symbols[f"d{s.previous.name}"], ())
    left = symbols[f"d{s.initial.name}"]
    right = at_first_step(previous.right, symbols)
    steps = (
        DerivationStep("substitute", ("first-step",), (previous.id,), left.node, right),
        DerivationStep("result", (), (), left.node, right),
    )
    assumptions = taken.at_start(s.previous)
    return Formula(cell.name, "backward", s.initial.name, left, right, symbols, assumptions, steps=steps)


def at_first_step(node: MatrixExpr, symbols: Mapping[str, Symbol]) -> MatrixExpr:
    """The same expression at t = 1; what is constant over time stays."""
    by_key = {s.key: s.node for s in symbols.values()}
    moving = [a for a in node.atoms(Atom) if a.key.anchor]
    return node.xreplace({a: by_key[a.key.at_first_step()] for a in moving})


def over_time(
    cell: Cell, symbols: Mapping[str, Symbol], p: Symbol, contribution: Formula, taken: Assumptions
) -> Formula:
    """The gradient of a parameter: every step uses it, so every step contributes."""
    left = symbols[f"d{p.name}"]
    right = TimeSum(contribution.right)
    steps = (
        DerivationStep(
            "substitute", ("sum-over-time",), (contribution.id,), left.node, TimeSum(contribution.left.node)
        ),
        DerivationStep("result", (), (), left.node, right),
    )
    assumptions = taken.over_time(p)
    return Formula(cell.name, "backward", p.name, left, right, symbols, assumptions, steps=steps)


def parameter_count(cell: Cell, symbols: Mapping[str, Symbol], taken: Assumptions) -> Formula:
    """How many numbers the cell learns, parameters of one shape taken together in the order of their declaration."""
    shapes = [tuple(n for n in p.shape if n != 1) for p in cell.parameters]
    terms = [_product(shapes.count(shape), shape) for shape in dict.fromkeys(shapes)]
    right = terms[0] if len(terms) == 1 else Add(*terms, evaluate=False)
    left = Symbol(atom("N", (ONE, ONE)), "N", "N", "count", "parameter-count")
    return Formula(
        cell.name, "count", "parameters", left, right, {**symbols, left.name: left}, taken.of_count()
    )


def _product(count: int, shape: tuple[Scalar, ...]) -> Mul | Scalar:
    power = [
        Pow(n, shape.count(n), evaluate=False) if shape.count(n) > 1 else n for n in dict.fromkeys(shape)
    ]
    factors = ([Integer(count)] if count > 1 or not power else []) + power
    return factors[0] if len(factors) == 1 else Mul(*factors, evaluate=False)
