"""Each page says itself what a browser may load and run for it: a Content-Security-Policy in its head.

Static hosts let nobody set a header, so it is a `meta` element. A script that stands in a page is named by its digest;
nothing else in it runs, whatever finds its way into the text. KaTeX places glyphs by `style` attributes, which are let
pass; `style` elements are named by their digests as well.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Final

CHARSET: Final = '<meta charset="utf-8">'
_ELEMENT: Final = re.compile(r"<(script|style)\b([^>]*)>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE)
# JSON, for example, is data and no script.
_DATA: Final = re.compile(r'\btype="?(?!module|text/javascript)[\w/+-]+', re.IGNORECASE)
_SOURCE: Final = re.compile(r"\ssrc\s*=", re.IGNORECASE)
# What no digest can allow.
_FORBIDDEN: Final = re.compile(
    r"""<[a-z][^<>]*?\s(?:on[a-z]+\s*=|(?:href|src|action)\s*=\s*["']?\s*javascript:)[^<>]*>""", re.IGNORECASE
)


class PolicyError(ValueError):
    """A page that no policy can hold."""


def of(html: str) -> str:
    """The policy of a page: what belongs to the site, and the scripts and styles that stand in it.

    Raises PolicyError for a handler in an attribute or a `javascript:` address.

    >>> of("<script>1</script>").split("; ")[1]
    "script-src 'self' 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='"
    """
    if found := _FORBIDDEN.search(html):
        raise PolicyError(f"expected no script in an attribute, got {found[0][:200]}")
    inside: dict[str, dict[str, None]] = {"script": {}, "style": {}}
    for name, attributes, text in _ELEMENT.findall(html):
        if not _SOURCE.search(attributes) and not _DATA.search(attributes):
            inside[name.lower()][_digest(text)] = None
    scripts, styles = (" ".join(["'self'", *inside[name]]) for name in ("script", "style"))
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {scripts}",
            "style-src 'self' 'unsafe-inline'",  # for browsers that do not know the next two
            f"style-src-elem {styles}",
            "style-src-attr 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "worker-src 'self'",  # the search
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def put(site: Path) -> None:
    """Write its policy into every page of a built site; raises PolicyError that names the page."""
    for path in sorted(site.rglob("*.html")):
        html = path.read_bytes().decode()
        before, charset, after = html.partition(CHARSET)
        try:
            if not charset or _ELEMENT.search(before):
                raise PolicyError(f"expected {CHARSET} before every script")
            policy = f'<meta http-equiv="Content-Security-Policy" content="{of(html)}">'
        except PolicyError as error:
            raise PolicyError(f"{path.relative_to(site).as_posix()}: {error}") from None
        path.write_bytes(f"{before}{charset}{policy}{after}".encode())


def _digest(text: str) -> str:
    # HTML reads every end of line as \n.
    whole = hashlib.sha256(text.replace("\r\n", "\n").replace("\r", "\n").encode()).digest()
    return f"'sha256-{base64.b64encode(whole).decode()}'"
