"""What the docstrings of a cell's `forward` and `backward` say, written from its layout."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from lstmref.layout import Axes, Layout

Function = Callable[..., Any]

_NONE: Mapping[str, Axes] = {}
ERRORS = """Raises:
    KindError: a value of the wrong type or dtype.
    ShapeError: a wrong shape or size.
    NameSetError: a name that is missing or unknown.
    NotFiniteError: NaN or an infinity."""
LOOP = "Source:\n    `lstmref.sequence`, and the head of the module for the step."


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
    """The docstring of a cell's `forward`, in the sections that every docstring here has.

    Args:
        layout: what the cell reads and gives.

    Examples:
        >>> text = forward_text(Layout(inputs={"x": ("D",)}, states={"h": ("H",)}, outputs={"h": ("H",)}))
        >>> print(text.partition("Raises:")[0].rstrip())
        T steps. T = 0 and B = 0 are allowed.
        <BLANKLINE>
        Args:
            params: see `parameter_shapes`.
            x: (T, B, D).
            h_0: (B, H).
        <BLANKLINE>
        Returns:
            h (T, B, H), h_T (B, H) and the cache for `backward`.
    """
    return "\n\n".join(
        (
            "T steps. T = 0 and B = 0 are allowed.",
            _arguments({"params": "see `parameter_shapes`."}, layout.arguments(time=True)),
            f"Returns:\n    {_listed(layout.results(time=True))} and the cache for `backward`.",
            ERRORS,
            "Dtypes:\n    float16 (read as float32), float32, float64, longdouble or complex128; one for all.",
            LOOP,
        )
    )


def backward_text(layout: Layout) -> str:
    """The docstring of a cell's `backward`, in the sections that every docstring here has.

    Args:
        layout: what the cell reads and gives.

    Examples:
        >>> text = backward_text(Layout(inputs={"x": ("D",)}, states={"h": ("H",)}, outputs={"h": ("H",)}))
        >>> print(text.partition("Raises:")[0].rstrip())
        Gradients of T steps: backpropagation through time.
        <BLANKLINE>
        Args:
            cotangents: of h (T, B, H), h_T (B, H), by name; each is zero if absent, and those of h and h_T add up.
            cache: from `forward`.
        <BLANKLINE>
        Returns:
            The gradients by name: x (T, B, D), h_0 (B, H), and every parameter, summed over time and batch. For
            complex128 nothing is conjugated.
    """
    carried = [name for name in layout.outputs if name in layout.states]
    add_up = "".join(f", and those of {name} and {name}_T add up" for name in carried)
    silent = {*layout.data, *layout.constants}
    gradients = {name: axes for name, axes in layout.arguments(time=True).items() if name not in silent}
    of = f"of {_listed(layout.results(time=True))}, by name; each is zero if absent{add_up}."
    return "\n\n".join(
        (
            "Gradients of T steps: backpropagation through time.",
            _arguments({"cotangents": of, "cache": "from `forward`."}),
            f"Returns:\n    The gradients by name: {_listed(gradients)}, and every parameter, summed over time and "
            "batch. For\n    complex128 nothing is conjugated.",
            ERRORS,
            "Dtypes:\n    That of the forward pass.",
            LOOP,
        )
    )


def _arguments(said: Mapping[str, str], axes: Mapping[str, Axes] = _NONE) -> str:
    """The section that says this of some arguments, and the shapes of others."""
    every = {**said, **{name: f"({_tuple(letters)})." for name, letters in axes.items()}}
    return "\n".join(("Args:", *(f"    {name}: {text}" for name, text in every.items())))


def _listed(axes: Mapping[str, Axes]) -> str:
    """Names and shapes; neighbours of one shape share it: h_0, c_0 (B, H)."""
    groups: list[tuple[list[str], Axes]] = []
    for name, letters in axes.items():
        if groups and groups[-1][1] == letters:
            groups[-1][0].append(name)
        else:
            groups.append(([name], letters))
    return ", ".join(f"{', '.join(names)} ({_tuple(letters)})" for names, letters in groups)


def _tuple(letters: Axes) -> str:
    return ", ".join(letters) + "," * (len(letters) == 1)
