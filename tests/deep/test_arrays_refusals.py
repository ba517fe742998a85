"""The tests of tests/arrays/test_refusals.py, with every cell."""

from tests.arrays.test_refusals import *  # noqa: F403
