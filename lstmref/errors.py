"""The errors raised for bad arguments.

Each is also a ValueError or a TypeError, so callers may catch either the built-in class or ours.
"""


class ArgumentError(Exception):
    """Base of every refusal; its text names the argument, what was expected and what was given."""


class ShapeError(ArgumentError, ValueError):
    """An array or a size has the wrong shape or value."""


class NameSetError(ArgumentError, ValueError):
    """A mapping lacks a name that is needed, or has one that is unknown."""


class NotFiniteError(ArgumentError, ValueError):
    """An array holds NaN or an infinity."""


class KindError(ArgumentError, TypeError):
    """An argument is of the wrong Python type or the wrong dtype."""


class OrderError(ArgumentError, RuntimeError):
    """A call comes before the one that it needs, or when what it needs is gone."""


class ConversionError(ArgumentError, ValueError):
    """Weights or a file that do not convert: another function, or not what the format is."""


class ExtraError(ArgumentError, ImportError):
    """A call needs an optional package that is not installed."""
