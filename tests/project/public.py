"""The public names of a package, found by looking, and what their docstrings lack.

Docstrings are read as the API reference reads them: by Griffe, in Google style.
"""

from __future__ import annotations

import ast
import builtins
import doctest
import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from types import FunctionType, ModuleType
from typing import Any

import griffe

# "shapes and errors as in `lstm.forward`": what the docstring named there says, holds here too.
REFERENCE = re.compile(
    r"(?:^|\b(?:see|as|as in|as for|like|inverse of|gradients of|errors:) )`([\w.]+)`", re.IGNORECASE
)
SHAPE = re.compile(r"\((?:k )?(?:[A-Z0-9]|\.\.\.)[\w\s+*·]*,|\b(?:any|its|same|equal|'s) shapes?\b")
DTYPE = re.compile(r"\bfloat(?:32|64)\b|\bdtypes?\b", re.IGNORECASE)
NAMED_ERROR = re.compile(r"\b[A-Z]\w*Error\b")
# What an annotation calls arrays, or what arrays are made of.
ARRAY = re.compile(r"\b(?:Array|Given|Parameters|ArrayLike|ndarray|NDArray)\b")
# What computes a formula: a product, or a function of NumPy. Sums alone are not told from joined lists.
OPERATORS = (ast.Mult, ast.MatMult, ast.Div, ast.Pow)
FUNCTIONS = {"exp", "tanh", "matmul", "dot", "multiply", "divide", "einsum"}

# As in mkdocs.yml; what Griffe warns of is for the site's build.
READ = griffe.GoogleOptions(returns_multiple_items=False, warnings=False)

Errors = frozenset[type[BaseException]]


@dataclass(frozen=True)
class Name:
    """A public class or function: where it is, itself, and the class that it belongs to, if any."""

    label: str
    value: Any
    module: ModuleType
    owner: type | None = None

    @property
    def own(self) -> str:
        """Its docstring; not the one that Python makes up for a record: `Point(x, y)`."""
        if not isinstance(self.value, type):
            return inspect.cleandoc(self.value.__doc__ or "")
        text = vars(self.value).get("__doc__") or ""
        return "" if text.startswith(f"{self.value.__name__}(") else inspect.cleandoc(text)

    @cached_property
    def near(self) -> str:
        """Its docstring, its class's, and those that it refers to: what must state its arguments."""
        texts, waiting = [], [self.own, inspect.getdoc(self.owner) or ""]
        while waiting:
            text = waiting.pop()
            if text and text not in texts:
                texts.append(text)
                waiting += [inspect.getdoc(found) or "" for found in self._referred(text)]
        return "\n\n".join(texts)

    @cached_property
    def sections(self) -> list[griffe.DocstringSection]:
        """Those of all docstrings that `near` has."""
        return sections(self.near)

    @cached_property
    def arguments(self) -> set[str]:
        """What is told of in a section of arguments, or of a record's attributes."""
        kinds = (griffe.DocstringSectionParameters, griffe.DocstringSectionAttributes)
        return {item.name for one in self.sections if isinstance(one, kinds) for item in one.value}

    @cached_property
    def errors(self) -> set[str]:
        """What is told of in a section of errors."""
        return {
            str(item.annotation)
            for one in self.sections
            if isinstance(one, griffe.DocstringSectionRaises)
            for item in one.value
        }

    def _referred(self, text: str) -> Iterator[Any]:
        package = importlib.import_module(self.module.__name__.partition(".")[0])
        for name in REFERENCE.findall(text):
            for scope in (self.owner, self.module, package):
                found: Any = scope
                for part in name.removeprefix(f"{package.__name__}.").split("."):
                    found = getattr(found, part, None)
                if isinstance(found, ModuleType | FunctionType | type | property):
                    yield found
                    break

    def function(self) -> FunctionType | None:
        """The function that it is, or that a property calls."""
        found: Any = self.value.fget if isinstance(self.value, property) else self.value
        plain: Any = inspect.unwrap(getattr(found, "__func__", found))
        return plain if isinstance(plain, FunctionType) else None


def sections(text: str) -> list[griffe.DocstringSection]:
    """The sections of a docstring, or of several."""
    return griffe.parse_google(griffe.Docstring(text), **READ)


def told(text: str, title: str) -> bool:
    """Whether there is a section of ours with that title: Source, Dtypes."""
    return any(
        isinstance(one, griffe.DocstringSectionAdmonition) and one.title == title for one in sections(text)
    )


def modules(package: ModuleType) -> list[ModuleType]:
    """The package and every module below it, none of whose names starts with an underscore."""
    infos = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    names = [info.name for info in infos if not re.search(r"\._", info.name)]
    return [package, *(importlib.import_module(name) for name in sorted(names))]


