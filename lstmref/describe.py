"""What the docstrings of a cell's `forward` and `backward` say, written from its layout."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from lstmref.layout import Axes, Layout

Function = Callable[..., Any]

ERRORS = "Raises ShapeError, NameSetError, KindError, NotFiniteError."
LOOP = "Source: `lstmref.sequence`, and the head of the module for the step."


def passes(
    forward: Function, backward: Function, module: str, layout: Layout, arguments: inspect.Signature
) -> tuple[Function, Function]:
    """The two functions with names, docstrings and a signature as if `module`, a cell's, had spelled them.

    Examples:
        >>> from lstmref import lstm
        >>> f, b = passes(lambda *given: 1, lambda *given: 2, "lstmref.cells.lstm", lstm.LAYOUT, inspect.Signature())
        >>> f.__name__, b.__doc__ == lstm.backward.__doc__
        ('forward', True)
    """
    for function, name, text in (
        (forward, "forward", forward_text(layout)),
        (backward, "backward", backward_text(layout)),
    ):
        function.__module__, function.__doc__ = module, text
        function.__name__ = function.__qualname__ = name
    forward.__signature__ = arguments  # type: ignore[attr-defined]
    return forward, backward


def forward_text(layout: Layout) -> str:
    """The docstring of a cell's `forward`.

    Examples:
        >>> print(forward_text(Layout(inputs={"x": ("D",)}, states={"h": ("H",)}, outputs={"h": ("H",)})))
        T steps.
        <BLANKLINE>
        params: see `parameter_shapes`; x: (T, B, D); h_0: (B, H). T = 0 and B = 0 are allowed.
        Dtypes: float16 (read as float32), float32, float64, longdouble or complex128; one for all.
        Returns h (T, B, H), h_T (B, H) and the cache for `backward`.
        Raises ShapeError, NameSetError, KindError, NotFiniteError.
        Source: `lstmref.sequence`, and the head of the module for the step.
    """
    return "\n".join(
        (
            "T steps.",
            "",
            f"params: see `parameter_shapes`; {_listed(layout.arguments(time=True), ': ', '; ')}. "
            "T = 0 and B = 0 are allowed.",
            "Dtypes: float16 (read as float32), float32, float64, longdouble or complex128; one for all.",
            f"Returns {_listed(layout.results(time=True), ' ', ', ')} and the cache for `backward`.",
            ERRORS,
            LOOP,
        )
    )


def backward_text(layout: Layout) -> str:
    """The docstring of a cell's `backward`.

    Examples:
        >>> print(backward_text(Layout(inputs={"x": ("D",)}, states={"h": ("H",)}, outputs={"h": ("H",)})))
        Gradients of T steps: backpropagation through time.
        <BLANKLINE>
        cotangents: of h (T, B, H), h_T (B, H), by name; each is zero if absent, and those of h and h_T add up.
        cache: from `forward`.
        Dtypes: that of the forward pass. Returns the gradients by name: x (T, B, D), h_0 (B, H), and every parameter,
        summed over time and batch. For complex128 nothing is conjugated.
        Raises ShapeError, NameSetError, KindError, NotFiniteError.
        Source: `lstmref.sequence`, and the head of the module for the step.
    """
    carried = [name for name in layout.outputs if name in layout.states]
    add_up = "".join(f", and those of {name} and {name}_T add up" for name in carried)
    silent = {*layout.data, *layout.constants}
    gradients = {name: axes for name, axes in layout.arguments(time=True).items() if name not in silent}
    return "\n".join(
        (
            "Gradients of T steps: backpropagation through time.",
            "",
            f"cotangents: of {_listed(layout.results(time=True), ' ', ', ')}, by name; each is zero if absent{add_up}.",
            "cache: from `forward`.",
            f"Dtypes: that of the forward pass. Returns the gradients by name: {_listed(gradients, ' ', ', ')}, and "
            "every parameter,",
            "summed over time and batch. For complex128 nothing is conjugated.",
            ERRORS,
            LOOP,
        )
    )


def _listed(axes: Mapping[str, Axes], mark: str, between: str) -> str:
    """Names and shapes; neighbours of one shape share it: h_0, c_0: (B, H)."""
    groups: list[tuple[list[str], Axes]] = []
    for name, letters in axes.items():
        if groups and groups[-1][1] == letters:
            groups[-1][0].append(name)
        else:
            groups.append(([name], letters))
    return between.join(f"{', '.join(names)}{mark}({_tuple(letters)})" for names, letters in groups)


def _tuple(letters: Axes) -> str:
    return ", ".join(letters) + "," * (len(letters) == 1)
