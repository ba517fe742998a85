"""The tests of tests/arrays/test_arrays.py, with every cell."""

from tests.arrays.test_arrays import *  # noqa: F403
