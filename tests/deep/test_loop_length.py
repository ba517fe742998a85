"""The tests of tests/fast/test_length.py, with every cell, by whichever loop it has."""

from tests.fast.test_length import *  # noqa: F403
