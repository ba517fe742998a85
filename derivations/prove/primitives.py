"""What the proofs know of the primitives: a table of their own, which shares nothing with the derivation's but names.

Each function has its partial derivatives, stated through its own value y and its arguments, so that what SymPy
differentiates stays a polynomial in values. ``call`` gives the value of another function. What is no function here is
written out entry by entry in ``derivations.prove.entries`` and ``derivations.prove.all_sizes``.
"""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr, Integer

Call = Callable[..., Expr]  # a function's name and its arguments
Partials = Callable[..., tuple[Expr, ...]]  # from call, y and the arguments

RECIPROCAL = "reciprocal"
NAMED = "named"  # no function: a quantity that only has a name

ZERO, ONE = Integer(0), Integer(1)

PARTIALS: dict[str, Partials] = {
    NAMED: lambda call, y, a: (ONE,),
    "sigmoid": lambda call, y, a: (y * (1 - y),),
    "tanh": lambda call, y, a: (1 - y**2,),
    "relu": lambda call, y, a: (call("positive", a),),
    "exp": lambda call, y, a: (y,),
    "log": lambda call, y, a: (call(RECIPROCAL, a),),
    "softplus": lambda call, y, a: (call("sigmoid", a),),
    "sqrt": lambda call, y, a: (call(RECIPROCAL, y) / 2,),
    RECIPROCAL: lambda call, y, a: (-(y**2),),
    "abs": lambda call, y, a: (call("sign", a),),
    "hard-sigmoid": lambda call, y, a: (call("inside", a) / 6,),
    "max": lambda call, y, a, b: (call("greater", a, b), 1 - call("greater", a, b)),
    "min": lambda call, y, a, b: (1 - call("greater", a, b), call("greater", a, b)),
    # Constant wherever they have a derivative.
    "positive": lambda call, y, a: (ZERO,),
    "sign": lambda call, y, a: (ZERO,),
    "inside": lambda call, y, a: (ZERO,),
    "greater": lambda call, y, a, b: (ZERO, ZERO),
}
# These bring fractions into the polynomials.
FRACTIONS = ("sqrt", "hard-sigmoid")
