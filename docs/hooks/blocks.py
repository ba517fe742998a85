"""What each marker of the prose becomes: a function of the page's view and the arguments that gives HTML."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from docs.hooks import (
    api,
    conventions_tables,
    describe,
    diagram,
    evidence,
    measured,
    notation_table,
    performance,
)
from docs.hooks import listing as python
from docs.hooks.catalogue import CatalogueError, Record
from docs.hooks.paths import ROOT
from docs.hooks.prose import Marker
from docs.hooks.summary import has, summary
from docs.hooks.view import View


class MarkerError(ValueError):
    """A marker that is unknown, badly placed, or has the wrong arguments."""


def formula(view: View, *ids: str) -> Markup:
    """Displayed formulas, one under the other."""
    return Markup("").join(_card(view, view.catalogue.formula(one)) for one in ids)


def _card(view: View, record: Record) -> Markup:
    if not record["passing"]:
        raise CatalogueError(f"{record['id']}: has no passing evidence")
    return view.render("card.html", formula=record, outcomes=evidence.in_short(view.words, record))


def forward(view: View, cell: str) -> Markup:
    """The forward equations of a cell as their author has them, then the pre-activations that they hold."""
    record = view.catalogue.cell(cell)
    authors = formula(view, *record["forward"])
    if not record["pre_activations"]:
        return authors
    heading = Markup('<p class="group">{}</p>').format(view.words.say("groups.pre-activations"))
    return authors + heading + formula(view, *record["pre_activations"])


# Groups of short formulas, of which a wide page shows two side by side.
_SHORT = frozenset({"contributions", "parameters"})


def backward(view: View, cell: str) -> Markup:
    """The backward pass of a cell, in the order in which one computes it, under small headings."""
    records = [view.catalogue.formula(one) for one in view.catalogue.cell(cell)["backward"]]
    parts = []
    for key, run in describe.groups(records):
        cards = Markup("").join(_card(view, record) for record in run)
        shape = "cards cards--pairs" if key in _SHORT else "cards"
        parts.append(Markup('<p class="group">{}</p>').format(view.words.say(f"groups.{key}")))
        parts.append(Markup('<div class="{}">{}</div>').format(shape, cards))
    return Markup("").join(parts)


def steps(view: View, formula_id: str) -> Markup:
    """The derivation of a formula."""
    record = view.catalogue.formula(formula_id)
    if not record["steps"]:
        raise CatalogueError(f"{formula_id}: is not derived, it has no steps")
    return view.render("steps.html", formula=record)


def derivations(view: View, cell: str) -> Markup:
    """The derivations that carry the recursion: of each state, and of what each sends back to the step before."""
    roles = {"state", "previous-state"}
    told = [
        record
        for record in map(view.catalogue.formula, view.catalogue.cell(cell)["backward"])
        if describe.subject(record)[0] in roles and record["steps"]
    ]
    return Markup("").join(view.render("steps.html", formula=record) for record in told)


def difference(view: View, cell: str) -> Markup:
    """What sets a variant apart from its parent: equations by pairs, parameters that fall away or come."""
    record = view.catalogue.cell(cell)
    if record["difference"] is None:
        raise CatalogueError(f"{cell}: is no variant, it has no parent")
    parent, told = record["parent"], record["difference"]

    def shown(name: str | None) -> Markup | None:
        return inline(view, name) if name else None

    def parameters_of(whose: str, names: list[str]) -> Markup | None:
        if not names:
            return None
        return Markup(view.words.listed([str(symbol(view, whose, name)) for name in names]))

    link = Markup('<a href="{}">{}</a>').format(view.to_cell(parent), view.words.say(f"cells.{parent}"))
    return view.render(
        "difference.html",
        parent=link,
        pairs=[(shown(pair["own"]), shown(pair["parent"])) for pair in told["changed"]],
        gone=parameters_of(parent, told["gone"]),
        new=parameters_of(cell, told["new"]),
    )


def notebook(view: View, cell: str) -> Markup:
    """Where the derivations of the cell can be run. A project without notebooks says nothing."""
    if view.site.project != ROOT:
        return Markup("")
    link = Markup('<a href="{}">{}</a>').format(
        view.href(f"notebooks/{cell}/"), view.words.say("cell-page.notebook-link")
    )
    return Markup("<p>{}</p>").format(Markup(view.words.say("cell-page.notebook", notebook=link)))


def draw(view: View, cell: str) -> Markup:
    """The computation diagram of a cell."""
    return Markup(diagram.svg(view.catalogue.cell(cell), view.words.language, view.root))


def shapes(view: View, cell: str) -> Markup:
    """What has a gradient, and its shape."""
    rows = []
    for formula_id in view.catalogue.cell(cell)["backward"]:
        record = view.catalogue.formula(formula_id)
        role, symbol = describe.subject(record)
        if symbol and role != "contribution":
            rows.append((symbol, record))
    return view.render("shapes.html", cell=cell, rows=rows)


def parameters(view: View, cell: str) -> Markup:
    """The parameters of a cell, and the formula for their number."""
    record = view.catalogue.cell(cell)
    rows = [view.catalogue.symbol(cell, name) for name in record["parameters"]]
    counts = [_card(view, one) for one in view.catalogue.of_cell(cell) if one["pass"] == "count"]
    return Markup("").join([*counts, view.render("parameters.html", cell=cell, rows=rows)])


def listing(view: View, cell: str) -> Markup:
    """One step of a cell in NumPy, forward and backward, written from the formulas."""
    parts = [
        (view.words.say(f"interface.{kind}-step"), python.highlight(text), text)
        for kind, text in (
            ("forward", python.forward(view.catalogue, cell)),
            ("backward", python.backward(view.catalogue, cell)),
        )
    ]
    return view.render("code.html", cell=cell, parts=parts)


def source(view: View, cell: str) -> Markup:
    """Where the equations of a cell come from."""
    record = view.catalogue.cell(cell)
    said = view.words.say("interface.source-of", source=view.source(record["source"]))
    if record["also"]:
        others = view.words.join([str(view.source(one)) for one in record["also"]])
        said += view.gap + view.words.say("interface.source-also", sources=others)
    return Markup('<p class="source">' + said + "</p>")


def cells(view: View) -> Markup:
    """The table of the cells."""
    rows = []
    for cell in view.catalogue.cells.values():
        records = list(view.catalogue.of_cell(cell["name"]))
        proved = sum(has(record, "proved") for record in records)
        rows.append((cell, len(records), proved))
    return view.render("cells.html", rows=rows)


def formulas(view: View) -> Markup:
    """The index of all formulas, by cell and pass."""
    sections = []
    for cell in view.catalogue.cells.values():
        passes: dict[str, list[tuple[Record, list[evidence.Outcome]]]] = {}
        for record in view.catalogue.of_cell(cell["name"]):
            passes.setdefault(record["pass"], []).append((record, evidence.in_short(view.words, record)))
        sections.append((cell, list(passes.items())))
    return view.render("formulas.html", sections=sections)


def bibliography(view: View) -> Markup:
    """All references, each with the cells that follow it."""
    cited: dict[str, list[str]] = {}
    for cell in view.catalogue.cells.values():
        for one in (cell["source"], *cell["also"]):
            cited.setdefault(one["key"], []).append(cell["name"])
    return view.render("bibliography.html", references=list(view.site.bibliography), cited=cited)


def glossary(view: View) -> Markup:
    """Every word of the glossary, in both languages."""
    words = view.words
    other = "zh" if words.language == "en" else "en"
    rows = [(key, words.entry(key), words.glossary[key][other]["term"]) for key in words.glossary]
    if words.language == "en":
        rows.sort(key=lambda row: row[1]["term"].lower())
    return view.render("glossary.html", rows=rows, other=other)


def symbols(view: View) -> Markup:
    """The notation: every symbol of every cell, with the cells it stands in."""
    found: dict[tuple[str, ...], tuple[Record, list[str]]] = {}
    for name, cell in view.catalogue.cells.items():
        for symbol in cell["symbols"]:
            key = (symbol["name"], symbol["latex"], *symbol["shape"], view.words.meaning(symbol))
            found.setdefault(key, (symbol, []))[1].append(name)
    return view.render("notation.html", rows=list(found.values()))


def operations(view: View) -> Markup:
    """The operations of equations: how each is written, what it does, and where it has a derivative."""
    return view.render("operations.html", rows=view.catalogue.operations)


def inline(view: View, formula_id: str) -> Markup:
    """A formula's statement within a sentence."""
    record = view.catalogue.formula(formula_id)
    return view.inline(record["latex"], cell=record["cell"])