def names(package: ModuleType) -> list[Name]:
    """Every public class and function, once, where it is defined, and the public methods of the classes."""
    found: dict[int, Name] = {}
    # Where a name is defined before where it is exported.
    for exported in (False, True):
        for module in modules(package):
            public = getattr(module, "__all__", [name for name in vars(module) if not name.startswith("_")])
            for name in public:
                value = getattr(module, name)
                inside = isinstance(value, type) or inspect.isroutine(value)
                home = str(getattr(value, "__module__", ""))
                ours = home == package.__name__ or home.startswith(f"{package.__name__}.")
                if inside and ours and (exported or home == module.__name__):
                    found.setdefault(id(value), Name(f"{module.__name__}.{name}", value, module))
    tops = list(found.values())
    return tops + [method for top in tops if isinstance(top.value, type) for method in methods(top)]


def methods(top: Name) -> Iterator[Name]:
    """The public methods and properties that a class defines itself."""
    for name, value in vars(top.value).items():
        routine = isinstance(value, FunctionType | property | classmethod | staticmethod)
        if routine and not name.startswith("_"):
            yield Name(f"{top.label}.{name}", value, top.module, top.value)


def problems(package: ModuleType) -> list[str]:
    """`name: what it lacks`, for every public module, class, function and method."""
    lacking = [f"{module.__name__}: a docstring" for module in modules(package) if not module.__doc__]
    for name in names(package):
        lacking += [f"{name.label}: {what}" for what in lacks(name)]
    return lacking


def lacks(name: Name) -> Iterator[str]:
    """What the docstring of one name does not say."""
    if not name.own:
        yield "a docstring"
        return
    for error in sorted(set(NAMED_ERROR.findall(name.own))):
        if not hasattr(builtins, error) and not _is_known(error, name.module):
            yield f"{error}: no such exception"
    if isinstance(name.value, type):
        made = [one for start in _called(name.value, name.module.__name__) for one in _to_be_named(start)]
        yield from _unnamed(name, made)
        if any(methods(name)) and not any(_shown(part) for part in (name, *methods(name))):
            yield "an example"
        return
    function = name.function()
    if function is None:
        return
    if arrays := _arrays(function):
        if unnamed := [one for one in arrays if one and one not in name.arguments]:
            yield f"what {', '.join(unnamed)} is"
        if not SHAPE.search(name.near):
            yield "shapes"
        everywhere = f"{name.near}\n{name.module.__doc__}"
        if not DTYPE.search(everywhere):
            yield "dtypes"
        if _computes(function) and not (
            told(name.near, "Source") or told(name.module.__doc__ or "", "Source")
        ):
            yield "source"
    yield from _unnamed(name, _to_be_named(function))
    if not _shown(name):
        yield "an example"


def _unnamed(name: Name, errors: Iterable[type[BaseException]]) -> Iterator[str]:
    for error in sorted(set(errors), key=lambda one: one.__name__):
        if not any(one.__name__ in name.errors for one in _ours(error, name.module)):
            yield f"that it raises {error.__name__}"


def _is_known(error: str, module: ModuleType) -> bool:
    package = importlib.import_module(module.__name__.partition(".")[0])
    return any(isinstance(getattr(one, error, None), type) for one in modules(package))


def _ours(error: type[BaseException], module: ModuleType) -> Iterator[type]:
    """The exception, and those of the package that it is one of."""
    package = module.__name__.partition(".")[0]
    yield error
    yield from (one for one in error.__mro__[1:] if one.__module__.partition(".")[0] == package)


def _shown(name: Name) -> bool:
    """Whether an example calls it: its own or one at the head of its module; a method, any of its module."""
    short = name.label.rpartition(".")[2]
    texts = [name.own, name.module.__doc__ or ""]
    if name.owner is not None or isinstance(name.value, type):
        here = [
            one
            for one in vars(name.module).values()
            if getattr(one, "__module__", "") == name.module.__name__
        ]
        texts += [inspect.getdoc(one) or "" for one in here]
    examples = [one.source for text in texts for one in _examples(text)]
    call = r"" if isinstance(name.value, property) else r"\("
    return any(re.search(rf"\b{short}\b{call}", source) for source in examples)


def _examples(text: str) -> Iterator[doctest.Example]:
    """Those that stand in a section of examples."""
    for section in sections(text):
        if isinstance(section, griffe.DocstringSectionExamples):
            for kind, said in section.value:
                if kind is griffe.DocstringSectionKind.examples:
                    yield from doctest.DocTestParser().get_examples(said)


