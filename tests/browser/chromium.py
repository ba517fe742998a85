"""Which Chromium the browser tests use, and which addresses a page of the site may ask."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from urllib.parse import urlsplit

ON_PATH = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",  # Chromium refuses to run as root with it, and containers are root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",  # nothing leaves this machine
]


def find_chromium(environment: Mapping[str, str], playwrights_own: str) -> str:
    """The path of the Chromium to use.

    Raises:
        LookupError: there is none; the message says where it was looked for.
    """
    path = environment.get("PATH", "")
    named = environment.get("LSTMREF_CHROMIUM", "")
    for name in [named] if named else ON_PATH:
        found = shutil.which(name, path=path)
        if found is not None:
            return found
    if named:
        raise LookupError(f"LSTMREF_CHROMIUM: expected a program that runs, got {named!r}")
    if os.access(playwrights_own, os.X_OK):
        return playwrights_own
    names = ", ".join(ON_PATH)
    raise LookupError(
        f"no Chromium: LSTMREF_CHROMIUM is not set, PATH has no {names}, playwright brought none"
    )


def foreign(address: str, site: str) -> bool:
    """Whether loading `address` leaves `site`: another scheme, host or port. Inline data does not."""
    there, here = urlsplit(address), urlsplit(site)
    return there.scheme not in ("about", "blob", "data") and there[:2] != here[:2]
