"""Every page names what may run in it: the policy holds for the scripts that stand there, and for no other."""

from __future__ import annotations

import base64
import doctest
import hashlib
from pathlib import Path

import pytest

from docs.hooks import policy
from docs.hooks.policy import CHARSET, PolicyError, of, put


def named(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def directive(html: str, name: str) -> list[str]:
    """The sources of one kind that a page's policy lets pass."""
    (found,) = [part.split()[1:] for part in of(html).split("; ") if part.split()[0] == name]
    return found


def test_examples_in_docstrings() -> None:
    assert doctest.testmod(policy).attempted == doctest.testmod(policy).failed + 1 == 1


def test_what_stands_in_a_page_is_named_by_its_digest() -> None:
    html = (
        "<script>\n one\r\n</script><SCRIPT async>two</script ><script src=a.js></script><script>two</script>"
        "<script type='module'>three</script><script type=application/json>{}</script><style>p{}</style>"
    )
    assert directive(html, "script-src") == ["'self'", named("\n one\n"), named("two"), named("three")]
    assert directive(html, "style-src-elem") == ["'self'", named("p{}")]
    assert directive(html, "default-src") == ["'none'"]


@pytest.mark.parametrize(
    "html",
    ['<p onclick="x()">', "<img src=x onerror=x()>", '<a href="javascript:x()">', "<A HREF=' JavaScript:x'>"],
)
def test_a_script_in_an_attribute_is_refused(html: str) -> None:
    with pytest.raises(PolicyError, match="no script in an attribute"):
        of(html)
    assert of("<p>one onclick=two</p> <a href='#on'>javascript:</a>")


def test_every_page_gets_its_policy_before_its_first_script(tmp_path: Path) -> None:
    (tmp_path / "zh").mkdir()
    for place in (tmp_path, tmp_path / "zh"):
        (place / "index.html").write_text(f"<head>{CHARSET}<script>1</script>", encoding="utf-8")
    put(tmp_path)
    for place in (tmp_path, tmp_path / "zh"):
        html = (place / "index.html").read_text(encoding="utf-8")
        assert html.startswith(
            f'<head>{CHARSET}<meta http-equiv="Content-Security-Policy" content="default-src'
        )
        assert named("1") in html


@pytest.mark.parametrize("html", ["<head><script>1</script>", f"<script>1</script>{CHARSET}", "<p>"])
def test_a_page_whose_script_comes_first_is_named(tmp_path: Path, html: str) -> None:
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    with pytest.raises(PolicyError, match=r"^page\.html: expected <meta charset"):
        put(tmp_path)
