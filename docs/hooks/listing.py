"""One step of a cell in NumPy, forward and backward, put together from the `numpy` line of each formula."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup
from pygments import highlight as pygmentize
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from docs.hooks.catalogue import Catalogue, Record
from docs.hooks.describe import subject

SIGMOID = """def sigmoid(a):
    return 0.5 * (1 + np.tanh(0.5 * a))  # never overflows


"""


SOFTMAX = """def softmax(a):
    e = np.exp(a - a.max())  # never overflows
    return e / e.sum()


"""


def line(formula: Record) -> str:
    """A formula as an assignment."""
    return f"{formula['name']} = {formula['numpy']}"


def forward(catalogue: Catalogue, cell: str) -> str:
    """The forward step: a function of what is given, the previous state and the parameters."""
    record = catalogue.cell(cell)
    lines = [line(catalogue.formula(one)) for one in record["forward"]]
    given = [
        name for role in ("input", "data", "constant", "previous-state") for name in _named(record, role)
    ]
    # States first, as the next step wants them, then the outputs that are not carried on.
    returned = list(dict.fromkeys([*_named(record, "state"), *record.get("outputs", ())]))
    source = _function("forward", [*given, *record["parameters"]], lines, returned)
    helpers = [text for name, text in (("sigmoid(", SIGMOID), ("softmax(", SOFTMAX)) if name in source]
    return f"import numpy as np\n\n\n{''.join(helpers)}{source}"


def backward(catalogue: Catalogue, cell: str) -> str:
    """The backward step: from what arrives to the cotangents and this step's share of the gradients."""
    record = catalogue.cell(cell)
    formulas = [catalogue.formula(one) for one in record["backward"]]
    inside = [one for one in formulas if not _over_time(one)]
    made = [one["name"] for one in inside]
    read = [symbol["name"] for one in inside for symbol in one["symbols"][1:]]
    arguments = sorted(dict.fromkeys(name for name in read if name not in made), key=_rank(record))
    returned = [
        one["name"] for one in inside if subject(one)[0] in ("input", "previous-state", "contribution")
    ]
    return _function("backward", arguments, [line(one) for one in inside], returned)


def _over_time(formula: Record) -> bool:
    """Whether a formula speaks of all steps, not of one: a sum over time, or the initial state's gradient."""
    return subject(formula)[0] in ("parameter", "initial-state")


def _named(cell: Record, role: str) -> list[str]:
    return [symbol["name"] for symbol in cell["symbols"] if symbol["role"] == role]


def _rank(cell: Record) -> Callable[[str], tuple[bool, int]]:
    """What arrives from the loss and from step t + 1 first, then the cell's own symbols in their order."""
    order = {symbol["name"]: place for place, symbol in enumerate(cell["symbols"])}
    return lambda name: (name in order, order.get(name, 0))


def _function(name: str, arguments: list[str], lines: list[str], returned: list[str]) -> str:
    body = [f"    {line}" for text in lines for line in text.splitlines()]
    return "\n".join([_wrap(f"def {name}(", arguments, "):"), *body, _wrap("    return ", returned, "")])


def _wrap(start: str, names: list[str], end: str, width: int = 76) -> str:
    one = f"{start}{', '.join(names)}{end}"
    if len(one) <= width:
        return one
    indent = " " * (len(start) if start.endswith("(") else len(start) + 1)
    lines, line = [], ""
    for name in names:
        if len(indent) + len(line) + len(name) + 2 > width:
            lines.append(line.rstrip())
            line = ""
        line += f"{name}, "
    lines.append(line.rstrip(", "))
    opened = start if start.endswith("(") else f"{start}("
    closed = end if start.endswith("(") else f"){end}"
    return opened + f"\n{indent}".join(lines) + closed


def highlight(text: str) -> Markup:
    """Python code as Material shows it."""
    return Markup(pygmentize(text, PythonLexer(), HtmlFormatter(cssclass="highlight", wrapcode=True)))
