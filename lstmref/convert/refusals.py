"""Why something does not convert, and the page that explains it."""

from typing import NoReturn

from lstmref.errors import ConversionError

CONVENTIONS = "https://lstmref.github.io/conventions/"
# The sections of that page that a refusal sends to.
RESET, PROJECTION, PEEPHOLES, CLIP = "reset", "projection", "peepholes", "clip"
HARD_SIGMOID, ACTIVATIONS, INPUT_FORGET = "hard-sigmoid", "activations", "input-forget"
SECTIONS = (RESET, PROJECTION, PEEPHOLES, CLIP, HARD_SIGMOID, ACTIVATIONS, INPUT_FORGET)

GRUS = {"gru": "before", "gru-cho": "before", "gru-after": "after"}
LSTMS = ("lstm", "lstm-linear")


def refuse(what: str, section: str = "") -> NoReturn:
    """Raise ConversionError with `what` and the address that explains it, if the page has a section for it.

    Raises:
        ConversionError: always.

    Examples:
        >>> refuse("clip: expected none, got 3.0", CLIP)
        Traceback (most recent call last):
        lstmref.errors.ConversionError: clip: expected none, got 3.0; see https://lstmref.github.io/conventions/#clip
    """
    raise ConversionError(f"{what}; see {CONVENTIONS}#{section}" if section else what)


def refuse_cell(what: str, have: str, want: str) -> NoReturn:
    """Raise ConversionError: the weights of the cell `have` do not make the cell `want`.

    Raises:
        ConversionError: always.

    Examples:
        >>> refuse_cell("cell", "gru", "gru-after")
        Traceback (most recent call last):
        lstmref.errors.ConversionError: cell: expected gru-after, got gru, which has the reset gate before the product \
and not after it: no weights of the one make the other; see https://lstmref.github.io/conventions/#reset
    """
    start = f"{what}: expected {want}, got {have}"
    if have in GRUS and want in GRUS:
        refuse(
            f"{start}, which has the reset gate {GRUS[have]} the product and not {GRUS[want]} it: "
            "no weights of the one make the other",
            RESET,
        )
    if have in LSTMS and want in LSTMS:
        refuse(f"{start}, which has another activation of c", ACTIVATIONS)
    refuse(f"{start}, which is another function of other parameters")


def activation(what: str, given: object, expected: str) -> None:
    """Return if the activation `given` is `expected`, whatever the case of its letters, else raise ConversionError.

    Raises:
        ConversionError: otherwise.

    Examples:
        >>> activation("recurrent_activation", "hard_sigmoid", "sigmoid")
        Traceback (most recent call last):
        lstmref.errors.ConversionError: recurrent_activation: expected sigmoid, got hard_sigmoid: \
another function, which no weights undo; see https://lstmref.github.io/conventions/#hard-sigmoid
    """
    name = str(getattr(given, "__name__", given))
    if name.casefold() != expected.casefold():
        hard = name.casefold().replace("_", "") == "hardsigmoid"
        refuse(
            f"{what}: expected {expected}, got {name}: another function, which no weights undo",
            HARD_SIGMOID if hard else ACTIVATIONS,
        )


def double_bias(what: str, shape: tuple[int, ...], rows: int) -> None:
    """Raise ConversionError if a bias is cuDNN's: the input's and the state's, `rows` each, one after the other.

    Raises:
        ConversionError: if a bias is cuDNN's: the input's and the state's, `rows` each, one after the other.

    Examples:
        >>> double_bias("bias", (12,), rows=12)
        >>> double_bias("bias", (24,), rows=12)
        Traceback (most recent call last):
        lstmref.errors.ConversionError: bias: expected (12,), got (24,): two biases one after the \
other, as cuDNN has them; its matrices lie otherwise as well, so convert the layer in its own framework first
    """
    if shape == (2 * rows,):
        refuse(
            f"{what}: expected ({rows},), got {shape}: two biases one after the other, as cuDNN has them; its matrices "
            "lie otherwise as well, so convert the layer in its own framework first"
        )
