"""Atoms for SymPy to differentiate: leaves, and values that know how they are differentiated.

A composed loss written out as one tree grows severalfold with every step, and SymPy walks the tree at every turn; as an
atom whose derivative is slope · derivative of the argument, the same composition stays small.
"""

from __future__ import annotations

from typing import Any

from sympy import Add, AtomicExpr, Expr, Integer, Symbol

from derivations.prove.primitives import NAMED, PARTIALS


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
    """A weight, a state, an input or a cotangent at one entry; or an entry at which a composition is cut open.

    Attributes:
        stands_for: the mark of the value in whose place it stands; empty for a leaf of its own.
    """

    def __new__(cls, name: str, stands_for: str = "") -> Leaf:
        made = Symbol.__new__(cls, name, real=True, zero=False)
        made.stands_for = stands_for
        return made  # type: ignore[no-any-return]

    def _eval_derivative(self, s: Symbol) -> Expr:
        return Integer(self == s)


class Value(_Quick):
    """The value of a quantity, or of a function, at one entry of one step.

    Attributes:
        function: the function that gives the value, or ``NAMED``.
        mark: what it is the value of; the same in every composition.
        arguments: the composed arguments.
        variant: which composition the arguments belong to. Part of the identity: SymPy's caches must not hand out
            the value of one composition for that of another.
    """

    __slots__ = ("_derivatives", "_free", "arguments", "function", "mark", "variant")

    def __new__(cls, function: str, mark: str, arguments: tuple[Expr, ...], variant: str) -> Value:
        made = super().__new__(cls)
        made.function, made.mark, made.arguments, made.variant = function, mark, arguments, variant
        made._derivatives = {}
        made._free = set().union(*(a.free_symbols for a in arguments))
        return made  # type: ignore[no-any-return]

    def _hashable_content(self) -> tuple[str, str]:
        return (self.mark, self.variant)

    @property
    def free_symbols(self) -> set[Expr]:
        return self._free  # type: ignore[no-any-return]

    def call(self, function: str, *arguments: Expr) -> Expr:
        """The value of a function of values of the same composition."""
        return value(function, arguments, self.variant)

    def _eval_derivative(self, s: Symbol) -> Expr:
        if s not in self._derivatives:
            terms = []
            if s in self._free:
                # What ``diff`` calls, called directly: ``diff`` asks whether each sum is zero, at three times the cost.
                inner = [a._eval_derivative(s) for a in self.arguments]
                slopes = PARTIALS[self.function](self.call, self, *self.arguments)
                terms = [slope * d for slope, d in zip(slopes, inner, strict=True) if d != 0]
            self._derivatives[s] = Held(Add(*terms)) if terms else Integer(0)
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


def mark_of(e: Expr) -> str:
    """What an entry is the value of: an atom's own mark; a sum or product is named by what it is made of."""
    match e:
        case Leaf():
            return e.stands_for or str(e.name)
        case Value():
            return str(e.mark)
        case Held() | Part():
            return mark_of(e.expression)
        case _:
            return f"{type(e).__name__}({', '.join(sorted(map(mark_of, e.args)))})" if e.args else str(e)


def mark_of_function(function: str, arguments: tuple[str, ...]) -> str:
    """The mark of a function's value: the same function of the same values, however they are written."""
    return f"{function}({', '.join(arguments)})"


def value(function: str, arguments: tuple[Expr, ...], variant: str) -> Expr:
    """The value of a function of entries."""
    return Value(function, mark_of_function(function, tuple(map(mark_of, arguments))), arguments, variant)


__all__ = ["NAMED", "Held", "Leaf", "Part", "Value", "mark_of", "mark_of_function", "product", "value"]