def _arrays(function: FunctionType) -> list[str]:
    """The arguments that are arrays, or made of them; an empty name for what it returns."""
    if made := getattr(function, "__signature__", None):  # by a factory, for arrays alone
        return [*made.parameters, ""]
    tree = _tree(function)
    assert isinstance(tree, ast.FunctionDef)
    every = [
        *tree.args.posonlyargs,
        *tree.args.args,
        *tree.args.kwonlyargs,
        tree.args.vararg,
        tree.args.kwarg,
    ]
    kinds = [(one.arg, one.annotation) for one in every if one is not None] + [("", tree.returns)]
    return [argument for argument, kind in kinds if kind is not None and ARRAY.search(ast.unparse(kind))]


def _to_be_named(function: FunctionType) -> Errors:
    """The package's own exceptions, wherever they come from, and Python's where the function itself raises them."""
    package = function.__module__.partition(".")[0]
    own = {one for one in raised(function) if one.__module__.partition(".")[0] == package}
    direct = {one for one in raised(function, direct=True) if one is not AssertionError}
    return frozenset(own | direct)


def _computes(function: FunctionType) -> bool:
    for node in ast.walk(_tree(function)):
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, OPERATORS):
            return True
        if isinstance(node, ast.Attribute) and node.attr in FUNCTIONS:
            return True
    return False


def _tree(value: FunctionType | type) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(value))).body[0]


# -- what a function raises ----------------------------------------------------


def raised(function: FunctionType, within: tuple[FunctionType, ...] = (), *, direct: bool = False) -> Errors:
    """The exceptions that it, and (unless `direct`) what it calls in its own package, raises by name.

    What it catches itself is left out. A call through an object that only a run knows is not followed.
    """
    if function in within:
        return frozenset()
    return _of_body(getattr(_tree(function), "body", []), function, None if direct else (*within, function))


def _of_body(
    body: Iterable[ast.AST], function: FunctionType, within: tuple[FunctionType, ...] | None
) -> Errors:
    found: set[type[BaseException]] = set()
    for node in body:
        if isinstance(node, ast.Try):
            caught = tuple(one for handler in node.handlers for one in _handled(handler, function))
            inside = _of_body(node.body, function, within)
            found |= {error for error in inside if not issubclass(error, caught)}
            found |= _of_body([*node.handlers, *node.orelse, *node.finalbody], function, within)
            continue
        if isinstance(node, ast.With):
            caught = tuple(one for item in node.items for one in _caught_by(item.context_expr, function))
            inside = _of_body(node.body, function, within)
            found |= {error for error in inside if not issubclass(error, caught)}
            found |= _of_body(node.items, function, within)
            continue
        if isinstance(node, ast.Raise) and node.exc is not None:
            name = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            error = _resolve(name, function)
            if isinstance(error, type) and issubclass(error, BaseException):
                found.add(error)
        if isinstance(node, ast.Call) and within is not None:
            for called in _called(_resolve(node.func, function), function.__module__):
                found |= raised(called, within)
        found |= _of_body(ast.iter_child_nodes(node), function, within)
    return frozenset(found)


def _handled(handler: ast.ExceptHandler, function: FunctionType) -> Iterator[type[BaseException]]:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    for kind in kinds:
        found = BaseException if kind is None else _resolve(kind, function)
        if isinstance(found, type) and issubclass(found, BaseException):
            yield found


def _caught_by(manager: ast.expr, function: FunctionType) -> Iterator[type[BaseException]]:
    """What a context manager, a generator of the same package, catches around its `yield`."""
    if isinstance(manager, ast.Call):
        for called in _called(_resolve(manager.func, function), function.__module__):
            for node in ast.walk(_tree(called)):
                if isinstance(node, ast.Try) and any(isinstance(one, ast.Yield) for one in ast.walk(node)):
                    yield from (one for handler in node.handlers for one in _handled(handler, called))


def _resolve(node: ast.AST, function: FunctionType) -> Any:
    """What a name in a function stands for, as far as its module says."""
    if isinstance(node, ast.Name):
        if node.id in ("self", "cls") and "." in function.__qualname__:
            return function.__globals__.get(function.__qualname__.partition(".")[0])
        return function.__globals__.get(node.id, getattr(builtins, node.id, None))
    if isinstance(node, ast.Attribute):
        return getattr(_resolve(node.value, function), node.attr, None)
    return None


def _called(value: Any, module: str) -> Iterator[FunctionType]:
    """The functions of the package of `module` that a call of `value` runs."""
    package = module.partition(".")[0]
    starts = [getattr(value, "__init__", None), getattr(value, "__post_init__", None)]
    for one in starts if isinstance(value, type) else [value]:
        plain = inspect.unwrap(getattr(one, "__func__", one)) if one is not None else None
        if isinstance(plain, FunctionType) and plain.__module__.partition(".")[0] == package:
            # What Python writes for a dataclass has no source, and raises nothing.
            if plain.__code__.co_filename.startswith("<"):
                continue
            yield plain
