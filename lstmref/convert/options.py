"""Options as users give them: a flag is a bool, a name is text, and nothing else is taken for either."""

from lstmref.errors import KindError


def flags(**given: object) -> None:
    """Raise KindError unless each of the options, by its name, is True, False or None.

    Raises:
        KindError: unless each of the options, by its name, is True, False or None.

    Examples:
        >>> flags(bias=None, of_cell=True)
        >>> flags(bias="no")
        Traceback (most recent call last):
        lstmref.errors.KindError: bias: expected True, False or None, got str
    """
    for name, value in given.items():
        if value is not None and not isinstance(value, bool):
            raise KindError(f"{name}: expected True, False or None, got {type(value).__name__}")


def texts(**given: object) -> None:
    """Raise KindError unless each of the options, by its name, is text or None.

    Raises:
        KindError: unless each of the options, by its name, is text or None.

    Examples:
        >>> texts(cell="lstm", merge_mode=None)
        >>> texts(cell=["lstm"])
        Traceback (most recent call last):
        lstmref.errors.KindError: cell: expected text or None, got list
    """
    for name, value in given.items():
        if value is not None and not isinstance(value, str):
            raise KindError(f"{name}: expected text or None, got {type(value).__name__}")
