"""What `make derive` has proved of every cell: nothing is proved twice, but that it was proved is looked up here.

The evidence in build/ must be about this very code. It says of each formula which proofs it has, how close the numbers
come, and how many broken forms of it were tried; here it is said what of that a cell must have.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from derivations.cells import cells
from derivations.checkers import CHECKERS
from derivations.derive.catalogue import of_cell
from derivations.prove.unrolled import horizons, sizes_of
from derivations.record import keys
from derivations.record.evidence import Record
from derivations.record.gather import MUTANTS, PROOFS
from derivations.record.store import Kept, Store
from derivations.verify import BUILD, KEPT

FEWEST = 50  # broken forms of a cell's formulas; the smallest cell has more


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise by discovery, so that no test can forget a cell."""
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", list(cells()), scope="module")


@pytest.fixture(scope="module")
def kept(name: str) -> Kept:
    """What is kept of a cell."""
    found = Store(BUILD / KEPT).load(name)
    assert not found.damaged, f"build/{KEPT}/{name}.json is damaged; `make derive` makes it again"
    return found


def part(kept: Kept, name: str, key: str) -> Record:
    """One part of what is kept, which must be about this very code."""
    found: Record | None = kept.get(name, key)
    assert found is not None, f"{kept.cell}: no {name} about this code in build/{KEPT}; run `make derive`"
    return found


@pytest.fixture(scope="module")
def verdicts(kept: Kept, name: str) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = part(kept, PROOFS, keys.of_proofs(name))["formulas"]
    return found


def test_every_formula_is_proved_for_all_sizes_and_unrolled(
    name: str, verdicts: dict[str, list[Record]]
) -> None:
    derived = {f.id for f in of_cell(name) if f.pass_ != "forward"}
    assert set(verdicts) == derived
    assert {i: v["reason"] for i, said in verdicts.items() for v in said if v["outcome"] != "proved"} == {}
    for said in verdicts.values():
        assert [v["method"] for v in said] == ["all-sizes", *["unrolled"] * len(horizons(cells()[name]))]
        assert [v["coverage"]["T"] for v in said[1:]] == list(horizons(cells()[name]))


def test_the_unrolled_proof_covers_every_entry(name: str, verdicts: dict[str, list[Record]]) -> None:
    """Sizes that all differ; of a quantity every entry at every step, of a parameter every entry."""
    sizes = sizes_of(cells()[name])
    assert len(set(sizes.values())) == len(sizes)
    assert min(sizes.values()) >= 2

    def entries(shape: tuple[Any, ...]) -> int:
        rows, columns = (sizes.get(str(n), 1) for n in shape)
        return rows * columns

    for f in of_cell(name):
        if f.pass_ != "backward":
            continue
        once = f.left.key.anchor in ("", "1")
        for v in verdicts[f.id][1:]:
            assert {letter: v["coverage"][letter] for letter in sizes} == sizes
            assert v["coverage"]["entries"] == entries(f.left.shape) * (1 if once else v["coverage"]["T"]), (
                f.id
            )


def test_no_mutant_survives(name: str, kept: Kept) -> None:
    refused = part(kept, MUTANTS, keys.of_mutants(name))["checks"]
    assert set(refused) == {"all-sizes", "unrolled T=1", "unrolled T=2"}
    summary = kept.parts["summary"]["found"]
    total = summary["cells"][name]
    assert summary["survived"] == []
    assert total["not-judged"] == 0
    assert total["generated"] == total["caught"] + total["equivalent"] >= FEWEST
    assert set(summary["formulas"]) == {f.id for f in of_cell(name)}
    # Exactly equal, in another order of factors, is the most that may be left; and few are.
    assert total["equivalent"] <= total["generated"] / 50, summary["equivalent"]


def test_the_numbers_agree(name: str, kept: Kept, repository: Path) -> None:
    """The reference of the same name, and mutants judged by it; the programs of others in so far as they ran."""
    found = {c.name: part(kept, c.name, keys.of_numbers(c, name, repository)) for c in CHECKERS}
    about = found["agreement"]["formulas"]
    assert set(about) == {f.id for f in of_cell(name)}
    assert {i: r.get("reason") for i, r in about.items() if r["outcome"] != "checked"} == {}
    assert all(r["worst"] <= r["tolerance"] and r["against"] for r in about.values())
    strong = [i for i, m in found["strength"]["mutants"].items() if "strong" in (m["missed"] or [])]
    assert strong == []
    for program, witness in found["witnesses"]["witnesses"].items():
        assert witness["outcome"] != "refuted", f"{program}: {witness['reason']}"
