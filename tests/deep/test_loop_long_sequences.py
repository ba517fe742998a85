"""The tests of tests/fast/test_long_sequences.py, with every cell, by whichever loop it has."""

from tests.fast.test_long_sequences import *  # noqa: F403
