"""Makes Markdown of the package's docstrings as Griffe reads them, and of the comments beside fields and constants.

Griffe reads sources and runs nothing. This is the extension that mkdocs.yml names.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import griffe

from docs.hooks import docstrings
from lstmref import describe
from lstmref.layout import Layout


class Prose(griffe.Extension):
    """Called once the whole package is read, so that a name can be linked wherever it is defined."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Rewrite every docstring of the package; describe the passes that a cell's last line makes."""
        for one in list(walk(pkg)):
            if isinstance(one, griffe.Module):
                describe_passes(one)
        for one in list(walk(pkg)):
            if isinstance(one, griffe.Attribute) and one.docstring is None and (said := comment(one)):
                one.docstring = griffe.Docstring(said, parent=one)
        made = {id(one): _markdown(one) for one in walk(pkg)}
        for one in list(walk(pkg)):
            if isinstance(one, griffe.Attribute) and (
                _is_field(one) or str(one.value).startswith("TypeVar(")
            ):
                assert one.parent is not None
                one.parent.del_member(one.name)
            elif text := made[id(one)]:
                one.docstring = one.docstring or griffe.Docstring("", parent=one)
                one.docstring.value = text


def describe_passes(module: griffe.Module) -> None:
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
        function.docstring = griffe.Docstring(text, parent=function)


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


def _markdown(one: griffe.Object) -> str:
    """What the page says of it: its docstring, and of a record the fields that this leaves out."""
    fields = [
        field for field in one.members.values() if isinstance(field, griffe.Attribute) and _is_field(field)
    ]
    arguments = {field.name: _declaration(field) for field in fields}
    given = one.parameters if isinstance(one, griffe.Function | griffe.Class) else ()
    arguments |= {parameter.name: parameter.name for parameter in given}
    own = one.docstring.value if one.docstring else ""
    text = docstrings.markdown(own, arguments, lambda name: target(one, name))
    told = docstrings.described(own, arguments)
    # The signature shows what a class is made with; there is more to say where a comment says it.
    told |= {parameter.name for parameter in given if not _said(one, parameter.name)}
    rest = [field for field in fields if field.name not in told and not field.name.startswith("_")]
    lines = [f"- `{arguments[field.name]}` {_markdown(field)}".rstrip() for field in rest]
    goes_on = text.rpartition("\n\n")[2].startswith("- ")  # with a list: these are more of its items
    return ("\n" if goes_on else "\n\n").join(part for part in (text, "\n".join(lines)) if part)


def _said(record: griffe.Object, name: str) -> bool:
    field = record.members.get(name)
    return isinstance(field, griffe.Attribute) and field.docstring is not None


def _declaration(field: griffe.Attribute) -> str:
    kind = f": {field.annotation}" if field.annotation is not None else ""
    return f"{field.name}{kind}" + (f" = {field.value}" if field.value is not None else "")


def _is_field(one: griffe.Object) -> bool:
    """What a record holds: it is listed in the text of its class and has no heading."""
    return (
        isinstance(one, griffe.Attribute)
        and isinstance(one.parent, griffe.Class)
        and "property" not in one.labels
    )
