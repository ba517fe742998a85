"""References: read with a BibTeX library, shown in both languages, refused when malformed."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.hooks.bibliography import BibliographyError, load


def _load(tmp_path: Path, text: str):  # type: ignore[no-untyped-def]
    path = tmp_path / "references.bib"
    path.write_text(text, encoding="utf-8")
    return load(path)


GERS = r"""@article{gers2000,
  author = {Gers, Felix A. and Schmidhuber, J{\"u}rgen and Cummins, Fred},
  title = {Learning to Forget: Continual Prediction with {LSTM}},
  journal = {Neural Computation}, volume = {12}, number = {10}, pages = {2451--2471}, year = 2000,
  doi = {10.1162/089976600300015015}
}
"""


def test_an_article(tmp_path: Path) -> None:
    reference = _load(tmp_path, GERS).get("gers2000")
    assert reference.authors == ["Felix A. Gers", "Jürgen Schmidhuber", "Fred Cummins"]
    assert reference.fields["title"] == "Learning to Forget: Continual Prediction with LSTM"
    assert reference.venue == "Neural Computation 12 (10), 2451–2471"
    assert reference.url == "https://doi.org/10.1162/089976600300015015"
    assert reference.short("en") == "Gers et al. (2000)"
    assert reference.short("zh") == "Gers 等（2000）"


def test_two_authors_and_an_organisation(tmp_path: Path) -> None:
    text = """@misc{a, author = {Author, An and Other, Bo}, title = {T}, year = {1999}, url = {https://e.org/a_b%20c~d}}
@misc{b, author = {{Fish and Chips}}, title = {U}}"""
    found = _load(tmp_path, text)
    assert found.get("a").short("en") == "Author and Other (1999)"
    assert found.get("a").short("zh") == "Author 和 Other（1999）"
    assert found.get("a").url == "https://e.org/a_b%20c~d"
    assert found.get("b").short("en") == "Fish and Chips"


def test_an_unknown_key_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(BibliographyError, match=r"unknown reference 'gers'.*gers2000"):
        _load(tmp_path, GERS).get("gers")


@pytest.mark.parametrize(
    "text", [GERS + GERS, "@article{a, title = {open", "@article{a, title = {x}, title = {y}}"]
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BibliographyError, match="cannot be parsed at line"):
        _load(tmp_path, text)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BibliographyError, match=r"references\.bib: not found"):
        load(tmp_path / "references.bib")


def test_the_projects_own_bibliography(repository: Path) -> None:
    references = list(load(repository / "references.bib"))
    assert references
    for reference in references:
        assert reference.fields.get("title"), reference.key
        assert reference.names, reference.key
