"""Gives the programs that bear witness, as tests/witnesses does: skipped, with the reason, where not there."""

from tests.witnesses.conftest import program

__all__ = ["program"]
