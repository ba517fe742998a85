"""What is being cited: the version and the day it was released."""

from importlib.metadata import PackageNotFoundError, version

NAME = "lstmref"
AUTHOR = "lstmref maintainers"
RELEASED = "2026-11-21"

try:
    VERSION = version(NAME)
except PackageNotFoundError as missing:
    raise ImportError(
        "lstmref is not installed here: run `make setup`, or `pip install -e .` in the checkout"
    ) from missing