def symbol(view: View, cell: str, name: str) -> Markup:
    """One symbol within a sentence."""
    return view.inline(view.catalogue.symbol(cell, name)["latex"], cell=cell)


def term(view: View, key: str, *, words: str | None = None) -> Markup:
    """A word of the glossary, linked to it."""
    return Markup('<a class="term" href="{}">{}</a>').format(view.to_term(key), words or view.words.term(key))


def cite(view: View, key: str) -> Markup:
    """A reference, linked to the bibliography."""
    return view.cite(key)


def identifier(view: View, formula_id: str) -> Markup:
    """A formula's ID, linked to its page."""
    view.catalogue.formula(formula_id)
    return Markup('<a href="{}"><code>{}</code></a>').format(view.to_formula(formula_id), formula_id)


def notation(view: View, key: str) -> Markup:
    """A notation snippet of the derivations."""
    return view.inline(view.catalogue.notation(key))


Expand = Callable[..., Markup]
MANY = -1
# Name -> (function, number of arguments).
BLOCKS: dict[str, tuple[Expand, int]] = {
    "formula": (formula, MANY),
    "forward": (forward, 1),
    "backward": (backward, 1),
    "diagram": (draw, 1),
    "difference": (difference, 1),
    "derivations": (derivations, 1),
    "notebook": (notebook, 1),
    "steps": (steps, 1),
    "shapes": (shapes, 1),
    "parameters": (parameters, 1),
    "code": (listing, 1),
    "source": (source, 1),
    "cells": (cells, 0),
    "formulas": (formulas, 0),
    "summary": (summary, 0),
    "bibliography": (bibliography, 0),
    "glossary": (glossary, 0),
    "symbols": (symbols, 0),
    "operations": (operations, 0),
    "notations": (notation_table.notations, 0),
    "mutants": (measured.mutants, 0),
    "witnesses": (measured.witnesses, 0),
    "strength": (measured.strength, 0),
    "trusted": (measured.trusted, 0),
    "benchmarks": (performance.part, 1),
    "api": (api.overview, 0),
    "conventions": (conventions_tables.overview, 0),
    "convention": (conventions_tables.framework, 1),
}
INLINE: dict[str, tuple[Expand, int]] = {
    "inline": (inline, 1),
    "symbol": (symbol, 2),
    "term": (term, 1),
    "cite": (cite, 1),
    "id": (identifier, 1),
    "math": (notation, 1),
}
# What search should find on the page that holds it; formulas are found by their own pages.
SEARCHED = frozenset(
    {"source", "difference", "cells", "summary", "bibliography", "glossary", "api", "term", "cite", "id"}
    | {"conventions", "convention"}
)


def expand(view: View, marker: Marker) -> Markup:
    """The HTML of a marker.

    Raises `MarkerError`, `CatalogueError`, `WordsError`, `BibliographyError` or `ConventionsError`.
    """
    if marker.name in BLOCKS:
        if not marker.alone:
            raise MarkerError(f"{marker.name}: stands alone on its line")
        function, arity = BLOCKS[marker.name]
    elif marker.name in INLINE:
        function, arity = INLINE[marker.name]
    else:
        raise MarkerError(f"unknown marker {marker.name!r}; known: {', '.join(sorted(BLOCKS | INLINE))}")
    expected = "one or more arguments" if arity == MANY else f"{arity} argument{'' if arity == 1 else 's'}"
    if (not marker.args) if arity == MANY else (len(marker.args) != arity):
        raise MarkerError(f"{marker.name}: expected {expected}, got {len(marker.args)}")
    if marker.words is not None:
        if function is not term or not marker.words:
            raise MarkerError(f"{marker.name}: takes no words after |")
        return term(view, *marker.args, words=marker.words)
    return function(view, *marker.args)
