"""The link checker finds each kind of broken link, and passes a sound site."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.hooks.links import check


def _site(root: Path, body: str, css: str = "") -> Path:
    (root / "a").mkdir(parents=True)
    (root / "index.html").write_text(f"<html><head></head><body>{body}</body></html>", encoding="utf-8")
    (root / "a" / "index.html").write_text('<h2 id="反向">x</h2><a href="..">up</a>', encoding="utf-8")
    (root / "site.css").write_text(css, encoding="utf-8")
    (root / "x.png").write_bytes(b"")
    return root


@pytest.mark.parametrize(
    "body",
    [
        '<a href="a/">a</a>',
        '<a href="a/#%E5%8F%8D%E5%90%91">a</a>',
        '<a href="a/index.html?q=1">a</a>',
        '<a href="https://example.org/">out</a>',
        '<a href="mailto:a@example.org">mail</a>',
        '<link rel="canonical" href="https://example.org/">',
        '<img src="x.png"><script src="site.css"></script>',
        '<p id="here"></p><a href="#here">here</a>',
    ],
)
def test_sound_links_pass(tmp_path: Path, body: str) -> None:
    assert check(_site(tmp_path, body, "a { background: url(x.png) }")) == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('<a href="b/">b</a>', "no such file"),
        ('<a href="a/b.html">b</a>', "no such file"),
        ('<a href="a/#forward">a</a>', "no such anchor"),
        ('<a href="#there">there</a>', "no such anchor"),
        ('<a href="/a/">a</a>', "expected a relative link"),
        ('<img src="y.png">', "no such file"),
        ('<img alt="" src="https://example.org/x.png">', "another host"),
        ('<script src="//example.org/x.js"></script>', "another host"),
        ('<link rel="stylesheet" href="https://example.org/x.css">', "another host"),
        ('<form action="https://example.org/"></form>', "another host"),
    ],
)
def test_broken_links_are_found(tmp_path: Path, body: str, reason: str) -> None:
    (problem,) = check(_site(tmp_path, body))
    assert problem.startswith("/index.html: ")
    assert reason in problem


@pytest.mark.parametrize(
    "css",
    [
        "@font-face { src: url(https://example.org/x.woff2) }",
        '@import "https://example.org/x.css";',
        "a { background: url('y.png') }",
    ],
)
def test_style_sheets_are_read_too(tmp_path: Path, css: str) -> None:
    (problem,) = check(_site(tmp_path, "", css))
    assert problem.startswith("/site.css: ")
