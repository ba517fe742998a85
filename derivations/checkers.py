"""Runs what compares the formulas with numbers: the tests' own programs, in processes of their own.

Nothing of theirs is imported: the derivation shares no code with the reference, nor with the witnesses that others
wrote. They stand in the checkout, not in the package; what is not here is reported as not run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

Record = dict[str, Any]

AGREEMENT, STRENGTH, WITNESSES = "tests.agreement", "tests.strength", "tests.witnesses"
CHECKERS = (AGREEMENT, STRENGTH, WITNESSES)
OTHERS = ("numpy", "jax", "jaxlib", "onnx", "onnxruntime", "torch", "keras")


def run(checker: str, root: Path, say: Callable[[str], None]) -> Record | None:
    """What a checker reports, or None where it is not here or fails to report."""
    if not (root / checker.replace(".", "/") / "__main__.py").is_file():
        say(f"{checker} is not here: not run")
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        command = [sys.executable, "-m", checker, "--json", str(path)]
        ran = subprocess.run(
            command, cwd=root, capture_output=True, encoding="utf-8", errors="backslashreplace", check=False
        )
        if not path.is_file():
            say(f"{checker} failed:\n{ran.stdout}{ran.stderr}")
            return None
        found: Record = json.loads(path.read_text(encoding="utf-8"))
        return found


def installed() -> dict[str, str]:
    """Versions of the libraries that the checkers compare with, as far as they are installed."""
    found = {}
    for name in OTHERS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
