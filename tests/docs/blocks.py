"""The Python in the prose: runs the blocks of a page in order, and compares those of two languages.

A block is fenced with ```python, or with ```pycon where it shows what comes out, as in a docstring. All blocks of a
page share their names. Code that is quoted from elsewhere and cannot be run is fenced with ```py.
"""

from __future__ import annotations

import ast
import doctest
import io
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<marks>`{3,}|~{3,})(?P<word>[\w-]*)(?P<rest>[^`\n]*)$")
RUN = ("python", "pycon")
_UNSEEN = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER}


@dataclass(frozen=True)
class Block:
    """Code on a page, from the line after its fence."""

    page: str
    line: int
    word: str
    code: str


def read(page: Path) -> list[Block]:
    """The blocks of a page that are to be run. Raises ValueError for one that is indented or does not end."""
    found: list[Block] = []
    lines = page.read_text(encoding="utf-8").split("\n")
    start: re.Match[str] | None = None
    for number, line in enumerate(lines, start=1):
        fence = _FENCE.match(line)
        if start is None and fence:
            start, first = fence, number
            if fence["word"] in RUN and fence["indent"]:
                raise ValueError(
                    f"{page.name}:{number}: an indented block of {fence['word']} would not be run"
                )
        elif start is not None and fence and not fence["word"] and fence["marks"].startswith(start["marks"]):
            if start["word"] in RUN:
                found.append(
                    Block(page.name, first + 1, start["word"], "\n".join(lines[first : number - 1]) + "\n")
                )
            start = None
    if start is not None:
        raise ValueError(f"{page.name}:{first}: this block does not end")
    return found


def run(blocks: list[Block]) -> None:
    """Run them in order, with one set of names. Raises what they raise; AssertionError where other output comes out."""
    names: dict[str, Any] = {"__name__": "__page__"}
    for block in blocks:
        if block.word == "python":
            place = "\n" * (block.line - 1)  # so that a traceback gives the line of the page
            exec(compile(place + block.code, block.page, "exec"), names)
            continue
        test = doctest.DocTestParser().get_doctest(block.code, names, block.page, block.page, block.line - 1)
        if not test.examples:
            raise AssertionError(f"{block.page}:{block.line}: a block of pycon without >>>")
        report = io.StringIO()
        if doctest.DocTestRunner(verbose=False).run(test, out=report.write, clear_globs=False).failed:
            raise AssertionError(report.getvalue())
        names.update(test.globs)


def imported(blocks: list[Block]) -> set[str]:
    """The packages that the blocks import."""
    found: set[str] = set()
    for block in blocks:
        for node in ast.walk(ast.parse(source(block))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
    return found


def source(block: Block) -> str:
    """What is run of a block: of pycon, what stands behind the prompts."""
    if block.word == "python":
        return block.code
    return "".join(example.source for example in doctest.DocTestParser().get_examples(block.code))


def without_comments(block: Block) -> list[str]:
    """What must be the same in every language: the code but for its comments, and what comes out."""
    tokens = tokenize.generate_tokens(io.StringIO(source(block)).readline)
    found = [block.word, *(token.string for token in tokens if token.type not in _UNSEEN)]
    if block.word == "pycon":
        found += [example.want for example in doctest.DocTestParser().get_examples(block.code)]
    return found
