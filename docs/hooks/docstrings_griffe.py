"""Completes the package's docstrings as Griffe reads them: what they say of fields, passes and constants, and links.

Griffe reads sources and runs nothing; its parser of Google style finds the sections. This is the extension that
mkdocs.yml names.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeGuard

import griffe

from docs.hooks import docstrings
from lstmref import describe
from lstmref.layout import Layout

# Makes a docstring of a text, to be read as those of the sources are.
Make = Callable[[str, griffe.Object], griffe.Docstring]


class Prose(griffe.Extension):
    """Called once the whole package is read, so that a name can be linked wherever it is defined."""

    def on_package(self, *, pkg: griffe.Module, loader: griffe.GriffeLoader, **_: Any) -> None:
        """Complete every docstring of the package; describe the passes that a cell's last line makes."""

        def make(text: str, parent: griffe.Object) -> griffe.Docstring:
            style, options = loader.docstring_parser, loader.docstring_options
            return griffe.Docstring(text, parent=parent, parser=style, parser_options=options)

        for one in list(walk(pkg)):
            if isinstance(one, griffe.Module):
                describe_passes(one, make)
        for one in list(walk(pkg)):
            if isinstance(one, griffe.Attribute) and one.docstring is None and (said := comment(one)):
                one.docstring = make(said, one)
        for one in walk(pkg):
            if isinstance(one, griffe.Class) and any(_is_field(field) for field in one.members.values()):
                one.docstring = one.docstring or make("", one)
                _tell_fields(one, one.docstring.parsed)
        for one in walk(pkg):
            # A field's is part of its class's already.
            if one.docstring and not _is_field(one):
                _mark_up(one.docstring.parsed, functools.partial(target, one))
        for one in list(walk(pkg)):
            if isinstance(one, griffe.Attribute) and (
                _is_field(one) or str(one.value).startswith("TypeVar(")
            ):
                assert one.parent is not None
                one.parent.del_member(one.name)


def describe_passes(module: griffe.Module, make: Make) -> None:
    """`forward, backward = sequence.passes(__name__)` as functions, told from the module's LAYOUT.

    Raises ValueError where LAYOUT is not written out.
    """
    line = _line_of_passes(module)
    if line is None:
        return
    call = ast.parse(str(module.attributes["LAYOUT"].value), mode="eval").body
    if not isinstance(call, ast.Call) or call.args or any(one.arg is None for one in call.keywords):
        raise ValueError(
            f"{module.path}.LAYOUT: expected Layout(inputs={{...}}, ...), got {ast.unparse(call)}"
        )
    layout = Layout(**{str(one.arg): ast.literal_eval(one.value) for one in call.keywords})
    told = {
        "forward": (["params", *layout.arguments(time=True)], describe.forward_text(layout)),
        "backward": (["cotangents", "cache"], describe.backward_text(layout)),
    }
    for name, (takes, text) in told.items():
        kind = griffe.ParameterKind.positional_or_keyword
        parameters = griffe.Parameters(*(griffe.Parameter(one, kind=kind) for one in takes))
        function = griffe.Function(name, parameters=parameters, lineno=line, endlineno=line)
        module.set_member(name, function)
        function.docstring = make(text, function)


def _line_of_passes(module: griffe.Module) -> int | None:
    """Griffe leaves out what is assigned to two names at once."""
    if not isinstance(module.filepath, Path) or "LAYOUT" not in module.attributes:
        return None
    for node in ast.parse(module.filepath.read_bytes()).body:
        if (
            isinstance(node, ast.Assign)
            and ast.unparse(node) == "forward, backward = sequence.passes(__name__)"
        ):
            return node.lineno
    return None


def walk(one: griffe.Object) -> Iterator[griffe.Object]:
    """The object and all that is defined in it, but not what it imports."""
    yield one
    for member in one.members.values():
        if isinstance(member, griffe.Object):
            yield from walk(member)


def target(scope: griffe.Object, name: str) -> str | None:
    """The full name of what `name` means where `scope` is described, if it has a heading on some page."""
    inside: griffe.Object | griffe.Alias | None = scope
    name = name.removesuffix("()").removeprefix(f"{scope.package.name}.")
    while inside is not None:
        try:
            found = inside[name]
            found = found.final_target if isinstance(found, griffe.Alias) else found
        except (KeyError, griffe.AliasResolutionError):
            inside = inside.parent
            continue
        within = found.package.path == scope.package.path
        public = not any(part.startswith("_") for part in found.path.split("."))
        return found.path if within and public and not _is_field(found) and found is not scope else None
    return None


def comment(one: griffe.Attribute) -> str | None:
    """The comment at the end of a field's or constant's line, `h: Array  # (B, H)`, else those above it."""
    if one.lineno is None or one.endlineno is None or not isinstance(one.filepath, Path):
        return None
    lines = one.filepath.read_text(encoding="utf-8").split("\n")
    _, mark, beside = lines[one.endlineno - 1].partition("  # ")
    if mark:
        return beside
    above: list[str] = []
    for line in reversed(lines[: one.lineno - 1]):
        if not line.lstrip().startswith("# "):
            break
        above.insert(0, line.lstrip().removeprefix("# "))
    return "\n".join(above) or None


def _mark_up(sections: list[griffe.DocstringSection], link: docstrings.Link) -> None:
    """The prose of all sections as Markdown; examples and types stay as they are."""
    for section in sections:
        if isinstance(section, griffe.DocstringSectionText):
            section.value = docstrings.markdown(section.value, link)
        elif isinstance(section, griffe.DocstringSectionAdmonition):
            section.value.contents = docstrings.markdown(section.value.contents, link)
        elif isinstance(section, griffe.DocstringSectionExamples):
            texts = griffe.DocstringSectionKind.text
            section.value = [
                (kind, docstrings.markdown(said, link) if kind is texts else said)
                for kind, said in section.value
            ]
        else:
            for element in section.value:
                element.description = docstrings.markdown(element.description, link)


def _tell_fields(record: griffe.Class, sections: list[griffe.DocstringSection]) -> None:
    """Add the public fields that the docstring leaves out to its attributes, with what is said beside them."""
    found = [one for one in sections if isinstance(one, griffe.DocstringSectionAttributes)]
    told = found[0] if found else griffe.DocstringSectionAttributes([])
    # The signature shows what a class is made with; there is more to say where a comment says it.
    silent = {element.name for element in told.value} | {
        one.name for one in record.parameters if not _is_told(record.members.get(one.name))
    }
    fields = {
        name: one for name, one in record.members.items() if _is_field(one) and not name.startswith("_")
    }
    told.value += [
        griffe.DocstringAttribute(
            name, annotation=one.annotation, description=one.docstring.value if one.docstring else ""
        )
        for name, one in fields.items()
        if name not in silent
    ]
    for element in told.value if not record.parameters else ():
        if (field := fields.get(element.name)) is not None and field.value is not None:
            element.description = f"{element.description} Default: `{field.value}`.".lstrip()
    if told.value and not found:
        head = sum(isinstance(section, griffe.DocstringSectionText) for section in sections[:1])
        sections.insert(head, told)


def _is_told(field: griffe.Object | griffe.Alias | None) -> bool:
    return field is not None and field.docstring is not None


def _is_field(one: griffe.Object | griffe.Alias) -> TypeGuard[griffe.Attribute]:
    """What a record holds: it is listed in the text of its class and has no heading."""
    return (
        isinstance(one, griffe.Attribute)
        and isinstance(one.parent, griffe.Class)
        and "property" not in one.labels
    )
