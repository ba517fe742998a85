"""One language's MkDocs build: `python -m docs.hooks.language mkdocs.yml FOLDER`, a process of its own."""

from __future__ import annotations

import logging
import sys
import tempfile
from pathlib import Path

import jieba
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort, BuildError, ConfigurationError

from derivations import console
from docs.hooks.api_modules import ApiError
from docs.hooks.math import MathError


class _Lines(logging.Formatter):
    """Each line of the log with its level, and the language it comes from."""

    def __init__(self, prefix: str) -> None:
        super().__init__(f"%(levelname)s {prefix}: %(message)s")


def main(arguments: list[str]) -> int:
    """Build the site of one configuration into a folder; 0 when there was no warning."""
    name, folder = arguments
    log = logging.getLogger("mkdocs")
    log.setLevel(logging.WARNING)
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines(Path(name).name))
    log.addHandler(handler)
    # It tells how long its dictionary took to load, and that its cache could not be written, which is no loss.
    jieba.setLogLevel(logging.CRITICAL)
    config = load_config(name, site_dir=folder)
    config.plugins.on_startup(command="build", dirty=False)
    try:
        with tempfile.TemporaryDirectory() as dictionary:
            jieba.dt.tmp_dir = (
                dictionary  # else it believes what it finds under its name where all users write
            )
            build(config)
    except (Abort, ApiError, BuildError, ConfigurationError, MathError) as error:
        # Abort is a SystemExit in MkDocs: it must not end quietly.
        print(f"{Path(name).name}: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{Path(name).name}: {console.reason(error)}", file=sys.stderr)
        return 1
    finally:
        config.plugins.on_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
