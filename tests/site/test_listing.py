"""The NumPy step on a cell's page: every name it uses is an argument or was computed above."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from docs.hooks import catalogue, listing
from docs.hooks.catalogue import Catalogue
from tests.site import fixture


def unknown_names(source: str) -> set[str]:
    """The names that a function of straight lines reads before it has them."""
    *_, function = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    helpers = {node.name for node in ast.parse(source).body[:-1] if isinstance(node, ast.FunctionDef)}
    known = {argument.arg for argument in function.args.args} | helpers | {"np"}
    unknown: set[str] = set()
    for statement in function.body:
        names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
        unknown |= {name.id for name in names if isinstance(name.ctx, ast.Load)} - known
        known |= {name.id for name in names if isinstance(name.ctx, ast.Store)}
    return unknown


def test_the_check_can_fail() -> None:
    assert unknown_names("def f(a):\n    b = a + c\n    c = b\n    return d") == {"c", "d"}


def test_the_small_cell() -> None:
    small = Catalogue(fixture.catalogue())
    assert listing.forward(small, "rnn") == (
        "import numpy as np\n\n\n"
        "def forward(x, h_prev, W, U, b):\n"
        "    h = np.tanh(W @ x + U @ h_prev + b)\n"
        "    return h"
    )
    backward = listing.backward(small, "rnn")
    assert backward.startswith("def backward(dh_loss, dh_next, ")
    assert backward.endswith("return dx, dh_prev, dW_t, dU_t, db_t")
    assert "sum(" not in backward


@pytest.mark.parametrize("kind", ["forward", "backward"])
def test_every_cell_of_the_site(built_site: Path, repository: Path, kind: str) -> None:
    assert built_site.is_dir()
    real = catalogue.load(repository / "build" / "catalogue.json")
    for name, cell in real.cells.items():
        source = getattr(listing, kind)(real, name)
        assert unknown_names(source) == set(), f"{name}:\n{source}"
        statements = source.count("\n    ")
        assert statements > len(cell["forward"]), f"{name}:\n{source}"


def test_long_argument_lists_are_broken() -> None:
    small = fixture.catalogue()
    small["cells"][0]["parameters"] = [f"W_{n}" for n in range(40)]
    source = listing.forward(Catalogue(small), "rnn")
    assert max(map(len, source.splitlines())) <= 78
    *_, function = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    assert len(function.args.args) == 42
