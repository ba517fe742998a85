"""The site's address: the one setting that permalinks, citations and the sitemap follow."""

import os

SITE = os.environ.get("LSTMREF_SITE_URL", "https://lstmref.github.io/").rstrip("/") + "/"

_PREFIX = {"en": "", "zh": "zh/"}


def permalink(formula_id: str, language: str = "en") -> str:
    """The permanent page of a formula, e.g. ``https://…/f/lstm.backward.c/``.

    Raises:
        KeyError: the language is neither ``en`` nor ``zh``.
    """
    return f"{SITE}{_PREFIX[language]}f/{formula_id}/"
