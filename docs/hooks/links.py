"""Checks the built site: links lead to files, anchors exist, nothing loads from another host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

_TAG = re.compile(
    r"<(a|link|script|img|source|iframe|use|object|embed|audio|video|input|form)\b([^>]*)>", re.IGNORECASE
)
_ADDRESS = re.compile(r'\s(?:xlink:)?(href|src|srcset|data|action|poster)="([^"]*)"', re.IGNORECASE)
_ID = re.compile(r'\s(?:id|name)="([^"]+)"')
_CSS_URL = re.compile(r"url\(\s*['\"]?(?!data:|#)([^'\")]+)|@import\s+['\"]([^'\"]+)")
# Links that name an address and load nothing.
_NAMING = re.compile(r'\brel="(?:canonical|alternate|prev|next)"')


def check(site: Path) -> list[str]:
    """What is wrong, one line each: `page: link: reason`."""
    pages = {path: path.read_text(encoding="utf-8") for path in sorted(site.rglob("*.html"))}
    anchors = {path: {unescape(found) for found in _ID.findall(text)} for path, text in pages.items()}
    problems = [line for path, text in pages.items() for line in _page(site, path, text, anchors)]
    for path in sorted(site.rglob("*.css")):
        problems += _style(site, path)
    return problems


def _page(site: Path, path: Path, text: str, anchors: dict[Path, set[str]]) -> Iterator[str]:
    here = "/" + path.relative_to(site).as_posix()
    for tag, attributes in _TAG.findall(text):
        for kind, raw in _ADDRESS.findall(attributes):
            address = unescape(raw).strip()
            parts = urlsplit(address)
            if parts.scheme in ("mailto", "data", "javascript"):
                continue
            if parts.scheme or parts.netloc:
                if tag.lower() != "a" and not _NAMING.search(attributes):
                    yield f"{here}: {kind}={address}: loads from another host"
                continue
            if path.name == "404.html":
                continue  # is shown at any address, so its links are absolute
            if address.startswith("/"):
                yield f"{here}: {address}: expected a relative link, the site may lie below any address"
                continue
            yield from _target(site, here, address, anchors)


def _target(site: Path, here: str, address: str, anchors: dict[Path, set[str]]) -> Iterator[str]:
    parts = urlsplit(urljoin(here, address))
    target = site / unquote(parts.path).lstrip("/")
    if parts.path.endswith("/") or not parts.path:
        target /= "index.html"
    if not target.is_file():
        yield f"{here}: {address}: no such file"
    elif parts.fragment and target in anchors and unquote(parts.fragment) not in anchors[target]:
        yield f"{here}: {address}: no such anchor"


def _style(site: Path, path: Path) -> Iterator[str]:
    here = path.relative_to(site).as_posix()
    for found in _CSS_URL.findall(path.read_text(encoding="utf-8")):
        address = found[0] or found[1]
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            yield f"/{here}: {address}: loads from another host"
        elif not (path.parent / unquote(parts.path)).is_file():
            yield f"/{here}: {address}: no such file"
