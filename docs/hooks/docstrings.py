"""What a docstring says in prose, as Markdown. It is written for a terminal as well as a page.

- What stands between backticks and names something of the package is linked to it.
- Indented lines stay as they are; lines that start with `- ` are a list.
- Every other character stands for itself: in `1 - h**2` nothing is set in bold.

Its sections (Args, Returns, Raises, Examples and others) are read by Griffe: see `docs.hooks.docstrings_griffe`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

# A name of the package, as a docstring writes it, to the full name under which the site describes it; or None.
Link = Callable[[str], str | None]

_CODE = re.compile(r"(`[^`]+`)")
_SPECIAL = re.compile(r"[\\`*_{}\[\]]|^[#+>~:-]|^\d+(?=[.)])")
_ITEM = re.compile(r"- ")


def markdown(text: str, link: Link = lambda name: None) -> str:
    """The prose of a section as Markdown."""
    return "\n\n".join(_block(block, link) for block in _blocks(text))


def _blocks(text: str) -> Iterator[list[str]]:
    """What empty lines separate; indented lines that follow each other are one."""
    found = re.split(r"\n(?:[ \t]*\n)+", text.strip("\n"))
    blocks = [block.split("\n") for block in found if block]
    while blocks:
        block = blocks.pop(0)
        while _is_literal(block) and blocks and _is_literal(blocks[0]):
            block += ["", *blocks.pop(0)]
        yield block


def _is_literal(block: list[str]) -> bool:
    return all(line.startswith("    ") for line in block if line)


def _block(block: list[str], link: Link) -> str:
    """Lines as they are, a list where they start with `- `, or a paragraph."""
    if _is_literal(block):
        return "\n".join(["```text", *(line[4:] for line in block), "```"])
    if not _ITEM.match(block[0]):
        return _inline(" ".join(line.strip() for line in block), link)
    items: list[str] = []
    for line in block:
        if _ITEM.match(line):
            items.append(line[2:])
        else:
            items[-1] += f" {line.strip()}"
    return "\n".join(f"- {_inline(item, link)}" for item in items)


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


def _escape(found: re.Match[str]) -> str:
    if found[0] in ":~":
        return f"&#{ord(found[0])};"  # Markdown has no backslash for these
    return f"{found[0]}\\" if found[0].isdigit() else f"\\{found[0]}"
