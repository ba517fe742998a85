"""The activation functions for SymPy to differentiate: each slope is stated through the function's own value.

So no exponential ever appears, and what SymPy differentiates stays a polynomial in the values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import AtomicExpr, Expr, Function, Integer, Symbol

SLOPES: dict[str, Callable[[Expr], Expr]] = {
    "sigmoid": lambda value: value * (1 - value),
    "tanh": lambda value: 1 - value**2,
}
NAMED = "named"  # no activation: a quantity that only has a name


class Activation(Function):
    """An activation applied to an expression in index notation."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        return SLOPES[type(self).__name__](self)


ACTIVATIONS: dict[str, type[Activation]] = {name: type(name, (Activation,), {}) for name in SLOPES}


class _Quick(AtomicExpr):
    """An atom that answers SymPy's product rule at once: it asks each of them thousands of times."""

    is_real, is_zero = True, False

    def diff(self, *symbols: Any, **_: Any) -> Expr:
        """The derivative, as the product rule asks for it: in s, or in (s, 0) or (s, 1)."""
        (asked,) = symbols
        s, times = asked if isinstance(asked, tuple) else (asked, 1)
        if times not in (0, 1):
            raise ValueError(f"{self}: one derivative expected, got {times}")
        return self._eval_derivative(s) if times else self

    def _eval_derivative_n_times(self, s: Symbol, n: int) -> Expr:
        return self.diff((s, n))


class Leaf(_Quick, Symbol):
    """A weight, a state, an input or a cotangent at one entry."""

    def __new__(cls, name: str) -> Leaf:
        return Symbol.__new__(cls, name, real=True, zero=False)  # type: ignore[no-any-return]

    def _eval_derivative(self, s: Symbol) -> Expr:
        return Integer(self == s)


class Value(_Quick):
    """The value of a quantity at one entry of one step, an atom that knows how to be differentiated.

    A composed loss written out as one tree grows severalfold with every step, and SymPy walks the tree at every turn;
    as an atom whose derivative is slope · derivative of the argument, the same composition stays small.

    Attributes:
        function: the activation that gives the value, or ``NAMED``.
        mark: which entry of which step this is; the same in every composition.
        argument: the composed argument.
        variant: which composition the argument belongs to. Part of the identity: SymPy's caches must not hand out
            the value of one composition for that of another.
    """

    __slots__ = ("_derivatives", "_free", "argument", "function", "mark", "variant")

    def __new__(cls, function: str, mark: str, argument: Expr, variant: str) -> Value:
        made = super().__new__(cls)
        made.function, made.mark, made.argument, made.variant = function, mark, argument, variant
        made._derivatives = {}
        made._free = set(argument.free_symbols)
        return made  # type: ignore[no-any-return]

    def _hashable_content(self) -> tuple[str, str]:
        return (self.mark, self.variant)

    @property
    def free_symbols(self) -> set[Expr]:
        return self._free  # type: ignore[no-any-return]

    def _eval_derivative(self, s: Symbol) -> Expr:
        if s not in self._derivatives:
            # What ``diff`` calls, called directly: ``diff`` asks whether each sum is zero, at three times the cost.
            inner = self.argument._eval_derivative(s) if s in self._free else Integer(0)
            slope = Integer(1) if self.function == NAMED else SLOPES[self.function](self)
            self._derivatives[s] = Held(slope * inner) if inner != 0 else Integer(0)
        return self._derivatives[s]


class Held(_Quick):
    """An expression that SymPy carries along unopened: the derivative of an argument, itself as large as a tree."""

    __slots__ = ("expression",)

    def __new__(cls, expression: Expr) -> Held:
        made = super().__new__(cls)
        made.expression = expression
        return made  # type: ignore[no-any-return]

    def _hashable_content(self) -> tuple[Expr]:
        return (self.expression,)

    @property
    def free_symbols(self) -> set[Expr]:
        return set()  # nothing is differentiated twice

    def _eval_derivative(self, s: Symbol) -> Expr:
        raise ValueError("a derivative that is held is not differentiated again")


class Part(_Quick):
    """A product inside a sum, kept closed: SymPy's product rule differentiates it, but the sum does not see inside."""

    __slots__ = ("_free", "expression")

    def __new__(cls, expression: Expr) -> Part:
        made = super().__new__(cls)
        made.expression = expression
        made._free = set(expression.free_symbols)
        return made  # type: ignore[no-any-return]

    def _hashable_content(self) -> tuple[Expr]:
        return (self.expression,)

    @property
    def free_symbols(self) -> set[Expr]:
        return self._free  # type: ignore[no-any-return]

    def _eval_derivative(self, s: Symbol) -> Expr:
        if s not in self._free:
            return Integer(0)
        inner = self.expression._eval_derivative(s)
        return Held(inner) if inner != 0 else Integer(0)


def product(a: Expr, b: Expr) -> Expr:
    """a · b as SymPy multiplies, kept closed."""
    return Part(a * b)
