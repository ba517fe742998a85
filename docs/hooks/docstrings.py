"""Docstrings as Markdown. They are plain prose, for a terminal as well as a page; their habits become markup here.

- What stands between backticks and names something of the package is linked to it.
- `x: (B, D); h_prev: (B, H)`, the arguments of a function or the fields of a record, become a list.
- A sentence that starts with Returns, Raises, Yields, Dtypes: or Source: becomes a paragraph under that word.
- An example (`>>>`) is highlighted; indented lines stay as they are.
- Every other character stands for itself: in `1 - h**2` nothing is set in bold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

# A name of the package, as a docstring writes it, to the full name under which the site describes it; or None.
Link = Callable[[str], str | None]
NONE: Mapping[str, str] = {}

_CODE = re.compile(r"(`[^`]+`)")
_SPECIAL = re.compile(r"[\\`*_{}\[\]]|^[#+>~:-]|^\d+(?=[.)])")
_LEAD = re.compile(r"(?<=[.;:)])\s+(?=(?:Returns|Raises|Yields) |(?:Dtypes|Source): )")
_LED = re.compile(r"(Returns|Raises|Yields|Dtypes|Source):? (.*)", re.DOTALL)
_ERROR = re.compile(r"\b[A-Z]\w*(?:Error|Warning)\b")
_ITEM = re.compile(r"- ")


def markdown(text: str, arguments: Mapping[str, str] = NONE, link: Link = lambda name: None) -> str:
    """A cleaned docstring as Markdown; `arguments` says how each of those that it may describe is written."""
    return "\n\n".join(part for block in _blocks(text) for part in _block(block, arguments, link))


def described(text: str, arguments: Mapping[str, str]) -> set[str]:
    """Those of the arguments that become items of a list."""
    start = _starts(arguments)
    sentences = [one for block in _blocks(text) if _kind(block) == "prose" for one in _sentences(block)]
    return {name for one in sentences for names in start.split(one)[1::2] for name in names.split(", ")}


def _blocks(text: str) -> Iterator[list[str]]:
    """What empty lines separate; examples that follow each other are one, as are indented lines."""
    found = re.split(r"\n(?:[ \t]*\n)+", text.strip("\n"))
    blocks = [block.split("\n") for block in found if block]
    while blocks:
        block = blocks.pop(0)
        kind = _kind(block)
        while kind != "prose" and blocks and _kind(blocks[0]) == kind:
            block += ["", *blocks.pop(0)]
        yield block


def _kind(block: list[str]) -> str:
    if block[0].startswith(">>> "):
        return "example"
    return "literal" if all(line.startswith("    ") for line in block if line) else "prose"


def _block(block: list[str], arguments: Mapping[str, str], link: Link) -> Iterator[str]:
    kind = _kind(block)
    if kind == "prose":
        yield from _prose(block, arguments, link)
    else:
        indent = 4 if kind == "literal" else 0
        language = "text" if kind == "literal" else "pycon"
        yield "\n".join([f"```{language}", *(line[indent:] for line in block), "```"])


def _prose(block: list[str], arguments: Mapping[str, str], link: Link) -> Iterator[str]:
    """A paragraph, or a list of them where its lines start with `- `."""
    if _ITEM.match(block[0]):
        items: list[str] = []
        for line in block:
            if _ITEM.match(line):
                items.append(line[2:])
            else:
                items[-1] += f" {line.strip()}"
        yield "\n".join(f"- {_inline(item, link)}" for item in items)
        return
    for sentence in _sentences(block):
        if led := _LED.fullmatch(sentence):
            words = _ERROR.sub(_code, led[2]) if led[1] == "Raises" else led[2]
            yield f"**{led[1]}** {_inline(words, link)}"
        else:
            yield from _arguments(sentence, arguments, link)


def _sentences(block: list[str]) -> list[str]:
    """A paragraph, cut before each word that leads one of its own."""
    return _LEAD.split(" ".join(line.strip() for line in block))


def _escape(found: re.Match[str]) -> str:
    if found[0] in ":~":
        return f"&#{ord(found[0])};"  # Markdown has no backslash for these
    return f"{found[0]}\\" if found[0].isdigit() else f"\\{found[0]}"


def _code(name: re.Match[str]) -> str:
    inside_code = name.string.count("`", 0, name.start()) % 2
    return name[0] if inside_code else f"`{name[0]}`"


def _starts(arguments: Mapping[str, str]) -> re.Pattern[str]:
    """Where a description starts: after the name of an argument, or of a few that share it, and a colon."""
    if not arguments:
        return re.compile("(?!)()")
    name = "(?:" + "|".join(re.escape(one) for one in sorted(arguments, key=len, reverse=True)) + ")"
    return re.compile(rf"(?:^|(?<=[.;:] ))({name}(?:, {name})*): ")


def _arguments(sentence: str, arguments: Mapping[str, str], link: Link) -> Iterator[str]:
    """The sentence, with what it says of arguments as a list: `x: (B, D); h, c: (B, H)`."""
    parts = _starts(arguments).split(sentence)
    if parts[0]:
        yield _inline(parts[0].rstrip(), link)
    items = []
    for names, said in zip(parts[1::2], parts[2::2], strict=True):
        shown = ", ".join(f"`{arguments[one]}`" for one in names.split(", "))
        items.append(f"- {shown}: {_inline(said.rstrip(' ;'), link)}")
    if items:
        yield "\n".join(items)


def _inline(text: str, link: Link) -> str:
    """Prose with every character standing for itself, and code linked where it names something."""
    parts = _CODE.split(text)
    for place, part in enumerate(parts):
        if place % 2:
            target = link(part[1:-1])
            parts[place] = f"[{part}][{target}]" if target else part
        else:
            parts[place] = _SPECIAL.sub(_escape, part.replace("&", "&amp;").replace("<", "&lt;"))
    return "".join(parts)
