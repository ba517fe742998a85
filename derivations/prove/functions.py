"""The functions of the proofs' own table, for SymPy to differentiate in index notation."""

from __future__ import annotations

from sympy import Expr, Function

from derivations.prove.primitives import NAMED, PARTIALS, Partials


class Applied(Function):
    """A function of expressions in index notation; its class is named as the primitive."""

    def fdiff(self, argindex: int = 1) -> Expr:
        return PARTIALS[type(self).__name__](call, self, *self.args)[argindex - 1]


def made(name: str, partials: Partials) -> type[Applied]:
    """The class of a function, which takes as many arguments as its row in the table."""
    return type(name, (Applied,), {"nargs": partials.__code__.co_argcount - 2})


FUNCTIONS: dict[str, type[Applied]] = {
    name: made(name, row) for name, row in PARTIALS.items() if name != NAMED
}


def call(name: str, *arguments: Expr) -> Expr:
    """The value of a function.

    Raises:
        TypeError: there is none of that name.
    """
    if name not in FUNCTIONS:
        raise TypeError(f"the proofs know no function {name}; they know {', '.join(FUNCTIONS)}")
    return FUNCTIONS[name](*arguments)


def slope(name: str, argument: Expr) -> Expr:
    """The derivative of a function of one argument."""
    return call(name, argument).fdiff()
