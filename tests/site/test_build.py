"""The whole build, on a small tree: what stops it, what it leaves alone, the same bytes twice."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from docs.hooks import fingerprint, swap
from docs.hooks.build import SiteError, build
from docs.hooks.paths import ROOT
from tests.site import fixture


def _digest(site: Path) -> dict[str, str]:
    return {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(site.rglob("*"))
        if path.is_file()
    }


def _copy(tree: Path, to: Path) -> Path:
    return Path(shutil.copytree(tree, to / "tree", symlinks=True))


def test_both_languages_have_every_page(tree: Path) -> None:
    site = tree / "site"
    ids = [formula["id"] for formula in fixture.catalogue()["formulas"]]
    for folder in (site, site / "zh"):
        for formula_id in ids:
            assert (folder / "f" / formula_id / "index.html").is_file()
        assert (folder / "cells" / "rnn" / "index.html").is_file()
        assert (folder / "404.html").is_file()
    for formula_id in ids:
        assert (site / "f" / formula_id / "formula.json").is_file()
    assert '<html lang="zh"' in (site / "zh" / "index.html").read_text(encoding="utf-8")
    assert '<html lang="en"' in (site / "index.html").read_text(encoding="utf-8")


def test_nothing_changed_is_quick_and_touches_nothing(tree: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (tree / "site").rglob("*")}
    assert not build(tree / "site", tree)
    assert {path: path.stat().st_mtime_ns for path in (tree / "site").rglob("*")} == before


def test_two_builds_give_the_same_bytes(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")  # a date in the surroundings does not show
    assert build(tmp_path / "again", tree)
    assert _digest(tmp_path / "again") == _digest(tree / "site")


def test_a_damaged_or_outdated_site_is_not_current(tree: Path, tmp_path: Path) -> None:
    stamp = fingerprint.of_inputs(tree)
    assert fingerprint.is_current(tree / "site", stamp)
    assert not fingerprint.is_current(tree / "site", stamp[::-1])
    assert not fingerprint.is_current(tmp_path, stamp)
    root = _copy(tree, tmp_path)
    (root / "site" / "f" / "rnn.forward.h" / "index.html").unlink()
    assert not fingerprint.is_current(root / "site", stamp)


def _at_equal_size(site: Path) -> None:
    page = site / "f" / "rnn.forward.h" / "index.html"
    page.write_bytes(page.read_bytes().swapcase())


def _exchanged(site: Path) -> None:
    one, other = (site / "f" / name / "index.html" for name in ("rnn.forward.h", "rnn.backward.h"))
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def _linked(site: Path) -> None:
    page = site / "index.html"
    page.rename(site.parent / "elsewhere.html")
    page.symlink_to(site.parent / "elsewhere.html")


def _note(content: bytes) -> Callable[[Path], None]:
    def change(site: Path) -> None:
        (site / fingerprint.NAME).write_bytes(content)

    return change


SPOILS: dict[str, Callable[[Path], None]] = {
    "a page changed at equal size": _at_equal_size,
    "two pages exchanged": _exchanged,
    "a page that lies elsewhere": _linked,
    "a file more": lambda site: (site / "more.txt").touch(),
    "a second note": lambda site: (site / "zh" / fingerprint.NAME).touch(),
    "a note that is not UTF-8": _note(b"\xff\xfe{}"),
    "a note nested beyond reading": _note(b"[" * 200_000),
    "a note that is no note": _note(b"[1]"),
    "no note": lambda site: (site / fingerprint.NAME).unlink(),
}


@pytest.mark.parametrize("name", SPOILS)
def test_a_site_that_somebody_changed_is_not_current(tree: Path, tmp_path: Path, name: str) -> None:
    root = _copy(tree, tmp_path)
    assert fingerprint.is_current(root / "site", fingerprint.of_inputs(root))
    SPOILS[name](root / "site")
    assert not fingerprint.is_current(root / "site", fingerprint.of_inputs(root))


def test_who_has_waited_for_another_build_does_not_repeat_it(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = _copy(tree, tmp_path)
    site, finished, alone = root / "site", root / "finished", swap.alone
    site.rename(finished)

    @contextmanager
    def another_was_first(place: Path) -> Iterator[None]:
        with alone(place):
            finished.rename(site)
            yield

    monkeypatch.setattr(swap, "alone", another_was_first)
    monkeypatch.setattr("docs.hooks.build._prepare", lambda _: pytest.fail("built once more"))
    assert not build(site, root)


# As `make build` runs, on a small tree, with a limit to the size of a file, which fails writes as a full disk does.
LIMITED = """
import resource, sys
from pathlib import Path
from docs.hooks import build
root, whole = Path(sys.argv[1]), build.build
build.build = lambda out: whole(out, root)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
sys.exit(build.main(["--out", sys.argv[2]]))
"""


def _limited(root: Path, out: Path, most: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LIMITED, str(root), str(out), str(most)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


FULL = {0: "No usable temporary directory found", 20_000: "File too large", 300_000: "File too large"}


@pytest.mark.parametrize("most", FULL)
def test_a_full_disk_is_said_and_leaves_the_old_site(tree: Path, tmp_path: Path, most: int) -> None:
    root = _copy(tree, tmp_path)
    _append("en/cite.md", "\nNew.\n")(root)
    before = _digest(root)
    done = _limited(root, root / "site", most)
    assert done.returncode == 1
    assert FULL[most] in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stderr.endswith("The site was not built.\n")
    assert _digest(root) == before | {".site.lock": hashlib.sha256(b"").hexdigest()}
    assert not list(root.glob(".site.*.*"))


def test_a_folder_that_cannot_be_written_to_is_said(tree: Path) -> None:
    done = _limited(tree, Path("/proc/lstmref/site"), 2**30)
    assert done.returncode == 1
    assert re.fullmatch(r"/proc/lstmref\S*: [\w ]+\nThe site was not built.\n", done.stderr)


@pytest.mark.parametrize(
    "name",
    ["docs/en/cite.md", "docs/glossary.yml", "build/catalogue.json", "mkdocs.zh.yml", "references.bib"],
)
def test_every_input_counts(tree: Path, tmp_path: Path, name: str) -> None:
    root = _copy(tree, tmp_path)
    before = fingerprint.of_inputs(root)
    (root / name).write_text((root / name).read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert fingerprint.of_inputs(root) != before


def _append(name: str, text: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        path = root / "docs" / name
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")

    return change


def _remove(name: str) -> Callable[[Path], None]:
    return lambda root: (root / "docs" / name).unlink()


def _formula(data: fixture.Record, formula_id: str) -> fixture.Record:
    return next(formula for formula in data["formulas"] if formula["id"] == formula_id)


def _not_passing(root: Path) -> None:
    data = fixture.catalogue()
    _formula(data, "rnn.backward.h")["passing"] = False
    fixture.write_catalogue(root, data)


def _bad_tex(root: Path) -> None:
    data = fixture.catalogue()
    _formula(data, "rnn.backward.h")["display"] = r"\frac{a}"
    fixture.write_catalogue(root, data)


def _new_cell(root: Path) -> None:
    data = fixture.catalogue()
    data["cells"].append(data["cells"][0] | {"name": "mgu"})
    fixture.write_catalogue(root, data)


def _new_page(root: Path) -> None:
    for language in ("en", "zh"):
        text = "---\ntitle: New\ndescription: New.\n---\n\n# New\n"
        (root / "docs" / language / "new.md").write_text(text, encoding="utf-8")


def _no_description(root: Path) -> None:
    path = root / "docs" / "en" / "cite.md"
    path.write_text(path.read_text(encoding="utf-8").replace("description", "subject"), encoding="utf-8")


BREAKS: dict[str, tuple[Callable[[Path], None], str]] = {
    "unknown ID": (
        _append("en/cite.md", "\n{{formula rnn.backward.hh}}\n"),
        "docs/en/cite.md:12: {{formula rnn.backward.hh}}: unknown formula 'rnn.backward.hh'; nearest: rnn.b",
    ),
    "unknown term": (_append("en/cite.md", "\nA {{term forget}}.\n"), "docs/en/cite.md:12: {{term forget}}"),
    "unknown marker": (_append("en/cite.md", "\nA {{terms forget-gate}}.\n"), "unknown marker 'terms'"),
    "unknown reference": (_append("en/cite.md", "\nA {{cite elman}}.\n"), "unknown reference 'elman'"),
    "raw math": (_append("en/cite.md", "\nIt is $x$.\n"), "docs/en/cite.md:12: raw math '$' in prose"),
    "marker in one language": (
        _append("en/cite.md", "\n{{inline rnn.forward.h}}\n"),
        "docs/en/cite.md:12: {{inline rnn.forward.h}}: 1 times here, 0 times in docs/zh/cite.md",
    ),
    "page in one language": (_remove("zh/cite.md"), "docs/zh/cite.md:1: missing"),
    "no passing evidence": (_not_passing, "rnn.backward.h: has no passing evidence"),
    "TeX that KaTeX refuses": (_bad_tex, r"\\frac{a}"),
    "cell without a page": (_new_cell, "docs/en/cells/mgu.md:1: missing: the catalogue has a cell 'mgu'"),
    "page outside the navigation": (_new_page, "new.md"),
    "link to no page": (_append("en/cite.md", "\n[there](there.md)\n"), "there.md"),
    "no description": (_no_description, "front matter: expected description"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_breaks_a_rule_fails_the_build(tree: Path, tmp_path: Path, name: str) -> None:
    """English alone is built, for speed: both languages run the same program."""
    root = _copy(tree, tmp_path)
    change, says = BREAKS[name]
    change(root)
    done = subprocess.run(
        [sys.executable, "-m", "docs.hooks.language", str(root / "mkdocs.yml"), str(tmp_path / "out")],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert says in done.stdout + done.stderr


def test_a_failing_build_leaves_the_old_site_and_shows_all_problems(tree: Path, tmp_path: Path) -> None:
    root = _copy(tree, tmp_path)
    before = _digest(root / "site")
    _append("en/cite.md", "\n{{formula nothing}}\n")(root)
    _append("zh/formulas.md", "\n{{formula rnn.forward.hh}} $x$\n")(root)
    with pytest.raises(SiteError) as raised:
        build(root / "site", root)
    said = str(raised.value)
    assert "docs/en/cite.md:12: {{formula nothing}}" in said
    assert "docs/zh/formulas.md:12: {{formula rnn.forward.hh}}" in said
    assert "docs/zh/formulas.md:12: raw math" in said
    assert _digest(root / "site") == before
    assert not list(root.glob(".site.new.*"))


def test_a_broken_anchor_fails_the_build(tree: Path, tmp_path: Path) -> None:
    root = _copy(tree, tmp_path)
    for language in ("en", "zh"):
        _append(f"{language}/cite.md", "\n[x](glossary.md#no-such-term)\n")(root)
    with pytest.raises(SiteError, match=r"glossary/#no-such-term: no such anchor"):
        build(root / "site", root)


def test_a_new_cell_page_is_in_the_navigation_once(tree: Path) -> None:
    text = (tree / "site" / "index.html").read_text(encoding="utf-8")
    assert text.count('href="cells/rnn/" class="md-nav__link"') == 1
