"""Makes the two step functions of a cell file safe to call: their arguments are read, and nothing they keep is shared.

A cell file spells one step, forward and backward, on arrays that are right; all that is the same for every cell is
here, and follows from its layout. The loop through time (`lstmref.sequence`) runs the functions as the file has them.
"""

import inspect
import sys
from collections import namedtuple
from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import Any

from lstmref import check
from lstmref.check import Array, Given, Parameters, ShapeTable
from lstmref.layout import Axes, Layout, shapes

Function = Callable[..., Any]


def forward(layout: Layout, parameter_shapes: ShapeTable) -> Callable[[Function], Function]:
    """A decorator for a cell's `step_forward`, which gives a tuple of `Layout.results` and a cache.

    It is called with params (see `parameter_shapes`) and the arguments of the layout, as `(B, H)`, in any
    dtype that `lstmref.check` reads. They reach it as private copies, and what it gives is copied: the cache
    is nobody else's.

    Raises:
        KindError: when called with others.
        ShapeError: when called with others.
        NameSetError: when called with others.
        NotFiniteError: when called with others.

    Examples:
        >>> import numpy as np
        >>> @forward(Layout(inputs={"x": ("D",)}, states={"h": ("D",)}), lambda D: {"a": (D,)})
        ... def step_forward(params, x, h_prev):
        ...     return (params["a"] * h_prev + x,), (h_prev,)
        >>> step_forward({"a": [0.5]}, [[1.0]], h_prev=[[4.0]])[0].h
        array([[3.]])
    """
    axes, names = layout.arguments(time=False), tuple(layout.results(time=False))
    letters, named = layout.letters, signature(axes)

    def decorate(function: Function) -> Function:
        Result = own_class("Step", record("Step", names), function.__module__)

        @wraps(function)
        def step_forward(params: Parameters, *given: Given, **by_name: Given) -> tuple[Any, Any]:
            bound = bind(named, axes, given, by_name)
            p, read, _ = check.arguments(parameter_shapes, letters, axes, params, bound)
            own = {name: check.own(value) for name, value in p.items()}
            results, cache = function(own, *map(check.own, read))
            return Result(*map(check.own, results)), cache

        return step_forward

    return decorate


def backward(layout: Layout, cache_class: type) -> Callable[[Function], Function]:
    """A decorator for a cell's `step_backward`: it reads the cotangents, zero where absent, and the cache.

    The cache must have what shows the size of every axis of the results, under its name in the layout: an
    argument `(B, H)`, such as h_prev, or a result. The gradients are copied, of the dtype of the forward
    pass.

    Raises:
        KindError: when called with others.
        ShapeError: when called with others.
        NameSetError: when called with others.
        NotFiniteError: when called with others.

    Examples:
        >>> import numpy as np
        >>> Cache = namedtuple("Cache", ["h_prev"])
        >>> @backward(Layout(states={"h": ("H",)}), Cache)
        ... def step_backward(cotangents, cache):
        ...     return {"h_prev": 2 * cotangents["h"]}
        >>> step_backward({"h": [[3.0]]}, Cache(np.ones((1, 1))))
        {'h_prev': array([[6.]])}
    """
    results = layout.results(time=False)
    known = {**layout.arguments(time=False), **results}

    def decorate(function: Function) -> Function:
        @wraps(function)
        def step_backward(cotangents: Mapping[str, Given], cache: Any) -> dict[str, Array]:
            kept: Any = check.cache(cache, cache_class)
            sizes: dict[str, int] = {}
            for name, axes in known.items():
                if (value := getattr(kept, name, None)) is not None:
                    sizes |= zip(axes, value.shape, strict=True)
                    dtype = value.dtype
            given = check.cotangents(cotangents, shapes(results, sizes), dtype)
            # Products round otherwise where numbers lie otherwise in memory.
            own = {name: check.own(value) for name, value in given.items()}
            return {name: check.own(value) for name, value in function(own, kept).items()}

        return step_backward

    return decorate


def plain(function: Function) -> Function:
    """The step function as its file has it: it takes and gives arrays (B, H) of one dtype, and checks nothing.

    Examples:
        >>> from lstmref import lstm
        >>> plain(lstm.step_forward) is lstm.step_forward
        False
    """
    found: Function = inspect.unwrap(function)
    return found


@cache
def record(name: str, names: tuple[str, ...]) -> Any:
    """A class of named tuples of arrays, which a cell's functions give; the arrays are the caller's own.

    Examples:
        >>> record("Step", ("h", "c"))(1, 2)
        Step(h=1, c=2)
    """
    return namedtuple(name, names)


@cache
def own_class(name: str, base: type, module: str) -> Any:
    """A class of that name for one module, which stands in it: there pickle finds it, in any process.

    Args:
        base: a class of named tuples.
        module: the full name of one that is loaded.

    Returns:
        The same class for the same.

    Examples:
        >>> own_class("Kept", tuple, "lstmref.cells.rnn") is own_class("Kept", tuple, "lstmref.cells.rnn")
        True
    """
    place = f"_{name}"  # not among the names that the module offers
    made = type(name, (base,), {"__module__": module, "__qualname__": place, "__slots__": ()})
    setattr(sys.modules[module], place, made)
    return made


def signature(axes: Mapping[str, Axes]) -> inspect.Signature:
    """How a function that takes params and these arguments is called.

    Examples:
        >>> str(signature({"x": ("B", "D"), "h_prev": ("B", "H")}))
        '(params, x, h_prev)'
    """
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature([inspect.Parameter(name, kind) for name in ("params", *axes)])


def bind(
    named: inspect.Signature, axes: Mapping[str, Axes], given: tuple[Given, ...], by_name: Mapping[str, Given]
) -> dict[str, Given]:
    """The arguments by name, whether in order (given) or by_name already; arrays of any shape and dtype.

    Args:
        given: the arguments in order.
        by_name: the arguments by name.

    Raises:
        TypeError: for one too many, missing, unknown or given twice.

    Examples:
        >>> axes = {"x": ("B", "D"), "h_prev": ("B", "H")}
        >>> bind(signature(axes), axes, (1,), {"h_prev": 2})
        {'x': 1, 'h_prev': 2}
    """
    if not by_name and len(given) == len(axes):  # quicker, which short sequences feel
        return dict(zip(axes, given, strict=True))
    bound = named.bind(None, *given, **by_name).arguments
    return {name: bound[name] for name in axes}
