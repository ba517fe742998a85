"""The tables on how strong the checks are, and that what the pages claim of them is what was measured."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from derivations.mutants.judge import CHECKS
from derivations.mutants.kinds import KINDS
from derivations.mutants.slips import PUBLISHED
from docs.hooks import bibliography, blocks, evidence, measured, words
from docs.hooks.catalogue import Catalogue
from docs.hooks.math import Batch
from docs.hooks.prose import Marker
from docs.hooks.view import Site, View
from tests.judges.strength.configurations import (
    CONFIGURATIONS,
    LAST_LOSS,
    LOOSE,
    NO_FINAL,
    STRONG,
    TINY,
    ZERO_STATE,
    combined,
)
from tests.judges.strength.gradient_check import GradientCheck
from tests.judges.witnesses.shown import names
from tests.site.fixture import BIBLIOGRAPHY, catalogue

DOCS = Path(blocks.__file__).parents[1]


def _text(tmp_path: Path, name: str, data: dict[str, Any] | None = None, language: str = "en") -> str:
    bib = tmp_path / "references.bib"
    bib.write_text(BIBLIOGRAPHY, encoding="utf-8")
    site = Site(
        Catalogue(data or catalogue()),
        words.load(DOCS, language),
        bibliography.load(bib),
        Batch(tmp_path / "c"),
    )
    html = str(blocks.expand(View(site, "method/"), Marker(name, (), None, 1, True)))
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)))


def test_mutants_are_counted_by_kind_cell_and_check(tmp_path: Path) -> None:
    text = _text(tmp_path, "mutants")
    assert "Not summed over time" in text
    assert "Elman network" in text
    assert "1,009 1,008 1 1 0" in text  # generated, caught, by shapes, equal, not caught
    assert "Unrolled proof, T = 1 5 2 1,001" in text  # refused, let pass, not judged
    assert "Shapes 1 1,007 0" in text
    assert "Equal to the formula, as the exact proof finds: rnn.forward.h/swap-gates/1" in text
    assert "Caught by no check" not in text
    assert "1009 1008 1 1 0" in _text(tmp_path, "mutants", language="zh")


def test_a_mutant_that_no_check_caught_is_named(tmp_path: Path) -> None:
    data = catalogue()
    data["mutants"]["survived"] = ["rnn.backward.h/flip-sign/1"]
    assert "Caught by no check: rnn.backward.h/flip-sign/1" in _text(tmp_path, "mutants", data)


def test_the_hardest_kinds_are_those_that_pass_most_often(tmp_path: Path) -> None:
    # 20 of 2 × 20 against 7 of 2 × 40; the strong check is not counted.
    assert "Not summed over time (50 %), Gates swapped (9 %)" in _text(tmp_path, "mutants")


def test_what_one_check_alone_catches_is_told(tmp_path: Path) -> None:
    data = catalogue()
    data["mutants"]["only-by"] = {"unrolled T=2": ["a", "b"]}
    text = _text(tmp_path, "mutants", data)
    assert "Caught by one check alone, Unrolled proof, T = 2: 2." in text
    assert "none is caught by one check alone" not in text


def test_gradient_checks_are_told_with_what_they_let_pass(tmp_path: Path) -> None:
    text = _text(tmp_path, "strength")
    assert "a relative error of 1e-7" in text
    assert "Strong nothing taken away 0 of 60 –" in text
    assert "One step T = 1 20 of 60 33 % Not summed over time 20 of 20" in text
    assert "Gates swapped 7 of 40" in text
    assert "rnn.backward.U One step 1 of 3 checks" in text


def test_programs_are_told_with_what_they_reached_or_that_they_did_not_run(tmp_path: Path) -> None:
    text = _text(tmp_path, "witnesses")
    count = len(catalogue()["formulas"])
    assert re.search(rf"JAX 0.10.2 .* checked {count} all cells 20 1e-12 float64 3e-15", text)
    assert re.search(r"PyTorch .* not run here .*No module named 'torch'", text)


def test_trusted_lines_are_those_of_the_source(tmp_path: Path) -> None:
    data = catalogue()
    text = _text(tmp_path, "trusted")
    total = sum(one["lines"] for one in data["trusted"]["decides"])
    assert f"derivations/prove/sums.py {_lines(data, 'sums.py')}" in text
    assert f"Total {total}" in text
    assert "fmpz_mpoly_ctx" in text


def _lines(data: dict[str, Any], name: str) -> int:
    return next(int(one["lines"]) for one in data["trusted"]["decides"] if one["file"].endswith(name))


@pytest.mark.parametrize("name", ["mutants", "strength"])
def test_what_did_not_run_in_a_build_says_so(tmp_path: Path, name: str) -> None:
    data = catalogue() | {name: None}
    assert _text(tmp_path, name, data).strip() == "Not run in this build."


@pytest.mark.parametrize("language", ["en", "zh"])
def test_all_that_is_measured_has_words(language: str) -> None:
    known = words.load(DOCS, language)
    for kind in KINDS:
        assert known.say(f"mutant-kinds.{kind}")
        assert known.say(f"mutant-examples.{kind}")
    for one in CONFIGURATIONS:
        assert measured.configuration(known, one.name)
        assert known.say(f"configuration-texts.{measured.key_of(one.name)}")
    for slip in PUBLISHED:
        assert known.say(f"slips.{slip.name}")
        assert known.say(f"slip-texts.{slip.name}")
    for name in names():
        assert name in evidence.PROGRAMS
        assert known.say(f"witness-texts.{name}")
    for check in CHECKS:
        assert measured.check_name(known, check)


# What method.md and ds.md say in words must be what the tables beside them show.


@pytest.fixture(scope="module")
def shown(repository: Path, built_site: Path) -> dict[str, Any]:
    """The catalogue that the site was built from."""
    assert built_site.is_dir()
    found: dict[str, Any] = json.loads((repository / "build" / "catalogue.json").read_text(encoding="utf-8"))
    return found


def _share(shown: dict[str, Any], name: str) -> float:
    kinds = shown["strength"]["table"][name].values()
    return float(sum(one["missed"] for one in kinds) / sum(one["applicable"] for one in kinds))


def _missed(shown: dict[str, Any], name: str, kind: str) -> float:
    one = shown["strength"]["table"][name][kind]
    return float(one["missed"] / one["applicable"])


def test_most_weaknesses_are_harmless_alone_and_some_hide_much_together(shown: dict[str, Any]) -> None:
    single = [c for c in shown["strength"]["configurations"] if "," not in c["name"]]
    weak = [c["name"] for c in single if c["name"] not in ("strong", "usual tutorial check")]
    harmless = [name for name in weak if _share(shown, name) < 0.01]
    assert len(harmless) > len(weak) / 2
    assert _share(shown, "usual tutorial check") > 1 / 3
    assert _share(shown, "strong") == 0


def test_what_each_piece_of_advice_says(shown: dict[str, Any]) -> None:
    assert _missed(shown, "T=1", "not-summed") == 1
    assert _share(shown, "batch 1") == 0
    assert shown["mutants"]["total"]["caught-by"]["shapes"] > 0
    # All but outer products that read nothing of the step before: the projection's, and the read-out's.
    hidden = shown["strength"]["table"]["T=1, zero initial state"]["transpose-outer"]
    assert hidden["applicable"] - hidden["missed"] == 3
    assert _missed(shown, "identical gates", "swap-gates") > 0.5
    assert _share(shown, "no final cotangents") == 0
    last = shown["strength"]["table"]["loss at the last step"].values()
    assert sum(row["missed"] for row in last) == 3
    assert _share(shown, "tiny weights") < 0.02
    assert _share(shown, "tolerance 1e-3") < 0.02
    assert 0.2 < _share(shown, "tiny weights, tolerance 1e-3") < 0.3


def test_a_dropped_ds_passes_one_step_only_without_a_cotangent_on_the_final_state(
    shown: dict[str, Any],
) -> None:
    slip = shown["strength"]["slips"]["memory-cotangent-dropped"]
    assert "T=1" in slip["caught"]
    assert "T=1, no final cotangents" in slip["missed"]


def test_a_dropped_ds_fails_two_steps_with_a_loss_on_the_last() -> None:
    slip = next(one for one in PUBLISHED if one.name == "memory-cotangent-dropped").broken()
    two = combined("two steps", replace(STRONG, T=2), LAST_LOSS, NO_FINAL)
    assert GradientCheck(slip.cell, two).catches(slip)


def test_a_missing_slope_of_tanh_passes_small_states_and_a_loose_tolerance_together() -> None:
    slip = next(one for one in PUBLISHED if one.name == "slope-of-tanh-missing").broken()
    parts = {"tiny": TINY, "loose": LOOSE, "zero": ZERO_STATE}
    assert not GradientCheck(slip.cell, combined("all", *parts.values())).catches(slip)
    for left_out in parts:
        two = combined("two of three", *(part for name, part in parts.items() if name != left_out))
        assert GradientCheck(slip.cell, two).catches(slip), left_out


def test_the_first_steps_term_hides_behind_a_zero_state(shown: dict[str, Any]) -> None:
    slip = shown["strength"]["slips"]["first-step-left-out-lstm"]
    assert "zero initial state" in slip["missed"]
    assert "strong" in slip["caught"]


def test_the_unrolled_proof_needs_two_steps(shown: dict[str, Any]) -> None:
    missed = shown["mutants"]["total"]["missed-by"]
    assert set(missed) == {"agreement", "unrolled T=1"}
    kinds = {name for name, row in shown["mutants"]["kinds"].items() if row["missed-by"].get("unrolled T=1")}
    assert kinds == {"not-summed", "overwritten"}


def test_numbers_miss_only_what_has_the_same_value(shown: dict[str, Any]) -> None:
    """[h̄ > 0] twice, [h > 0] for [h̄ > 0], and f (1 − f) for i (1 − i) where f = 1 − i: equal, and not the same."""
    found = shown["mutants"]["formulas"].items()
    missed = {name: row["missed-by"]["agreement"] for name, row in found if "agreement" in row["missed-by"]}
    assert missed == {"indrnn.backward.h_bar": 2, "lstm-coupled.backward.i_bar": 1}


def test_jax_speaks_of_every_formula_but_the_counts(shown: dict[str, Any]) -> None:
    if shown["witnesses"].get("jax", {}).get("outcome") != "checked":
        pytest.skip("JAX did not run in this build")
    silent = {
        formula["id"]
        for formula in shown["formulas"]
        if not any(item.get("name") == "jax" for item in formula["evidence"])
    }
    assert silent == {formula["id"] for formula in shown["formulas"] if formula["pass"] == "count"}
