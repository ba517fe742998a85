"""Where the command line meets a terminal: arguments of any content come in, streams of any encoding carry text out."""

from __future__ import annotations

import argparse
import codecs
import json
import os
import sys
import unicodedata
from collections.abc import Sequence
from contextlib import suppress

LONGEST = 4096  # characters of one argument: as long as a path may be
# Controls, marks that turn the direction of writing, separators of lines: they act on a terminal, or hide on it.
ACTING = frozenset({"Cc", "Cf", "Zl", "Zp"})


def arguments(parser: argparse.ArgumentParser, given: Sequence[str] | None) -> list[str]:
    """The arguments to parse, `sys.argv`'s where None is given; ends the program, with 2, if one cannot be echoed.

    Errors repeat what was typed. So a control character or a megabyte is refused here, once for all of them.
    """
    found = sys.argv[1:] if given is None else list(given)
    for place, one in enumerate(found, 1):
        if len(one) > LONGEST or any(unicodedata.category(letter) in ACTING for letter in one):
            begins = ascii(one[:40])
            parser.error(
                f"argument {place}: expected at most {LONGEST} characters, none of them a control character, "
                f"got {len(one)} that begin with {begins}"
            )
    return found


def name(text: str) -> str:
    """The type of an argument that names something: an empty one is not the same as none."""
    if not text.strip():
        raise argparse.ArgumentTypeError(f"expected a name, got {text!r}")
    return text


def never_fail_to_encode() -> None:
    """From here on what a stream's encoding lacks is written as an escape, such as \\u2202, on stdout as on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def say(text: str, escapes: str = "backslashreplace") -> None:
    """Print `text`; what the encoding of stdout lacks is escaped as a reader of this format expects it.

    escapes: a codec's error handler, `xmlcharrefreplace` for MathML, `JSON` for JSON, where \\xb7 is no escape.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(text.encode(encoding, escapes).decode(encoding))


def flush() -> None:
    """Write out what was printed, so that a full disk or a closed pipe shows now and not after the exit status."""
    if sys.stdout is not None:
        sys.stdout.flush()


def reason(error: OSError) -> str:
    """In one sentence what the system refused: a full disk, a folder that cannot be written to."""
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"


def abandon_output() -> None:
    """What is still to be written goes nowhere: else Python tries once more on its way out, and fails again."""
    # stdout may be closed, or no file.
    with suppress(AttributeError, OSError), open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _json_escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


codecs.register_error("JSON", _json_escape)
